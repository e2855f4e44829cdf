#include <sluice/graph/evaluate.h>
#include <sluice/graph/guard.h>
#include <sluice/graph/hold.h>
#include <sluice/graph/leaf.h>
#include <sluice/graph/version.h>
#include <sluice/graph/walk.h>
#include <sluice/graph/watch.h>

#include <fmt/format.h>

#include <algorithm>

namespace sluice {

namespace {

constexpr std::size_t not_reached = static_cast<std::size_t>(-1);

}  // namespace

Interpreter::Interpreter(const Graph& graph) : inputs_(graph.inputs), roots_(graph.results()) {
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
  // Walking backwards, the first step found to use a value is its last use.
  std::vector<bool> seen = keep;
  for (std::size_t i = steps_.size(); i-- > 0;) {
    for (const Source& input : steps_[i].inputs) {
      if (seen[input.step]) continue;
      seen[input.step] = true;
      steps_[i].finished.push_back(input.step);
    }
  }
  for (const Tensor& input : inputs_) {
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
  std::byte nothing{};  // address of outputs without elements: null means that nobody reads the output
  for (std::size_t i = 0; i < step.node->outputs.size(); ++i) {
    const Spec& spec = step.node->outputs[i];
    results.push_back(step.used[i] ? Array(spec) : Array());
    void* place = nullptr;
    if (step.used[i]) place = spec.bytes() > 0 ? results.back().data() : &nothing;
    outputs.push_back({spec, place});
  }
  const Op& op = *step.node->op;
  {
    const detail::Watch::Aside aside(op.body() == nullptr);  // what a formula is made of is not the user's
    detail::guarded(op, "run", step.node->where, [&] { op.run(inputs, outputs); });
  }
  if (detail::Watch* watch = detail::Watch::current()) watch->computed(*step.node, inputs, results);
  return results;
}

/// Copies all at once, so that the values are of one moment while programs run on other threads.
void Interpreter::copy_variables(std::vector<Arrays>& values) const {
  std::vector<detail::Slot*> slots;
  std::vector<std::size_t> reads;
  for (std::size_t i = 0; i < steps_.size(); ++i) {
    const Variable variable = variable_read_by(*steps_[i].node);
    if (!variable.defined()) continue;
    slots.push_back(variable.slot().get());
    reads.push_back(i);
  }
  const detail::Hold hold(std::move(slots), detail::Hold::To::read);
  for (const std::size_t i : reads) values[i] = compute(steps_[i], values);
}

void Interpreter::check(const Arrays& arguments) const {
  if (arguments.size() != inputs_.size()) {
    throw Error(fmt::format("[evaluate] one argument per input: got {} for {} inputs; pass all of them",
                            arguments.size(), inputs_.size()));
  }
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    if (arguments[i].defined() && arguments[i].spec() == inputs_[i].spec()) continue;
    throw ShapeError(fmt::format(
        "[evaluate] argument {} must have the spec of the input: got {} for {}; cast or reshape it", i,
        arguments[i].defined() ? arguments[i].spec().text() : "an undefined Array",
        inputs_[i].spec().text()));
  }
}

Arrays Interpreter::run(const Arrays& arguments, Location where) const {
  const detail::Call call("evaluate", where);
  check(arguments);
  std::vector<Arrays> values(steps_.size());
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    if (argument_steps_[i] != not_reached) values[argument_steps_[i]] = {arguments[i]};
  }
  copy_variables(values);
  for (std::size_t i = 0; i < steps_.size(); ++i) {
    if (!values[i].empty()) continue;
    const Location made = steps_[i].node->where;
    const detail::Call step(made);
    try {
      values[i] = compute(steps_[i], values);
    } catch (Error& error) {  // thrown on another thread, which knows of no call
      error.locate(detail::Call::user_of(made));
      throw;
    }
    for (std::size_t finished : steps_[i].finished) values[finished].clear();
  }
  Arrays results;
  for (const Source& result : results_) results.push_back(values[result.step][result.output]);
  return results;
}

Tensors evaluate(const Tensors& tensors, Location where) {
  const detail::Call call("evaluate", where);
  Graph graph;
  graph.outputs = tensors;
  for (const Tensor& tensor : tensors) static_cast<void>(tensor.spec());  // throws if undefined
  require_values(tensors, "evaluate");
  Tensors results;
  for (Array& array : Interpreter(graph).run({})) results.emplace_back(std::move(array));
  return results;
}

Tensor evaluate(const Tensor& tensor, Location where) {
  return tensor.has_value() ? tensor : evaluate(Tensors{tensor}, where).front();
}

Tensors evaluate(const Graph& graph, const Tensors& arguments, Location where) {
  const detail::Call call("evaluate", where);
  Arrays arrays;
  for (const Tensor& argument : arguments) arrays.push_back(evaluate(argument).value());
  Arrays results = Interpreter(graph).run(arrays);
  const auto first_write = results.begin() + static_cast<std::ptrdiff_t>(graph.outputs.size());
  Tensors outputs;
  std::transform(results.begin(), first_write, std::back_inserter(outputs),
                 [](Array& a) { return Tensor(a); });
  std::vector<Variable> written;
  for (const Graph::Write& write : graph.writes) written.push_back(write.variable);
  set_values(written, Arrays(first_write, results.end()));
  return outputs;
}

}  // namespace sluice
