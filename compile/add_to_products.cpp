// Adds a term to a product inside the product:
//
//   a b + c  =  matmul_add(a, b, c)      where c has the same shape or is one row, like a bias
//
// The sums of a product are in registers anyway; starting from c saves an op that reads and writes all of
// them again. Terms that neighbouring ops would compute tile by tile stay in their fusion group.

#include <sluice/compile/blocks.h>
#include <sluice/compile/matmul_add.h>
#include <sluice/compile/passes.h>
#include <sluice/ops/elementwise.h>
#include <sluice/ops/inspect.h>

#include <algorithm>

namespace sluice {

namespace {

using detail::Block;
using detail::Now;
using detail::Survey;

bool is_elementwise(const Node& node) { return dynamic_cast<const ElementwiseOp*>(node.op.get()) != nullptr; }

/// Whether the add lies between elementwise ops of its shape, which form one fusion group with it and two
/// without.
bool is_amid_group(const Node& sum, const Tensor& addend, const Survey& survey) {
  if (!is_elementwise(addend.node()) || addend.shape() != sum.outputs[0].shape) return false;
  const auto& users = survey.users(Tensor(sum.shared_from_this()));
  return std::any_of(users.begin(), users.end(),
                     [](const Node* user) { return user != nullptr && is_elementwise(*user); });
}

Tensors add(const Block& block) {
  const Survey survey(block);
  return detail::rebuilt(block, survey.order(), [&](const Node& node, const Now& now) -> Tensors {
    if (!detail::is_add(*node.op)) return {};
    for (const std::size_t side : {std::size_t{0}, std::size_t{1}}) {
      const Tensor& product = node.inputs[side];
      const Tensor& addend = node.inputs[1 - side];
      const auto* matmul = detail::as_matmul(product.op());
      if (matmul == nullptr || survey.users(product).size() != 1) continue;
      const Tensor& a = product.input(0);
      const Tensor& b = product.input(1);
      if (product.shape() != node.outputs[0].shape ||
          !MatMulAdd::fits(*matmul, a.shape(), b.shape(), addend.shape()) ||
          is_amid_group(node, addend, survey))
        continue;
      return {
          make(std::make_shared<MatMulAdd>(matmul->options()), {now(a), now(b), now(addend)}, node.where)};
    }
    return {};
  });
}

}  // namespace

Graph passes::add_to_products(const Graph& graph) { return detail::rewrite_blocks(graph, add); }

}  // namespace sluice
