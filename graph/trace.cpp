#include <sluice/graph/leaf.h>
#include <sluice/graph/scope.h>
#include <sluice/graph/trace.h>
#include <sluice/graph/verify.h>
#include <sluice/graph/version.h>
#include <sluice/graph/walk.h>

#include <fmt/format.h>

#include <algorithm>

namespace sluice {

namespace detail {

namespace {

thread_local Scope* innermost = nullptr;

/// Replaces Assigned nodes, which are only needed for gradients, by the values assigned.
Tensors without_assigned(const Tensors& tensors) {
  TensorMap<Tensor> changed;
  const auto now = [&](const Tensor& t) {
    const auto found = changed.find(t);
    return found == changed.end() ? t : found->second;
  };
  for (const Node* node : topological_order(tensors)) {
    Tensors inputs;
    std::transform(node->inputs.begin(), node->inputs.end(), std::back_inserter(inputs), now);
    if (dynamic_cast<const Assigned*>(node->op.get()) != nullptr) {
      changed.emplace(Tensor(node->shared_from_this()), inputs[0]);
      continue;
    }
    if (std::equal(inputs.begin(), inputs.end(), node->inputs.begin(),
                   [](const Tensor& a, const Tensor& b) { return a.is(b); }))
      continue;
    const Tensors outputs = outputs_of(make(node->op, std::move(inputs), node->where));
    for (std::size_t i = 0; i < outputs.size(); ++i)
      changed.emplace(Tensor(node->shared_from_this(), static_cast<int>(i)), outputs[i]);
  }
  Tensors results;
  std::transform(tensors.begin(), tensors.end(), std::back_inserter(results), now);
  return results;
}

/// Throws Error for a leaf that has no value in the traced function: an argument or a read of another trace,
/// or a Variable read outside.
void require_own(const Node& leaf, const Trace& own) {
  const std::string spec = leaf.outputs.front().text();
  if (dynamic_cast<const Version*>(leaf.op.get()) != nullptr) {
    throw Error(
        fmt::format("[trace] a traced function reads the Variables it uses itself: got a tensor {} that was "
                    "read outside{}; "
                    "keep the Variable and use it inside, or evaluate the tensor if a constant is meant",
                    spec, leaf.where.of_user() ? fmt::format(" ({})", leaf.where.text()) : ""));
  }
  const Trace* trace = trace_of(leaf);
  if (trace == nullptr || trace == &own) return;
  throw Error(
      fmt::format("[trace] a traced function may use only its own arguments: got a tensor {} that belongs to "
                  "{}; pass it in, "
                  "or return it from there",
                  spec, trace->text()));
}

/// The same for all leaves; the Error has the line of the node that uses the leaf.
void require_own_leaves(const Tensors& results, const Trace& own) {
  for (const Node* node : topological_order(results)) {
    try {
      for (const Tensor& input : node->inputs) require_own(input.node(), own);
    } catch (Error& error) {
      error.locate(node->where);
      throw;
    }
  }
  for (const Tensor& result : results) require_own(result.node(), own);
}

}  // namespace

std::string Trace::text() const {
  const std::string_view what = kind == Kind::body      ? "the inside of a scan"
                                : kind == Kind::custom  ? "the inside of a custom_gradient"
                                : kind == Kind::formula ? "the inside of the formula of an op"
                                                        : "a function that was traced";
  return where.of_user() ? fmt::format("{} ({})", what, where.text()) : std::string(what);
}

Scope::Scope(Kind kind, Location where)
    : trace_(std::make_shared<Trace>(kind, where)),
      outer_(innermost),
      level_(outer_ != nullptr ? outer_->level_ + 1 : 1) {
  innermost = this;
}

Scope::~Scope() {
  innermost = outer_;
  trace_->ended = true;
}

Scope* Scope::current() { return innermost; }

Tensor Scope::placeholder(const Spec& spec) const {
  return Tensor(std::make_shared<Node>(std::make_shared<Placeholder>(spec, trace_), Tensors{}, Specs{spec},
                                       Location{}, level_));
}

bool Scope::in_formula() const {
  return trace_->kind == Kind::formula || (outer_ != nullptr && outer_->in_formula());
}

Scope* Scope::function() {
  if (trace_->kind == Kind::function) return this;
  return outer_ != nullptr ? outer_->function() : nullptr;
}

Tensor Scope::initial(const Variable& variable, Location where) {
  Tensor& read = initial_[variable.slot().get()];
  if (!read.defined()) {
    read = Tensor(std::make_shared<Node>(std::make_shared<Read>(variable.slot(), trace_), Tensors{},
                                         Specs{variable.spec()}, where, 0));
  }
  return read;
}

Tensor Scope::read(const Variable& variable, Location where) {
  const auto found = index_.find(variable.slot().get());
  if (found == index_.end()) return initial(variable, where);
  Written& written = written_[found->second];
  if (!written.read.defined()) {
    written.read = make(std::make_shared<Assigned>(variable.slot(), written.number, trace_),
                        Tensors{written.write.value}, where);
    reads_back_ = true;
  }
  return written.read;
}

void Scope::write(const Variable& variable, Tensor value) {
  if (in_formula()) {
    throw Error(
        "[assign] the formula of an op cannot assign a Variable: got an assignment inside one; return the "
        "value and assign it outside");
  }
  if (trace_->kind == Kind::body) {
    throw Error(
        "[assign] the body of a scan cannot assign a Variable: got an assignment inside one; carry the value "
        "through the scan and assign the final carry");
  }
  if (trace_->kind == Kind::custom) {
    throw Error(
        "[assign] the functions of custom_gradient cannot assign a Variable: got an assignment inside one; "
        "return the value and assign it outside");
  }
  const auto [entry, inserted] = index_.try_emplace(variable.slot().get(), written_.size());
  if (inserted) written_.push_back({{variable, {}, initial(variable, {})}, 0, {}});
  Written& written = written_[entry->second];
  written.write.value = std::move(value);
  ++written.number;
  written.read = Tensor();
}

void Scope::close(Graph& graph) {
  for (const Written& written : written_) graph.writes.push_back(written.write);
  graph.asked = std::move(asked_);
  for (const Tensor& result : graph.results()) {
    if (!result.defined())
      throw Error(
          "[trace] a traced function returns computed tensors: got an undefined Tensor; assign it before "
          "it is returned",
          trace_->where);
  }
  Tensors results = graph.results();
  require_own_leaves(results, *trace_);
  if (!reads_back_) return;
  results = without_assigned(results);
  std::copy_n(results.begin(), graph.outputs.size(), graph.outputs.begin());
  for (std::size_t i = 0; i < graph.writes.size(); ++i)
    graph.writes[i].value = results[graph.outputs.size() + i];
}

}  // namespace detail

Tensors Graph::results() const {
  Tensors all = outputs;
  for (const Write& write : writes) all.push_back(write.value);
  return all;
}

Graph trace(const TensorFunction& function, const Specs& inputs, Location where) {
  const detail::Call call("trace", where);
  if (!function) throw Error("[trace] takes a function: got an empty one; pass a function of Tensors");
  detail::Scope scope(detail::Scope::Kind::function, detail::Call::user_of(where));
  Graph graph;
  for (const Spec& spec : inputs) graph.inputs.push_back(scope.placeholder(spec));
  graph.outputs = function(graph.inputs);
  scope.close(graph);
  verify(graph);
  return graph;
}

bool is_tracing() { return detail::Scope::current() != nullptr; }

}  // namespace sluice
