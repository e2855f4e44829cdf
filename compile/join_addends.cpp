// Addends of all parts of a product are summed up and added to the whole:
//
//   p = a b;  p[:, 0:2] + q[:, 0:2] + u,  p[:, 2:5] + q[:, 2:5] + v   = slices of p + (q + concat(u, v))
//
// with vectors u, v, such as the biases of gates. Then add_to_products fuses the sum into the product, and
// the sum of the addends may be hoisted out of a loop.

#include <sluice/compile/blocks.h>
#include <sluice/compile/contraction.h>
#include <sluice/compile/matmul_add.h>
#include <sluice/compile/passes.h>
#include <sluice/graph/arithmetic.h>
#include <sluice/ops/concat.h>
#include <sluice/ops/inspect.h>

#include <algorithm>
#include <optional>
#include <unordered_map>

namespace sluice {

namespace {

using detail::Block;
using detail::Now;
using detail::Survey;

/// The range of a slice that cuts only the last axis; null for other tensors.
const Range* cut_columns(const Tensor& t) {
  const auto* ranges = detail::slice_ranges(t.op());
  if (ranges == nullptr || ranges->back().step != 1) return nullptr;
  const Shape& whole = t.input(0).shape();
  return whole.with(whole.rank() - 1, t.shape().back()) == t.shape() ? &ranges->back() : nullptr;
}

/// Some columns of a product, with the addends so far.
struct Part {
  Index begin;
  Index end;
  Tensor value;
};

/// A product whose parts all have addends of the same kinds.
struct Sum {
  Tensor product;
  std::vector<Part> parts;
  std::vector<Tensors> addends;  ///< each one tensor for the whole, or a vector for every part
};

/// The parts that the users of a product cut it into, or the whole if a single add uses it.
std::vector<Part> parts_of(const Tensor& product, const Survey& survey) {
  const auto& users = survey.users(product);
  const Index columns = product.shape().back();
  if (users.size() == 1 && users[0] != nullptr && detail::is_add(*users[0]->op))
    return {{0, columns, product}};
  std::vector<Part> parts;
  for (const Node* user : users) {
    if (user == nullptr) return {};
    const Tensor t(user->shared_from_this());
    const Range* range = cut_columns(t);
    if (range == nullptr) return {};
    parts.push_back({range->begin, range->end, t});
  }
  std::sort(parts.begin(), parts.end(), [](const Part& a, const Part& b) { return a.begin < b.begin; });
  Index filled = 0;
  for (const Part& part : parts) {
    if (part.begin != filled) return {};
    filled = part.end;
  }
  return filled == columns ? parts : std::vector<Part>{};
}

/// The sum that is the only user of a part; undefined if there is none.
Tensor sum_of(const Tensor& part, const Survey& survey) {
  const auto& users = survey.users(part);
  if (users.size() != 1 || users[0] == nullptr || !detail::is_add(*users[0]->op) ||
      users[0]->outputs[0].shape != part.shape())
    return {};
  return Tensor(users[0]->shared_from_this());
}

Tensor other_addend(const Tensor& sum, const Tensor& part) {
  return sum.input(0).is(part) ? sum.input(1) : sum.input(0);
}

/// The common addend of all parts: the whole whose same columns the addends are, or the addends themselves if
/// they are vectors; empty otherwise.
Tensors common_addend(const Tensor& product, const std::vector<Part>& parts, const Tensors& others) {
  if (parts.size() == 1 && others[0].shape() == product.shape()) return others;
  bool vectors = true;
  bool slices = true;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const Tensor& t = others[i];
    const Index width = parts[i].end - parts[i].begin;
    vectors = vectors && t.rank() > 0 && t.shape().back() == width && t.size() == width &&
              t.rank() == others[0].rank();
    const Range* range = cut_columns(t);
    slices = slices && range != nullptr && range->begin == parts[i].begin && range->end == parts[i].end &&
             t.input(0).is(others[0].input(0)) && t.input(0).shape() == product.shape();
  }
  if (slices) return {others[0].input(0)};
  return vectors ? others : Tensors{};
}

std::optional<Sum> sum_with(const Tensor& product, const Survey& survey) {
  Sum sum{product, parts_of(product, survey), {}};
  const bool whole = sum.parts.size() == 1;
  while (!sum.parts.empty()) {
    std::vector<Part> next = sum.parts;
    Tensors others;
    for (Part& part : next) {
      const Tensor total = sum_of(part.value, survey);
      if (!total.defined()) break;
      others.push_back(other_addend(total, part.value));
      part.value = total;
    }
    if (others.size() < next.size()) break;
    Tensors addend = common_addend(product, sum.parts, others);
    if (addend.empty()) break;
    sum.addends.push_back(std::move(addend));
    sum.parts = std::move(next);
  }
  // A single addend of the whole needs no change.
  return sum.addends.size() < (whole ? 2U : 1U) ? std::nullopt : std::optional(std::move(sum));
}

/// All addends as one tensor.
Tensor total_addend(const Sum& sum, const Now& now, Location where) {
  Tensor total;
  for (const Tensors& addend : sum.addends) {
    Tensors parts;
    for (const Tensor& part : addend) parts.push_back(now(part));
    const Tensor joined = parts.size() == 1 ? parts[0] : concat(parts, -1, where);
    total = total.defined() ? Operand(total, where) + joined : joined;
  }
  return total;
}

Tensors join_addends_of(const Block& block) {
  const Survey survey(block);
  detail::Contraction contraction(survey);
  std::vector<Sum> sums;
  std::unordered_map<const Node*, std::size_t> sum_of_node;
  for (const Node* node : survey.order()) {
    const auto* matmul = detail::as_matmul(*node->op);
    if (matmul == nullptr) continue;
    const Tensor product(node->shared_from_this());
    // Sums that add_to_products could not fuse stay separate.
    if (!MatMulAdd::fits(*matmul, node->inputs[0].shape(), node->inputs[1].shape(), product.shape()))
      continue;
    std::optional<Sum> sum = sum_with(product, survey);
    if (!sum) continue;
    std::vector<const Node*> members;
    for (const Part& part : sum->parts) members.push_back(&part.value.node());
    if (members.size() == 1 ? sum_of_node.count(members[0]) > 0
                            : contraction.add(members).size() != members.size())
      continue;
    for (const Node* member : members) sum_of_node.emplace(member, sums.size());
    sums.push_back(std::move(*sum));
  }
  if (sums.empty()) return block.results;
  Tensors wholes(sums.size());
  return detail::rebuilt(block, contraction.order(), [&](const Node& node, const Now& now) -> Tensors {
    const auto found = sum_of_node.find(&node);
    if (found == sum_of_node.end()) return {};
    const Sum& sum = sums[found->second];
    Tensor& whole = wholes[found->second];
    if (!whole.defined()) whole = Operand(now(sum.product), node.where) + total_addend(sum, now, node.where);
    if (sum.parts.size() == 1) return {whole};
    const auto part = std::find_if(sum.parts.begin(), sum.parts.end(),
                                   [&](const Part& p) { return &p.value.node() == &node; });
    return {slice(Operand(whole, node.where), -1, part->begin, part->end)};
  });
}

}  // namespace

Graph passes::join_addends(const Graph& graph) { return detail::rewrite_blocks(graph, join_addends_of); }

}  // namespace sluice
