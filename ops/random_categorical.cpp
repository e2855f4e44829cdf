#include <sluice/graph/op.h>
#include <sluice/kernels/threads.h>
#include <sluice/ops/philox.h>
#include <sluice/ops/random.h>
#include <sluice/ops/random_key.h>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace sluice::random {

namespace {

/// Draws by inverting the cumulative distribution: one 53-bit number per draw and no temporary memory, where
/// the Gumbel trick would take a random number per logit.
class Categorical final : public Op {
 public:
  explicit Categorical(Index axis) : axis_(axis) {}

  std::string_view name() const override { return "random::categorical"; }
  Takes takes() const override { return {.operands = 2}; }
  void members(Attributes& a) const override { a("axis", axis_); }

  Specs infer(std::span<const Spec> inputs) const override {
    require_key(inputs[0], name());
    const Spec& logits = inputs[1];
    if (!is_floating(logits.dtype)) {
      throw ShapeError(
          fmt::format("[{}] the logits must be f32 or f64: got {}; cast them", name(), logits.text()));
    }
    const Index axis = normal_axis(axis_, logits.shape.rank(), name());
    if (logits.shape[axis] == 0) {
      throw ShapeError(fmt::format(
          "[{}] there must be something to draw: got {}, whose axis {} has length 0; give at least one logit",
          name(), logits.text(), axis));
    }
    return {{DType::int32, logits.shape.erased(axis)}};
  }

  void run(std::span<const View> inputs, std::span<const MutableView> outputs) const override {
    const Stream stream(inputs[0].as<std::int32_t>(), Purpose::categorical);
    const Shape& shape = inputs[1].shape();
    const Index axis = normal_axis(axis_, shape.rank(), name());
    const Index choices = shape[axis];
    Index stride = 1;
    for (Index inner = axis + 1; inner < shape.rank(); ++inner) stride *= shape[inner];
    auto* drawn = outputs[0].as<std::int32_t>();
    with_type(inputs[1].spec.dtype, [&](auto type) {
      const auto* logits = inputs[1].as<decltype(type)>();
      kernels::parallel_for(outputs[0].size(), std::max<Index>(1, 4096 / choices),
                            [&](Index begin, Index end) {
                              for (Index i = begin; i < end; ++i) {
                                const auto words = stream.block(static_cast<std::uint64_t>(i));
                                const auto* row = logits + i / stride * stride * choices + i % stride;
                                drawn[i] = draw(row, choices, stride, unit_double(words[0], words[1]));
                              }
                            });
    });
  }

 private:
  template <class T>
  std::int32_t draw(const T* logits, Index choices, Index stride, double unit) const {
    double largest = -HUGE_VAL;
    bool valid = true;
    for (Index i = 0; i < choices; ++i) {
      const double logit = static_cast<double>(logits[i * stride]);
      largest = std::max(largest, logit);
      valid = valid && logit < HUGE_VAL;  // false for NaN, too
    }
    if (!valid || largest == -HUGE_VAL) {
      throw Error(
          fmt::format("[{}] logits must be below infinity and one of them finite: got {}; look for NaN where "
                      "they are computed",
                      name(), valid ? "minus infinity only" : "NaN or infinity"));
    }
    const auto weight = [&](Index i) { return std::exp(static_cast<double>(logits[i * stride]) - largest); };
    double total = 0;
    for (Index i = 0; i < choices; ++i) total += weight(i);
    const double target = unit * total;
    double sum = 0;
    Index last_possible = 0;
    for (Index i = 0; i < choices; ++i) {
      const double w = weight(i);
      if (w == 0) continue;
      sum += w;
      last_possible = i;
      if (target < sum) break;
    }
    return static_cast<std::int32_t>(last_possible);
  }

  const Index axis_;
};

}  // namespace

Tensor categorical(const Operand& key, const Operand& logits, Index axis) {
  const detail::Call call("random::categorical", key.where());
  return make(std::make_shared<Categorical>(axis), {key.tensor(DType::int32), logits.tensor()}, key.where());
}

}  // namespace sluice::random
