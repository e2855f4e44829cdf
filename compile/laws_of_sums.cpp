#include <sluice/compile/laws.h>
#include <sluice/ops/inspect.h>
#include <sluice/ops/matmul_op.h>
#include <sluice/ops/reshape.h>
#include <sluice/ops/sum.h>

namespace sluice::detail {

namespace {

std::vector<Index> listed(AxisSet axes) {
  std::vector<Index> list;
  for (Index axis = 0; axis < Shape::max_rank; ++axis) {
    if (has_axis(axes, axis)) list.push_back(axis);
  }
  return list;
}

/// A sum along axes of length 1 is a reshape.
Tensor sum_of_one(const Node& node, const Tensors& in) {
  if (!sum_axes(*node.op) || in[0].size() != node.outputs[0].shape.size() || in[0].size() == 0) return {};
  return reshape(Operand(in[0], node.where), node.outputs[0].shape);
}

Tensor sum_of_sum(const Node& node, const Tensors& in) {
  const auto outer = sum_axes(*node.op);
  const auto inner = outer ? sum_axes(in[0].op()) : std::nullopt;
  if (!inner) return {};
  const Tensor& x = in[0].input(0);
  AxisSet axes = inner->axes;
  Index seen = 0;  // the axis of in[0] that corresponds to the axis of x
  for (Index axis = 0; axis < x.rank(); ++axis) {
    if (has_axis(inner->axes, axis) && !inner->keep) continue;
    if (has_axis(outer->axes, seen++)) axes |= AxisSet{1} << axis;
  }
  return reshape(sum(Operand(x, node.where), Axes(listed(axes)), outer->keep), node.outputs[0].shape);
}

/// Drops a reshape that joins leading axes before they are summed.
Tensor sum_of_joined_axes(const Node& node, const Tensors& in) {
  const auto axes = sum_axes(*node.op);
  if (!axes || axes->axes != 1 || !is_reshape(in[0].op())) return {};
  const Tensor& x = in[0].input(0);
  const Index joined = x.rank() - in[0].rank() + 1;
  if (joined < 2) return {};
  for (Index axis = 1; axis < in[0].rank(); ++axis) {
    if (x.shape()[joined - 1 + axis] != in[0].shape()[axis]) return {};
  }
  std::vector<Index> first;
  for (Index axis = 0; axis < joined; ++axis) first.push_back(axis);
  return reshape(sum(Operand(x, node.where), Axes(first)), node.outputs[0].shape);
}

/// sum_t a_t^T b_t is one product with a larger inner dimension.
Tensor sum_of_products(const Node& node, const Tensors& in) {
  const auto axes = sum_axes(*node.op);
  const auto* product = axes ? detail::as_matmul(in[0].op()) : nullptr;
  if (product == nullptr || !product->options().transpose_a || product->options().transpose_b) return {};
  const Tensor& a = in[0].input(0);
  const Tensor& b = in[0].input(1);
  const Index batches = in[0].rank() - 2;
  if (batches < 1 || axes->axes != (AxisSet{1} << batches) - 1 || a.rank() != b.rank()) return {};
  Index rows = a.shape()[batches];
  for (Index axis = 0; axis < batches; ++axis) {
    if (a.shape()[axis] != b.shape()[axis]) return {};
    rows *= a.shape()[axis];
  }
  const Operand left(reshape(Operand(a, node.where), Shape{rows, a.shape().back()}), node.where);
  const Tensor right = reshape(Operand(b, node.where), Shape{rows, b.shape().back()});
  return reshape(Operand(matmul(left, right, {true, false}), node.where), node.outputs[0].shape);
}

/// The sum along the scatter axis does not depend on where updates go, except for a single update of -0,
/// which is added to +0. The ids are still checked.
Tensor sum_of_scattered(const Node& node, const Tensors& in) {
  const auto axes = sum_axes(*node.op);
  const auto scattered = axes ? scatter_axis(in[0].op()) : std::nullopt;
  if (!scattered || axes->axes != AxisSet{1} << *scattered) return {};
  const Tensor updates = checked_updates(in[0].node());
  if (updates.shape()[*scattered] == 1) return {};
  return sum(Operand(updates, node.where), *scattered, axes->keep);
}

bool is_sum(const Op& op) { return sum_axes(op).has_value(); }

}  // namespace

std::span<const NamedLaw> laws_of_sums() {
  static constexpr NamedLaw laws[] = {
      {"sum(x) = x along axes of length 1", sum_of_one, is_sum},
      {"sum(sum(x)) = sum(x)", sum_of_sum, is_sum},
      {"sum(reshape(x)) = sum(x)", sum_of_joined_axes, is_sum},
      {"sum(scatter_sum(ids, x)) = sum(x)", sum_of_scattered, is_sum},
      {"sum over t of a[t]^T b[t] = (rows of a)^T (rows of b)", sum_of_products, is_sum},
  };
  return laws;
}

}  // namespace sluice::detail
