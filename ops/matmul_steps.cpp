#include <sluice/ops/matmul_op.h>
#include <sluice/ops/reshape.h>
#include <sluice/ops/steps.h>
#include <sluice/ops/sum.h>
#include <sluice/ops/transpose.h>

namespace sluice {

namespace {

/// Matrices [T, ...] as one matrix whose rows are time joined with the axis `inner` of each; copies only if
/// the layout requires it.
Tensor joined_with_time(const Tensor& x, Index inner) {
  const Shape& shape = x.shape();
  const Shape rows{shape[0] * shape[inner], shape[3 - inner]};
  return reshape(inner == 1 || shape[inner] == 1 ? x : transpose(x), rows);
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
  if (a.rank() != 3 || b.rank() != 3) return {};
  // The sum of products is one product whose inner dimension includes time.
  return matmul(joined_with_time(a, options_.transpose_a ? 1 : 2),
                joined_with_time(b, options_.transpose_b ? 2 : 1), {true, false});
}

}  // namespace sluice
