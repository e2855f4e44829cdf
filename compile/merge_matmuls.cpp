// Merges small products into large ones, within the main graph or one body:
//
//   inner    a1 b1 + a2 b2 + ...  = concat(a1, a2, ...) concat(b1, b2, ...)      (other addends stay)
//   columns  a b1, a b2, ...      = slices of a concat(b1, b2, ...)
//   rows     a1 b, a2 b, ...      = slices of concat(a1, a2, ...) b              (if these have few rows)
//
// Right operands are concatenated in the order of their keys (blocks.h), so that the forward pass, which
// merges columns, and the backward pass, which merges the inner dimension of the transposed, share the same
// weights. A merge costs copies of operands, unless they are adjacent already; it is done if the product is
// worth many of them. Concats of captured operands are hoisted out of the loop by a later pass.

#include <sluice/compile/blocks.h>
#include <sluice/compile/contraction.h>
#include <sluice/compile/passes.h>
#include <sluice/graph/arithmetic.h>
#include <sluice/ops/concat.h>
#include <sluice/ops/inspect.h>
#include <sluice/ops/matmul_op.h>

#include <algorithm>
#include <map>
#include <tuple>
#include <unordered_map>
#include <unordered_set>

namespace sluice {

namespace {

using detail::Block;
using detail::Now;
using detail::OrderKey;
using detail::Survey;

/// With fewer rows than this, copying the right operands costs as much as multiplying by them.
constexpr Index few_rows = 16;

bool is_matrix(const Tensor& t) { return t.rank() == 2; }

/// Rows of a product with a single matrix as right operand.
Index rows_of(const Node& product) {
  const Shape& shape = product.outputs[0].shape;
  return shape.back() == 0 ? 0 : shape.size() / shape.back();
}

/// Whether operands are computed once per loop or for many runs, or are adjacent in another tensor:
/// concatenating them costs little.
bool joins_freely(const std::vector<const Node*>& products, std::size_t operand, const Survey& survey) {
  const auto all = [&](auto&& is) {
    return std::all_of(products.begin(), products.end(),
                       [&](const Node* product) { return is(product->inputs[operand]); });
  };
  if (all([&](const Tensor& t) { return survey.invariant(t.node()); })) return true;
  const Tensor& first = products.front()->inputs[operand];
  return detail::slice_ranges(first.op()) != nullptr && all([&](const Tensor& t) {
           return detail::slice_ranges(t.op()) != nullptr && t.input(0).is(first.input(0));
         });
}

std::vector<const Node*> sorted_by_right(std::vector<const Node*> products, const Survey& survey) {
  std::unordered_map<const Node*, OrderKey> keys;
  for (const Node* product : products) keys.emplace(product, survey.key(product->inputs[1]));
  std::stable_sort(products.begin(), products.end(),
                   [&](const Node* a, const Node* b) { return keys.at(a) < keys.at(b); });
  return products;
}

/// Caches joined operands: two products often share those of one side.
class Joiner {
 public:
  Tensor operator()(const Tensors& parts, Index axis, Location where) {
    std::vector<std::pair<const Node*, int>> key;
    for (const Tensor& part : parts) key.emplace_back(&part.node(), part.output());
    Tensor& joined = made_[{axis, key}];
    if (!joined.defined()) joined = concat(parts, axis, where);
    return joined;
  }

 private:
  std::map<std::pair<Index, std::vector<std::pair<const Node*, int>>>, Tensor> made_;
};

Tensors operands(const std::vector<const Node*>& products, std::size_t operand, const Now& now) {
  Tensors result;
  for (const Node* product : products) result.push_back(now(product->inputs[operand]));
  return result;
}

// ---- inner -----------------------------------------------------------------------------------------------

/// A sum of two or more tensors of one shape, through sums without other users.
struct SumOfProducts {
  const Node* root;
  Tensors addends;
};

bool adds_alike(const Node& node) {
  return detail::is_add(*node.op) && node.inputs[0].shape() == node.outputs[0].shape &&
         node.inputs[1].shape() == node.outputs[0].shape;
}

bool used_once(const Tensor& t, const Survey& survey) { return survey.users(t).size() == 1; }

std::vector<SumOfProducts> sums_of(const Survey& survey) {
  std::vector<SumOfProducts> sums;
  std::unordered_set<const Node*> inner;
  for (auto node = survey.order().rbegin(); node != survey.order().rend(); ++node) {
    if (!adds_alike(**node) || inner.count(*node) > 0) continue;
    SumOfProducts sum{*node, {}};
    Tensors stack{(*node)->inputs[1], (*node)->inputs[0]};
    while (!stack.empty()) {
      const Tensor t = stack.back();
      stack.pop_back();
      if (adds_alike(t.node()) && used_once(t, survey)) {
        inner.insert(&t.node());
        stack.push_back(t.input(1));
        stack.push_back(t.input(0));
      } else {
        sum.addends.push_back(t);
      }
    }
    sums.push_back(std::move(sum));
  }
  return sums;
}

/// Whether copying operands costs less than the passes over the sum that a merge saves.
bool inner_pays(const std::vector<const Node*>& products, const Survey& survey) {
  const Index size = products.front()->outputs[0].shape.size();
  const bool free_left = joins_freely(products, 0, survey);
  const bool free_right = joins_freely(products, 1, survey);
  const bool few = rows_of(*products.front()) < few_rows;
  if (few && !free_right) return false;
  Index copied = 0;
  for (const Node* product : products) {
    const bool weights = !detail::as_matmul(*product->op)->options().transpose_a;
    // If the left operand has rows to multiply, the right one is shared with other products.
    if (!free_left && !weights) copied += product->inputs[0].size();
    if (!free_right && !weights) copied += product->inputs[1].size();
  }
  return copied <= 2 * size * static_cast<Index>(products.size());
}

Tensor merged_inner(const std::vector<const Node*>& products, const Now& now, Joiner& join) {
  const Node& first = *products.front();
  const MatMulOptions options = detail::as_matmul(*first.op)->options();
  const Tensor left =
      join(operands(products, 0, now), options.transpose_a ? 0 : first.inputs[0].rank() - 1, first.where);
  const Tensor right = join(operands(products, 1, now), options.transpose_b ? 1 : 0, first.where);
  return make(std::make_shared<MatMul>(options), {left, right}, first.where);
}

Tensors merge_inner(const Block& block) {
  const Survey survey(block);
  struct Plan {
    std::vector<std::vector<const Node*>> groups;
    Tensors others;
  };
  std::unordered_map<const Node*, Plan> plans;
  for (const SumOfProducts& sum : sums_of(survey)) {
    std::map<std::tuple<bool, bool, Index>, std::vector<const Node*>> kinds;
    Plan plan;
    for (const Tensor& addend : sum.addends) {
      const MatMul* matmul = detail::as_matmul(*addend.node().op);
      if (matmul != nullptr && used_once(addend, survey) && is_matrix(addend.input(1)) &&
          (!matmul->options().transpose_a || is_matrix(addend.input(0)))) {
        kinds[{matmul->options().transpose_a, matmul->options().transpose_b, addend.rank()}].push_back(
            &addend.node());
      } else {
        plan.others.push_back(addend);
      }
    }
    for (auto& [kind, products] : kinds) {
      if (products.size() > 1 && inner_pays(products, survey)) {
        plan.groups.push_back(sorted_by_right(std::move(products), survey));
      } else {
        for (const Node* product : products) plan.others.emplace_back(product->shared_from_this());
      }
    }
    if (!plan.groups.empty()) plans.emplace(sum.root, std::move(plan));
  }
  if (plans.empty()) return block.results;
  Joiner join;
  return detail::rebuilt(block, survey.order(), [&](const Node& node, const Now& now) -> Tensors {
    const auto found = plans.find(&node);
    if (found == plans.end()) return {};
    Tensor sum;
    const auto add = [&](const Tensor& t) { sum = sum.defined() ? Operand(sum, node.where) + t : t; };
    for (const auto& products : found->second.groups) add(merged_inner(products, now, join));
    for (const Tensor& other : found->second.others) add(now(other));
    return {sum};
  });
}

// ---- columns and rows ------------------------------------------------------------------------------------

using Groups = std::vector<std::vector<const Node*>>;

/// Products that share the given operand and have equal options.
Groups products_that_share(std::size_t operand, const Survey& survey) {
  using Kind = std::tuple<const Node*, int, bool, bool>;
  std::map<Kind, std::size_t> index;
  Groups groups;
  for (const Node* node : survey.order()) {
    const MatMul* matmul = detail::as_matmul(*node->op);
    if (matmul == nullptr || !is_matrix(node->inputs[1])) continue;
    if (operand == 1 && (matmul->options().transpose_a || !is_matrix(node->inputs[0]))) continue;
    const Tensor& shared = node->inputs[operand];
    const Kind kind{&shared.node(), shared.output(), matmul->options().transpose_a,
                    matmul->options().transpose_b};
    const auto [found, inserted] = index.emplace(kind, groups.size());
    if (inserted) groups.emplace_back();
    groups[found->second].push_back(node);
  }
  return groups;
}

/// Replaces each group by one product and slices of it along `axis`.
template <class Make>
Tensors merge_groups(const Block& block, const detail::Contraction& contraction, const Groups& groups,
                     Index axis, const Make& make_product) {
  struct Member {
    std::size_t group;
    Index begin;
  };
  std::unordered_map<const Node*, Member> members;
  for (std::size_t i = 0; i < groups.size(); ++i) {
    Index begin = 0;
    for (const Node* product : groups[i]) {
      members.emplace(product, Member{i, begin});
      begin += product->outputs[0].shape[product->outputs[0].shape.rank() + axis];
    }
  }
  if (members.empty()) return block.results;
  Tensors merged(groups.size());
  return detail::rebuilt(block, contraction.order(), [&](const Node& node, const Now& now) -> Tensors {
    const auto member = members.find(&node);
    if (member == members.end()) return {};
    Tensor& whole = merged[member->second.group];
    if (!whole.defined()) whole = make_product(groups[member->second.group], now);
    const Index begin = member->second.begin;
    const Index length = node.outputs[0].shape[node.outputs[0].shape.rank() + axis];
    return {slice(Operand(whole, node.where), axis, begin, begin + length)};
  });
}

Tensors merge_columns(const Block& block) {
  const Survey survey(block);
  detail::Contraction contraction(survey);
  Groups groups;
  for (const auto& products : products_that_share(0, survey)) {
    const bool pays = joins_freely(products, 1, survey) || rows_of(*products.front()) >= few_rows;
    auto merged = pays ? contraction.add(products) : std::vector<const Node*>{};
    if (!merged.empty()) groups.push_back(sorted_by_right(std::move(merged), survey));
  }
  Joiner join;
  return merge_groups(
      block, contraction, groups, -1, [&](const std::vector<const Node*>& products, const Now& now) {
        const Node& first = *products.front();
        const MatMulOptions options = detail::as_matmul(*first.op)->options();
        const Tensor right = join(operands(products, 1, now), options.transpose_b ? 0 : 1, first.where);
        return make(std::make_shared<MatMul>(options), {now(first.inputs[0]), right}, first.where);
      });
}

Tensors merge_rows(const Block& block) {
  constexpr Index many_rows = 64;  // enough to make good use of a matrix that is read once
  const Survey survey(block);
  detail::Contraction contraction(survey);
  Groups groups;
  for (const auto& products : products_that_share(1, survey)) {
    const bool few = std::all_of(products.begin(), products.end(),
                                 [](const Node* product) { return rows_of(*product) < many_rows; });
    auto merged = few ? contraction.add(products) : std::vector<const Node*>{};
    if (!merged.empty()) groups.push_back(std::move(merged));
  }
  Joiner join;
  return merge_groups(block, contraction, groups, -2,
                      [&](const std::vector<const Node*>& products, const Now& now) {
                        const Node& first = *products.front();
                        const Tensor left = join(operands(products, 0, now), 0, first.where);
                        return make(first.op, {left, now(first.inputs[1])}, first.where);
                      });
}

Graph merged(Graph graph, int least_depth) {
  for (const auto rule : {merge_inner, merge_columns, merge_rows}) {
    graph = detail::rewrite_blocks(
        graph, [&](const Block& block) { return block.depth < least_depth ? block.results : rule(block); });
  }
  return graph;
}

}  // namespace

Graph passes::merge_matmuls(const Graph& graph) { return merged(graph, 0); }

/// Bodies first: the order in which they concatenate decides the order outside.
Graph passes::merge_in_loops(const Graph& graph) { return merged(graph, 1); }

}  // namespace sluice
