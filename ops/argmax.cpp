#include <sluice/graph/call.h>
#include <sluice/kernels/threads.h>
#include <sluice/ops/along_axis.h>
#include <sluice/ops/argmax.h>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace sluice {

namespace {

class ArgExtreme : public Op {
 public:
  ArgExtreme(Index axis, bool keep) : axis_(axis), keep_(keep) {}
  bool may_throw(std::span<const Spec>) const override { return false; }
  void members(Attributes& a) const override { a("axis", axis_), a("keep", keep_); }

  Takes takes() const override { return {.operands = 1}; }
  Specs infer(std::span<const Spec> inputs) const override {
    const Shape& x = inputs[0].shape;
    const Shape result = keep_ ? x.with(axis_, 1) : x.erased(axis_);
    if (inputs[0].dtype == DType::boolean) {
      throw ShapeError(fmt::format("[{}] needs numbers: got {}; cast it to i32", name(), inputs[0].text()));
    }
    if ((x[axis_] == 0 && result.size() > 0) || x[axis_] > std::numeric_limits<std::int32_t>::max()) {
      throw ShapeError(
          fmt::format("[{}] the axis must have elements to choose from, and places that i32 can count: got "
                      "axis {} of {}; give it at least one",
                      name(), axis_, inputs[0].text()));
    }
    return {{DType::int32, result}};
  }

  Tensors gradient(const Tensor&, const Tensor&) const override { return {Tensor()}; }

 protected:
  template <class Better>
  void search(const View& input, const MutableView& output, Better better) const {
    const detail::AlongAxis along(input.shape(), axis_);
    auto* places = output.as<std::int32_t>();
    with_type(input.spec.dtype, [&](auto type) {
      using T = decltype(type);
      const T* x = input.as<T>();
      const Index grain = std::max<Index>(1, (Index{1} << 14) / std::max<Index>(along.length, 1));
      kernels::parallel_for(output.size(), grain, [&](Index begin, Index end) {
        for (Index at = begin; at < end; ++at) {
          const T* from = x + at / along.inner * along.length * along.inner + at % along.inner;
          Index best = 0;
          for (Index i = 1; i < along.length && !is_nan(from[best * along.inner]); ++i) {
            const T value = from[i * along.inner];
            if (better(value, from[best * along.inner]) || is_nan(value)) best = i;
          }
          places[at] = static_cast<std::int32_t>(best);
        }
      });
    });
  }

  const Index axis_;
  const bool keep_;

 private:
  template <class T>
  static bool is_nan(T x) {
    if constexpr (std::is_floating_point_v<T>) return std::isnan(x);
    return false;
  }
};

class ArgMax final : public ArgExtreme {
 public:
  using ArgExtreme::ArgExtreme;
  std::string_view name() const override { return "argmax"; }
  void run(std::span<const View> inputs, std::span<const MutableView> outputs) const override {
    search(inputs[0], outputs[0], [](auto a, auto b) { return a > b; });
  }
  Tensors at_all_steps(const Tensors& inputs, const std::vector<bool>&) const override {
    return {argmax(inputs[0], axis_ + 1, keep_)};
  }
};

class ArgMin final : public ArgExtreme {
 public:
  using ArgExtreme::ArgExtreme;
  std::string_view name() const override { return "argmin"; }
  void run(std::span<const View> inputs, std::span<const MutableView> outputs) const override {
    search(inputs[0], outputs[0], [](auto a, auto b) { return a < b; });
  }
  Tensors at_all_steps(const Tensors& inputs, const std::vector<bool>&) const override {
    return {argmin(inputs[0], axis_ + 1, keep_)};
  }
};

template <class O>
Tensor arg_extreme(const Operand& x, Index axis, bool keep, const char* who) {
  const detail::Call call(who, x.where());
  const Tensor tensor = x.tensor();
  return make(std::make_shared<O>(normal_axis(axis, tensor.rank(), who), keep), {tensor}, x.where());
}

}  // namespace

Tensor argmax(const Operand& x, Index axis, bool keep) {
  return arg_extreme<ArgMax>(x, axis, keep, "argmax");
}
Tensor argmin(const Operand& x, Index axis, bool keep) {
  return arg_extreme<ArgMin>(x, axis, keep, "argmin");
}

}  // namespace sluice
