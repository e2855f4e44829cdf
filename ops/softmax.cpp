#include <sluice/graph/arithmetic.h>
#include <sluice/graph/call.h>
#include <sluice/ops/exp_sums.h>
#include <sluice/ops/softmax.h>
#include <sluice/ops/sum.h>

namespace sluice {

namespace {

class Softmax final : public Op {
 public:
  explicit Softmax(Index axis) : axis_(axis) {}
  std::string_view name() const override { return "softmax"; }
  Takes takes() const override { return {.operands = 1}; }
  bool may_throw(std::span<const Spec>) const override { return false; }
  void members(Attributes& a) const override { a("axis", axis_); }

  Specs infer(std::span<const Spec> inputs) const override {
    detail::require_floating(inputs[0], "softmax");
    return {inputs[0]};
  }

  void run(std::span<const View> inputs, std::span<const MutableView> outputs) const override {
    const detail::AlongAxis along(inputs[0].shape(), axis_);
    with_floating(inputs[0].spec.dtype, [&](auto type) {
      using T = decltype(type);
      detail::for_each_band(along, [&](Index offset, Index, Index, Index width) {
        T* y = outputs[0].as<T>() + offset;
        auto sums = detail::exp_sums(inputs[0].as<T>() + offset, along.length, along.inner, width, y);
        std::array<T, detail::band_width>& scales = sums.rests;
        for (std::size_t j = 0; j < static_cast<std::size_t>(width); ++j) scales[j] = 1 / (1 + sums.rests[j]);
        if (along.inner == 1) {
          for (Index i = 0; i < along.length; ++i) y[i] *= scales[0];
          return;
        }
        for (Index i = 0; i < along.length; ++i) {
          for (Index j = 0; j < width; ++j) y[i * along.inner + j] *= scales[static_cast<std::size_t>(j)];
        }
      });
    });
  }

  Tensors gradient(const Tensor& y, const Tensor& dy) const override {
    return {y * (dy - sum(dy * y, axis_, true))};
  }

  bool works_by_rows(std::span<const Spec>, const std::vector<bool>&) const override { return axis_ != 0; }

  Tensors at_all_steps(const Tensors& inputs, const std::vector<bool>&) const override {
    return {softmax(inputs[0], axis_ + 1)};
  }

 private:
  const Index axis_;
};

}  // namespace

Tensor softmax(const Operand& x, Index axis) {
  const detail::Call call("softmax", x.where());
  const Tensor tensor = x.tensor();
  return make(std::make_shared<Softmax>(normal_axis(axis, tensor.rank(), "softmax")), {tensor}, x.where());
}

}  // namespace sluice
