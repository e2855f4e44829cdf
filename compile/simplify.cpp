// Applies every rewrite rule of laws.h, in the main graph and in the bodies of scans, until none applies: x *
// 1 is x, inverse ops cancel, sums of sums are one, small constants are folded. Ops that exist for their
// gradient alone are dropped.

#include <sluice/compile/blocks.h>
#include <sluice/compile/keep_errors.h>
#include <sluice/compile/laws.h>
#include <sluice/compile/passes.h>
#include <sluice/graph/answers.h>

#include <algorithm>
#include <typeindex>
#include <unordered_map>
#include <vector>

namespace sluice {

namespace {

/// Maps each class of ops to the few rules that may apply to it.
class Laws {
 public:
  /// The replacement of the node by the first rule that applies; undefined if none does.
  Tensor apply(const Node& node, const Tensors& inputs, const detail::Block& block) {
    for (const detail::NamedLaw* law : about(*node.op)) {
      Tensor simpler = law->apply(node, inputs);
      if (!simpler.defined() || (law->leaves_out && detail::loses_error(inputs, {simpler}, block.outside)))
        continue;
      return simpler;
    }
    return {};
  }

 private:
  const std::vector<const detail::NamedLaw*>& about(const Op& op) {
    const auto [found, inserted] = by_class_.try_emplace(std::type_index(typeid(op)));
    if (!inserted) return found->second;
    for (const auto laws : {detail::laws_of_arithmetic(), detail::laws_of_moves(), detail::laws_of_sums()}) {
      for (const detail::NamedLaw& law : laws) {
        if (law.about(op)) found->second.push_back(&law);
      }
    }
    return found->second;
  }

  std::unordered_map<std::type_index, std::vector<const detail::NamedLaw*>> by_class_;
};

/// For an op that exists for its gradient alone, the inputs that its outputs equal. Empty for every other
/// op, and if an Error would be lost.
Tensors same_inputs(const Node& node, const detail::Now& now, const detail::Block& block,
                    const detail::Survey& survey) {
  Tensors same;
  Tensors read;
  for (std::size_t i = 0; i < node.outputs.size(); ++i) {
    const auto from = detail::ask_same_as_input(node, i);
    if (!from) return {};
    same.push_back(now(node.inputs[*from]));
    const Tensor output(node.shared_from_this(), static_cast<int>(i));
    if (!survey.users(output).empty()) read.push_back(same.back());
  }
  Tensors inputs;
  Specs specs;
  for (const Tensor& input : node.inputs) {
    inputs.push_back(now(input));
    specs.push_back(input.spec());
  }
  if (node.op->may_throw(specs)) return {};
  return detail::loses_error(inputs, read, block.outside) ? Tensors() : same;
}

Tensors simplified(const Node& node, const detail::Now& now, const detail::Block& block,
                   const detail::Survey& survey, Laws& laws) {
  if (Tensors same = same_inputs(node, now, block, survey); !same.empty()) return same;
  if (node.inputs.empty() || node.outputs.size() != 1) return {};
  Tensors changed;
  for (std::size_t i = 0; i < node.inputs.size(); ++i) {
    Tensor input = now(node.inputs[i]);
    if (changed.empty() && !input.is(node.inputs[i])) changed = node.inputs;
    if (!changed.empty()) changed[i] = std::move(input);
  }
  Tensor result = laws.apply(node, changed.empty() ? node.inputs : changed, block);
  if (!result.defined()) return {};
  // The result of one rule may match another. Each makes a graph smaller or moves data movement nearer to its
  // source, so this terminates; the bound guards against future rules that do not.
  constexpr int most_steps = 64;
  for (int i = 0; i < most_steps; ++i) {
    const Node& last = result.node();
    if (last.inputs.empty() || last.outputs.size() != 1) break;
    Tensor simpler = laws.apply(last, last.inputs, block);
    if (!simpler.defined()) break;
    result = std::move(simpler);
  }
  return {std::move(result)};
}

}  // namespace

Graph passes::simplify(const Graph& graph) {
  constexpr int most_rounds = 8;
  Laws laws;
  const auto rule = [&](const detail::Block& block) {
    const detail::Survey survey(block);
    return detail::rebuilt(block, survey.order(), [&](const Node& node, const detail::Now& now) {
      return simplified(node, now, block, survey, laws);
    });
  };
  Graph before = graph;
  for (int round = 0; round < most_rounds; ++round) {
    Graph after = detail::rewrite_blocks(before, rule);
    const Tensors old = before.results();
    const Tensors now = after.results();
    before = std::move(after);
    if (std::equal(old.begin(), old.end(), now.begin(),
                   [](const Tensor& a, const Tensor& b) { return a.is(b); })) {
      break;
    }
  }
  return before;
}

}  // namespace sluice
