#include <sluice/ops/axes.h>
#include <sluice/ops/inspect.h>
#include <sluice/ops/strided.h>
#include <sluice/ops/transpose.h>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <numeric>

namespace sluice {

namespace {

class Transpose final : public Op {
 public:
  explicit Transpose(std::vector<Index> order) : order_(std::move(order)) {}
  std::string_view name() const override { return "transpose"; }
  Takes takes() const override { return {.operands = 1}; }
  bool may_throw(std::span<const Spec>) const override { return false; }
  void members(Attributes& a) const override { a("order", order_); }

  Specs infer(std::span<const Spec> inputs) const override {
    std::vector<Index> dims;
    for (const Index axis : order_) dims.push_back(inputs[0].shape[axis]);
    return {{inputs[0].dtype, Shape(std::span<const Index>(dims))}};
  }

  void run(std::span<const View> inputs, std::span<const MutableView> outputs) const override {
    const detail::Strides dense = detail::dense_strides(inputs[0].shape());
    detail::Strides from{};
    for (std::size_t i = 0; i < order_.size(); ++i) from[i] = dense[static_cast<std::size_t>(order_[i])];
    const Shape& shape = outputs[0].shape();
    detail::copy_strided(shape, size_of(inputs[0].spec.dtype), inputs[0].data, from, outputs[0].data,
                         detail::dense_strides(shape));
  }

  Tensors gradient(const Tensor&, const Tensor& dy) const override {
    std::vector<Index> back(order_.size());
    for (std::size_t i = 0; i < order_.size(); ++i)
      back[static_cast<std::size_t>(order_[i])] = static_cast<Index>(i);
    return {transpose(dy, back)};
  }

  const std::vector<Index>& order() const { return order_; }

  Tensors at_all_steps(const Tensors& inputs, const std::vector<bool>&) const override {
    std::vector<Index> order{0};
    for (const Index axis : order_) order.push_back(axis + 1);
    return {transpose(inputs[0], order)};
  }

  bool only_moves() const override { return true; }

 private:
  const std::vector<Index> order_;
};

}  // namespace

const std::vector<Index>* detail::transpose_order(const Op& op) {
  const auto* transpose = dynamic_cast<const Transpose*>(&op);
  return transpose == nullptr ? nullptr : &transpose->order();
}

Tensor transpose(const Operand& x) {
  const detail::Call call("transpose", x.where());
  const Tensor tensor = x.tensor();
  const Index rank = tensor.rank();
  if (rank < 2) {
    throw ShapeError(
        fmt::format("[transpose] needs at least two axes: got {}; expand_dims gives it another one",
                    tensor.shape().text()));
  }
  std::vector<Index> order(static_cast<std::size_t>(rank));
  std::iota(order.begin(), order.end(), Index{0});
  std::swap(order[order.size() - 1], order[order.size() - 2]);
  return transpose(tensor, order);
}

Tensor transpose(const Operand& x, const std::vector<Index>& order) {
  const detail::Call call("transpose", x.where());
  const Tensor tensor = x.tensor();
  const Index rank = tensor.rank();
  detail::axis_set(order, rank, "transpose");
  if (static_cast<Index>(order.size()) != rank) {
    throw ShapeError(
        fmt::format("[transpose] the order must name each axis once: got {} for {}; name all of them", order,
                    tensor.shape().text()));
  }
  std::vector<Index> normal;
  for (const Index axis : order) normal.push_back(normal_axis(axis, rank, "transpose"));
  if (std::is_sorted(normal.begin(), normal.end())) return tensor;
  return make(std::make_shared<Transpose>(std::move(normal)), {tensor}, x.where());
}

}  // namespace sluice
