#include <sluice/ops/flip.h>
#include <sluice/ops/strided.h>

namespace sluice {

namespace {

class Flip final : public Op {
 public:
  explicit Flip(detail::AxisSet axes) : axes_(axes) {}
  std::string_view name() const override { return "flip"; }
  Takes takes() const override { return {.operands = 1}; }
  bool may_throw(std::span<const Spec>) const override { return false; }
  void members(Attributes& a) const override { a("axes", detail::ShownAxes{axes_}); }

  Specs infer(std::span<const Spec> inputs) const override { return {inputs[0]}; }

  void run(std::span<const View> inputs, std::span<const MutableView> outputs) const override {
    const Shape& shape = inputs[0].shape();
    if (shape.size() == 0) return;
    const std::size_t bytes = size_of(inputs[0].spec.dtype);
    detail::Strides from = detail::dense_strides(shape);
    Index start = 0;
    for (Index axis = 0; axis < shape.rank(); ++axis) {
      if (!detail::has_axis(axes_, axis)) continue;
      Index& stride = from[static_cast<std::size_t>(axis)];
      start += (shape[axis] - 1) * stride;
      stride = -stride;
    }
    detail::copy_strided(shape, bytes, detail::advanced(inputs[0].data, start, bytes), from, outputs[0].data,
                         detail::dense_strides(shape));
  }

  Tensors gradient(const Tensor&, const Tensor& dy) const override {
    return {make(std::make_shared<Flip>(axes_), {dy})};
  }

  Tensors at_all_steps(const Tensors& inputs, const std::vector<bool>&) const override {
    return {make(std::make_shared<Flip>(axes_ << 1), {inputs[0]})};
  }

  bool only_moves() const override { return true; }

 private:
  const detail::AxisSet axes_;
};

}  // namespace

Tensor flip(const Operand& x, const Axes& axes) {
  const detail::Call call("flip", x.where());
  Tensor tensor = x.tensor();
  const detail::AxisSet set = detail::axis_set(axes, tensor.rank(), "flip");
  if (set == 0) return tensor;
  return make(std::make_shared<Flip>(set), {tensor}, x.where());
}

}  // namespace sluice
