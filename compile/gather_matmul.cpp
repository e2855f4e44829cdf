// Multiplies the rows of a small table once instead of the many rows gathered from it:
//
//   take(E, ids) W          = take(E W, ids)
//   take(E, ids)^T D        = E^T S                with S = index_sum(ids, D), a row for each row of E
//   index_sum(ids, D W)     = S W
//
// The last two are the gradients of W and E; they share S. This eliminates the input products of the first
// layer of a character model. Rows of E that no id selects must not contribute: they are set to zero, since 0
// in S times infinity would be NaN.

#include <sluice/compile/blocks.h>
#include <sluice/compile/passes.h>
#include <sluice/ops/broadcast_to.h>
#include <sluice/ops/compare.h>
#include <sluice/ops/index_add.h>
#include <sluice/ops/inspect.h>
#include <sluice/ops/matmul_op.h>
#include <sluice/ops/reshape.h>
#include <sluice/ops/take.h>
#include <sluice/ops/where.h>

namespace sluice {

namespace {

using detail::Block;
using detail::Now;
using detail::Survey;

/// The tensor before reshapes that join or split leading axes: its rows are the same.
Tensor before_reshapes(Tensor t) {
  while (detail::is_reshape(t.op()) && t.rank() > 0 && t.input(0).rank() > 0 &&
         t.input(0).shape().back() == t.shape().back()) {
    t = t.input(0);
  }
  return t;
}

Tensor as_rows(const Tensor& t, Location where) {
  const Index width = t.shape().back();
  const Index rows = width == 0 ? 0 : t.size() / width;
  return reshape(Operand(before_reshapes(t), where), Shape{rows, width});
}

/// A gather: the table E and the ids.
struct Gather {
  Tensor table;
  Tensor ids;
};

/// Undefined tensors if it is none, or the table does not have far fewer rows than are gathered.
Gather gather_of(const Tensor& rows) {
  const Tensor t = before_reshapes(rows);
  if (detail::take_axis(t.op()) != std::optional<Index>(0) || t.input(0).rank() != 2) return {};
  if (2 * t.input(0).shape()[0] > t.input(1).size()) return {};
  return {t.input(0), t.input(1)};
}

Tensor flat(const Tensor& ids, Location where) { return reshape(Operand(ids, where), Shape{ids.size()}); }

/// S: the sum of the rows of D for each id.
Tensor summed_by_id(const Tensor& ids, const Tensor& d, Index length, Location where) {
  return index_sum(flat(ids, where), Operand(as_rows(d, where), where), 0, length);
}

/// t in rows that an id selects, else 0.
Tensor where_named(const Tensor& ids, const Tensor& t, Location where) {
  const Tensor ones = broadcast_to(Operand(full({}, 1, DType::int32), where), Shape{ids.size()});
  const Tensor counts = index_sum(flat(ids, where), Operand(ones, where), 0, t.shape()[0]);
  const Tensor named = Operand(reshape(Operand(counts, where), Shape{t.shape()[0], 1}), where) > 0;
  return sluice::where(Operand(named, where), t, 0);
}

/// Rewrites the product node `old`, whose inputs are now `in`.
Tensor product_of_gathered(const Node& old, const Tensors& in) {
  const MatMulOptions options = dynamic_cast<const MatMul&>(*old.op).options();
  const auto [table, ids] = gather_of(in[0]);
  if (!table.defined() || in[1].rank() != 2) return {};
  if (!options.transpose_a) {
    const Tensor product = matmul(Operand(table, old.where), in[1], options);
    return reshape(Operand(take(Operand(product, old.where), ids, 0), old.where), old.outputs[0].shape);
  }
  if (options.transpose_b || in[0].rank() != 2) return {};
  const Tensor sums = summed_by_id(ids, in[1], table.shape()[0], old.where);
  return matmul(Operand(where_named(ids, table, old.where), old.where), sums, options);
}

/// Rewrites the sum by ids `old`, whose inputs are now `in`, if its updates are a product with no other user.
Tensor sum_of_product(const Node& old, const Tensors& in, const Survey& survey) {
  const auto form = detail::index_sum_form(*old.op);
  if (form->axis != 0 || 2 * form->length > in[0].size() || in[1].rank() != in[0].rank() + 1) return {};
  for (Tensor t = old.inputs[1];; t = t.input(0)) {
    if (survey.users(t).size() != 1) return {};
    if (!detail::is_reshape(t.op())) break;
  }
  const Tensor product = before_reshapes(in[1]);
  const MatMul* matmul_op = detail::as_matmul(product.op());
  if (matmul_op == nullptr || matmul_op->options().transpose_a || product.input(1).rank() != 2) return {};
  const Tensor sums = summed_by_id(in[0], product.input(0), form->length, old.where);
  const Tensor result = matmul(Operand(sums, old.where), product.input(1), matmul_op->options());
  return where_named(in[0], result, old.where);
}

Tensors gather_last(const Block& block) {
  const Survey survey(block);
  return detail::rebuilt(block, survey.order(), [&](const Node& node, const Now& now) -> Tensors {
    const bool product = dynamic_cast<const MatMul*>(node.op.get()) != nullptr;
    if (!product && !detail::index_sum_form(*node.op)) return {};
    Tensors in;
    for (const Tensor& input : node.inputs) in.push_back(now(input));
    const Tensor result = product ? product_of_gathered(node, in) : sum_of_product(node, in, survey);
    return result.defined() ? Tensors{result} : Tensors{};
  });
}

}  // namespace

Graph passes::gather_matmul(const Graph& graph) { return detail::rewrite_blocks(graph, gather_last); }

}  // namespace sluice
