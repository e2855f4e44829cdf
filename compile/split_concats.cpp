// Splits products of concatenated operands, so that each part can move separately (those of x out of the
// loop, those of h stay) and no concatenated copy is needed:
//
//   in bodies          concat(a, b) W = a W[:k] + b W[k:]
//                      (a W)[..., i:j] = a W[:, i:j], also through sums; W is the same at every step
//   in the main graph  concat(a, b)^T d = a^T d above b^T d, where only such products use the concat
//
// merge_matmuls merges the parts that end up in the same place.

#include <sluice/compile/blocks.h>
#include <sluice/compile/passes.h>
#include <sluice/graph/arithmetic.h>
#include <sluice/ops/concat.h>
#include <sluice/ops/inspect.h>
#include <sluice/ops/matmul_op.h>

#include <algorithm>
#include <optional>

namespace sluice {

namespace {

using detail::Block;
using detail::Now;
using detail::Survey;

Tensors now_of(const Tensors& tensors, const Now& now) {
  Tensors result;
  std::transform(tensors.begin(), tensors.end(), std::back_inserter(result), now);
  return result;
}

/// concat(a, b, ...) W as a sum.
Tensor split_left(const Node& node, const Tensors& in) {
  const MatMulOptions options = dynamic_cast<const MatMul&>(*node.op).options();
  const Tensor& joined = in[0];
  const Tensor& weight = in[1];
  if (options.transpose_a || weight.rank() != 2 ||
      detail::concat_axis(joined.op()) != std::optional(joined.rank() - 1)) {
    return {};
  }
  Tensor sum;
  Index begin = 0;
  for (const Tensor& part : joined.node().inputs) {
    const Index end = begin + part.shape().back();
    const Tensor rows = slice(Operand(weight, node.where), options.transpose_b ? 1 : 0, begin, end);
    const Tensor product = matmul(Operand(part, node.where), rows, options);
    sum = sum.defined() ? Operand(sum, node.where) + product : product;
    begin = end;
  }
  return sum;
}

/// The range of a slice that cuts only the last axis, with step 1; null for other tensors.
const Range* last_axis_cut(const Tensor& t) {
  const auto* ranges = detail::slice_ranges(t.op());
  if (ranges == nullptr || ranges->back().step != 1) return nullptr;
  for (Index axis = 0; axis + 1 < t.rank(); ++axis) {
    if (t.shape()[axis] != t.input(0).shape()[axis]) return nullptr;
  }
  return &ranges->back();
}

bool adds_alike(const Tensor& t) {
  return detail::is_add(t.op()) && t.input(0).shape() == t.shape() && t.input(1).shape() == t.shape();
}

/// Splits slices of products, and of sums that contain some.
class SliceSplitter {
 public:
  SliceSplitter(const Survey& survey, const Now& now) : survey_(survey), now_(now) {}

  /// Whether slices of the tensor, which has no other users, can be taken from the weights of a product.
  bool exposes(const Tensor& whole) const {
    const auto& users = survey_.users(whole);
    return std::all_of(users.begin(), users.end(), is_cut) && holds_product(whole, 0);
  }

  /// The slice of the tensor that replaces `whole`.
  Tensor cut(const Tensor& whole, const Range& range, Location where) const {
    if (detail::as_matmul(whole.op()) != nullptr) return cut_new(now_(whole), range, where);
    return Operand(cut_addend(whole.input(0), range, where), where) +
           cut_addend(whole.input(1), range, where);
  }

 private:
  static bool is_cut(const Node* user) {
    return user != nullptr && last_axis_cut(Tensor(user->shared_from_this())) != nullptr;
  }

  bool holds_product(const Tensor& whole, int depth) const {
    constexpr int deepest = 64;
    if (detail::as_matmul(whole.op()) != nullptr) {
      return whole.input(1).rank() == 2 && survey_.invariant(whole.input(1).node());
    }
    if (depth == deepest || !adds_alike(whole)) return false;
    return holds_addend(whole.input(0), depth) || holds_addend(whole.input(1), depth);
  }
  bool holds_addend(const Tensor& addend, int depth) const {
    return survey_.users(addend).size() == 1 && holds_product(addend, depth + 1);
  }

  Tensor cut_addend(const Tensor& addend, const Range& range, Location where) const {
    if (holds_addend(addend, 0)) return cut(addend, range, where);
    return slice(Operand(now_(addend), where), -1, range.begin, range.end);
  }

  /// Cuts the replacement of a product: itself, or a sum of its parts.
  static Tensor cut_new(const Tensor& product, const Range& range, Location where) {
    const MatMul* matmul = detail::as_matmul(product.op());
    if (matmul == nullptr) {
      return Operand(cut_new(product.input(0), range, where), where) +
             cut_new(product.input(1), range, where);
    }
    const Tensor columns = slice(Operand(product.input(1), where), matmul->options().transpose_b ? 0 : 1,
                                 range.begin, range.end);
    return make(std::make_shared<MatMul>(matmul->options()), {product.input(0), columns}, where);
  }

  const Survey& survey_;
  const Now& now_;
};

Tensors split_in_body(const Block& block) {
  const Survey survey(block);
  return detail::rebuilt(block, survey.order(), [&](const Node& node, const Now& now) -> Tensors {
    if (node.outputs.size() != 1 || node.inputs.empty()) return {};
    const Tensor old(node.shared_from_this());
    if (detail::as_matmul(old.op()) != nullptr && survey.invariant(node.inputs[1].node())) {
      if (Tensor sum = split_left(node, now_of(node.inputs, now)); sum.defined()) return {sum};
    }
    const SliceSplitter slices(survey, now);
    if (const Range* range = last_axis_cut(old); range != nullptr && slices.exposes(node.inputs[0])) {
      return {slices.cut(node.inputs[0], *range, node.where)};
    }
    return {};
  });
}

/// The rows of concat(a, b, ...)^T d, one group for each part.
Tensor split_transposed(const Node& node, const Tensors& in) {
  const MatMulOptions options = dynamic_cast<const MatMul&>(*node.op).options();
  Tensors rows;
  for (const Tensor& part : in[0].node().inputs) {
    rows.push_back(matmul(Operand(part, node.where), in[1], options));
  }
  return concat(rows, -2, node.where);
}

Tensors split_in_main(const Block& block) {
  const Survey survey(block);
  const auto is_such = [&](const Node* user, const Tensor& joined) {
    const auto* matmul = user == nullptr ? nullptr : dynamic_cast<const MatMul*>(user->op.get());
    return matmul != nullptr && matmul->options().transpose_a && user->inputs[0].is(joined) &&
           !user->inputs[1].is(joined);
  };
  return detail::rebuilt(block, survey.order(), [&](const Node& node, const Now& now) -> Tensors {
    if (!is_such(&node, node.inputs.empty() ? Tensor() : node.inputs[0])) return {};
    const Tensor& joined = node.inputs[0];
    const auto& users = survey.users(joined);
    if (detail::concat_axis(joined.op()) != std::optional(joined.rank() - 1) ||
        !std::all_of(users.begin(), users.end(), [&](const Node* user) { return is_such(user, joined); })) {
      return {};
    }
    return {split_transposed(node, now_of(node.inputs, now))};
  });
}

}  // namespace

Graph passes::split_concats(const Graph& graph) {
  return detail::rewrite_blocks(graph, [](const Block& block) {
    return block.depth == 0 ? split_in_main(block) : split_in_body(block);
  });
}

}  // namespace sluice
