#include <sluice/ops/matmul_op.h>
#include <sluice/ops/reshape.h>
#include <sluice/ops/steps.h>
#include <sluice/ops/sum.h>
#include <sluice/ops/transpose.h>

#include <vector>

namespace sluice {

namespace {

/// Matrices [T, ...] as one matrix whose rows are time joined with the axis `inner` of each; copies only if
/// the layout requires it.
Tensor joined_with_time(const Tensor& x, Index inner) {
  const Shape& shape = x.shape();
  const Shape rows{shape[0] * shape[inner], shape[3 - inner]};
  return reshape(inner == 1 || shape[inner] == 1 ? x : transpose(x), rows);
}

/// The same for batches of matrices, [T, batch..., rows, columns] to [batch..., T * inner, other].
Tensor batches_joined_with_time(const Tensor& x, Index inner) {
  const Shape& shape = x.shape();
  const Index rank = shape.rank(), other = inner == rank - 1 ? rank - 2 : rank - 1;
  std::vector<Index> order;
  for (Index axis = 1; axis < rank - 2; ++axis) order.push_back(axis);
  for (const Index axis : {Index{0}, inner, other}) order.push_back(axis);
  const Tensor moved = transpose(x, order);
  Shape joined = moved.shape().erased(rank - 3);
  joined = joined.with(rank - 3, shape[0] * shape[inner]);
  return reshape(moved, joined);
}

/// Whether matrices a and b, [T, batch..., rows, columns], have the same batches, and are together no larger
/// than their products: then keeping those of all steps costs less than adding the products up.
bool is_smaller_than_products(const Shape& a, const Shape& b, const MatMulOptions& options) {
  if (a.rank() != b.rank() || a.rank() < 4) return false;
  for (Index axis = 0; axis < a.rank() - 2; ++axis) {
    if (a[axis] != b[axis]) return false;
  }
  const Index rank = a.rank();
  const Index rows = a[options.transpose_a ? rank - 1 : rank - 2];
  const Index inner = a[options.transpose_a ? rank - 2 : rank - 1];
  const Index columns = b[options.transpose_b ? rank - 2 : rank - 1];
  return inner * (rows + columns) <= rows * columns;
}

}  // namespace

Tensors MatMul::at_all_steps(const Tensors& inputs, const std::vector<bool>& over_time) const {
  const Tensor& a = inputs[0];
  const Tensor& b = inputs[1];
  const bool one_column = b.rank() == 3 && b.shape()[options_.transpose_b ? 1 : 2] == 1;
  if (!over_time[0] && a.rank() == 2 && one_column) {
    // One matrix times a column at each step: the columns become the rows of one product.
    const Shape& shape = b.shape();
    const Tensor rows =
        matmul(reshape(b, Shape{shape[0], shape[1] * shape[2]}), a, {false, !options_.transpose_a});
    return {reshape(rows, rows.shape().inserted(2, 1))};
  }
  const Tensors aligned = detail::aligned_over_time(inputs, over_time);
  return {matmul(aligned[0], aligned[1], options_)};
}

Tensor MatMul::sum_over_steps(const Tensors& inputs, const std::vector<bool>& over_time) const {
  const Tensor& a = inputs[0];
  const Tensor& b = inputs[1];
  if (!over_time[0]) return matmul(a, sum(b, 0), options_);
  if (!over_time[1]) return matmul(sum(a, 0), b, options_);
  if (a.rank() != 3 || b.rank() != 3) {
    if (!is_smaller_than_products(a.shape(), b.shape(), options_)) return {};
    const Index last = a.rank() - 1;
    return matmul(batches_joined_with_time(a, options_.transpose_a ? last - 1 : last),
                  batches_joined_with_time(b, options_.transpose_b ? last : last - 1), {true, false});
  }
  // The sum of products is one product whose inner dimension includes time.
  return matmul(joined_with_time(a, options_.transpose_a ? 1 : 2),
                joined_with_time(b, options_.transpose_b ? 2 : 1), {true, false});
}

}  // namespace sluice
