#include <sluice/graph/evaluate.h>
#include <sluice/graph/leaf.h>
#include <sluice/graph/walk.h>

#include <fmt/format.h>

#include <algorithm>

namespace sluice {

namespace {

constexpr std::size_t not_reached = static_cast<std::size_t>(-1);

}  // namespace

Interpreter::Interpreter(const Graph& graph) : roots_(graph.results()) {
  std::unordered_map<const Node*, std::size_t> step_of;
  const auto source = [&](const Tensor& t) {
    const Source from{step_of.at(&t.node()), static_cast<std::size_t>(t.output())};
    steps_[from.step].used[from.output] = true;
    return from;
  };
  for (const Node* node : topological_order(roots_)) {
    Step step{node, {}, std::vector<bool>(node->outputs.size(), false), {}};
    for (const Tensor& input : node->inputs) step.inputs.push_back(source(input));
    step_of.emplace(node, steps_.size());
    steps_.push_back(std::move(step));
  }
  std::vector<bool> keep(steps_.size(), false);
  for (const Tensor& root : roots_) {
    results_.push_back(source(root));
    keep[results_.back().step] = true;
  }
  // Walking backwards, the first time a step is seen as an input is its last use.
  std::vector<bool> seen = keep;
  for (std::size_t i = steps_.size(); i-- > 0;) {
    for (const Source& input : steps_[i].inputs) {
      if (seen[input.step]) continue;
      seen[input.step] = true;
      steps_[i].finished.push_back(input.step);
    }
  }
  for (const Tensor& input : graph.inputs) {
    roots_.push_back(input);
    const auto found = step_of.find(&input.node());
    argument_steps_.push_back(found == step_of.end() ? not_reached : found->second);
  }
}

Arrays Interpreter::compute(const Step& step, std::vector<Arrays>& values) const {
  if (const Leaf* leaf = leaf_of(*step.node)) {
    Array copy(step.node->outputs.front());
    const MutableView view{copy.spec(), copy.data()};
    leaf->run({}, std::span(&view, 1));
    return {std::move(copy)};
  }
  std::vector<View> inputs;
  for (const Source& input : step.inputs) {
    const Array& array = values[input.step][input.output];
    inputs.push_back({array.spec(), array.data()});
  }
  Arrays results;
  std::vector<MutableView> outputs;
  for (std::size_t i = 0; i < step.node->outputs.size(); ++i) {
    results.push_back(step.used[i] ? Array(step.node->outputs[i]) : Array());
    outputs.push_back({step.node->outputs[i], step.used[i] ? results.back().data() : nullptr});
  }
  step.node->op->run(inputs, outputs);
  return results;
}

Arrays Interpreter::run(const Arrays& arguments) const {
  std::vector<Arrays> values(steps_.size());
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    if (argument_steps_[i] != not_reached) values[argument_steps_[i]] = {arguments[i]};
  }
  for (std::size_t i = 0; i < steps_.size(); ++i) {
    if (!values[i].empty()) continue;
    try {
      values[i] = compute(steps_[i], values);
    } catch (Error& error) {
      error.locate(steps_[i].node->where);
      throw;
    }
    for (std::size_t finished : steps_[i].finished) values[finished].clear();
  }
  Arrays results;
  for (const Source& result : results_) results.push_back(values[result.step][result.output]);
  return results;
}

Tensors evaluate(const Tensors& tensors, Location where) {
  try {
    Graph graph;
    graph.outputs = tensors;
    for (const Tensor& tensor : tensors) static_cast<void>(tensor.spec());  // throws for undefined ones
    Tensors results;
    for (Array& array : Interpreter(graph).run({})) results.emplace_back(std::move(array));
    return results;
  } catch (Error& error) {
    error.locate(where);
    throw;
  }
}

Tensor evaluate(const Tensor& tensor, Location where) {
  return tensor.has_value() ? tensor : evaluate(Tensors{tensor}, where).front();
}

Tensors evaluate(const Graph& graph, const Tensors& arguments, Location where) {
  if (arguments.size() != graph.inputs.size()) {
    throw Error(fmt::format("[evaluate] one argument per input: the graph has {} inputs, got {} arguments",
                            graph.inputs.size(), arguments.size()),
                where);
  }
  Arrays arrays;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    if (arguments[i].spec() != graph.inputs[i].spec()) {
      throw ShapeError(
          fmt::format("[evaluate] argument {} must have the spec of the input: the graph takes {}, got {}", i,
                      graph.inputs[i].spec().text(), arguments[i].spec().text()),
          where);
    }
    arrays.push_back(evaluate(arguments[i], where).value());
  }
  Arrays results = Interpreter(graph).run(arrays);
  const auto first_write = results.begin() + static_cast<std::ptrdiff_t>(graph.outputs.size());
  Tensors outputs;
  std::transform(results.begin(), first_write, std::back_inserter(outputs),
                 [](Array& a) { return Tensor(a); });
  for (std::size_t i = 0; i < graph.writes.size(); ++i)
    graph.writes[i].variable.set(first_write[static_cast<std::ptrdiff_t>(i)]);
  return outputs;
}

}  // namespace sluice
