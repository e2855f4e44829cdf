#include <sluice/graph/arithmetic.h>
#include <sluice/graph/call.h>
#include <sluice/ops/broadcast_to.h>
#include <sluice/ops/inspect.h>
#include <sluice/ops/steps.h>
#include <sluice/ops/strided.h>

#include <fmt/format.h>

namespace sluice {

namespace {

class BroadcastTo final : public Op {
 public:
  explicit BroadcastTo(const Shape& shape) : shape_(shape) {}
  std::string_view name() const override { return "broadcast_to"; }
  Takes takes() const override { return {.operands = 1}; }
  bool may_throw(std::span<const Spec>) const override { return false; }
  void members(Attributes& a) const override { a("shape", shape_); }

  Specs infer(std::span<const Spec> inputs) const override {
    const Shape& x = inputs[0].shape;
    bool fits = x.rank() <= shape_.rank();
    for (Index i = 1; fits && i <= x.rank(); ++i) {
      fits = x[x.rank() - i] == 1 || x[x.rank() - i] == shape_[shape_.rank() - i];
    }
    if (!fits) {
      throw ShapeError(
          fmt::format("[broadcast_to] each axis, counted from the last, must be 1 or that of the target: "
                      "got {} for {}; expand or reshape it first",
                      x.text(), shape_.text()));
    }
    return {{inputs[0].dtype, shape_}};
  }

  void run(std::span<const View> inputs, std::span<const MutableView> outputs) const override {
    const Shape& x = inputs[0].shape();
    const detail::Strides dense = detail::dense_strides(x);
    detail::Strides from{};  // 0 along a repeated axis
    for (Index i = 0; i < x.rank(); ++i) {
      const auto axis = static_cast<std::size_t>(i);
      if (x[i] != 1) from[axis + static_cast<std::size_t>(shape_.rank() - x.rank())] = dense[axis];
    }
    detail::copy_strided(shape_, size_of(inputs[0].spec.dtype), inputs[0].data, from, outputs[0].data,
                         detail::dense_strides(shape_));
  }

  Tensors gradient(const Tensor& y, const Tensor& dy) const override {
    return {sum_to(dy, y.input(0).shape())};
  }

  Tensors at_all_steps(const Tensors& inputs, const std::vector<bool>&) const override {
    const Shape shape = shape_.inserted(0, inputs[0].shape()[0]);
    return {broadcast_to(detail::with_step_rank(inputs[0], shape_.rank()), shape)};
  }

  bool only_moves() const override { return true; }

 private:
  const Shape shape_;
};

}  // namespace

bool detail::is_broadcast_to(const Op& op) { return dynamic_cast<const BroadcastTo*>(&op) != nullptr; }

Tensor broadcast_to(const Operand& x, const Shape& shape) {
  const detail::Call call("broadcast_to", x.where());
  Tensor tensor = x.tensor();
  if (tensor.shape() == shape) return tensor;
  return make(std::make_shared<BroadcastTo>(shape), {tensor}, x.where());
}

}  // namespace sluice
