#include <sluice/check/op_calls.h>
#include <sluice/graph/evaluate.h>
#include <sluice/graph/guard.h>
#include <sluice/graph/leaf.h>
#include <sluice/graph/walk.h>

#include <fmt/format.h>

#include <cstring>
#include <set>
#include <typeinfo>

namespace sluice::detail {

const Op& OpCall::op() const { return *node->op; }

Specs OpCall::specs() const {
  Specs specs;
  for (const Array& input : inputs) specs.push_back(input.spec());
  return specs;
}

std::string OpCall::text() const {
  std::string operands;
  for (const Array& input : inputs) operands += (operands.empty() ? "" : ", ") + input.spec().text();
  const std::string attributes = op().attributes();
  return fmt::format("'{}'{} of {}", op().name(), attributes.empty() ? "" : " (" + attributes + ")",
                     operands);
}

std::vector<const Node*> distinct_nodes(const Graph& graph) {
  std::vector<const Node*> nodes;
  std::set<std::string> seen;
  for (const Node* node : topological_order(graph.results())) {
    if (leaf_of(*node) != nullptr || node->op->body() != nullptr) continue;
    const Op& op = *node->op;
    std::string call = fmt::format("{}({})", typeid(op).name(), op.attributes());
    for (const Tensor& input : node->inputs) call += input.spec().text();
    if (seen.insert(std::move(call)).second) nodes.push_back(node);
  }
  return nodes;
}

Arrays operands_of(const Node& node, const Graph& graph, const Tensors& arguments) {
  Graph above;
  above.inputs = graph.inputs;
  above.outputs = node.inputs;
  return Interpreter(above).run(arrays_of(arguments));
}

std::vector<OpCall> op_calls(const Graph& graph, const Tensors& arguments) {
  Graph asked;  // for the operands of every op at once
  asked.inputs = graph.inputs;
  std::vector<OpCall> calls;
  for (const Node* node : distinct_nodes(graph)) {
    calls.push_back({node, {}});
    asked.outputs.insert(asked.outputs.end(), node->inputs.begin(), node->inputs.end());
  }
  const Arrays values = Interpreter(asked).run(arrays_of(arguments));
  auto at = values.begin();
  for (OpCall& call : calls) {
    const auto end = at + static_cast<std::ptrdiff_t>(call.node->inputs.size());
    call.inputs.assign(at, end);
    at = end;
  }
  return calls;
}

Arrays arrays_of(const Tensors& constants) {
  Arrays arrays;
  for (const Tensor& constant : constants) arrays.push_back(constant.value());
  return arrays;
}

std::vector<View> views(const Arrays& arrays) {
  std::vector<View> result;
  for (const Array& array : arrays) result.push_back({array.spec(), array.data()});
  return result;
}

std::vector<MutableView> mutable_views(Arrays& arrays) {
  static std::byte nothing{};  // the place of outputs without elements: null means that nobody reads them
  std::vector<MutableView> result;
  for (Array& array : arrays) result.push_back({array.spec(), array.bytes() > 0 ? array.data() : &nothing});
  return result;
}

void run_op(const OpCall& call, const Arrays& inputs, std::span<const MutableView> outputs) {
  guarded(call.op(), "run", call.node->where, [&] { call.op().run(views(inputs), outputs); });
}

Arrays filled_outputs(const Specs& outputs, int fill) {
  Arrays arrays;
  for (const Spec& spec : outputs) {
    arrays.emplace_back(spec, Location{});
    if (arrays.back().bytes() > 0) std::memset(arrays.back().data(), fill, arrays.back().bytes());
  }
  return arrays;
}

}  // namespace sluice::detail
