#include <sluice/graph/leaf.h>
#include <sluice/graph/scope.h>
#include <sluice/graph/trace.h>
#include <sluice/graph/verify.h>

#include <fmt/format.h>

namespace sluice {

namespace detail {

namespace {
thread_local Scope* innermost = nullptr;
}

Scope::Scope(Kind kind) : kind_(kind), outer_(innermost), level_(outer_ != nullptr ? outer_->level_ + 1 : 1) {
  innermost = this;
}

Scope::~Scope() { innermost = outer_; }

Scope* Scope::current() { return innermost; }

Tensor Scope::placeholder(const Spec& spec) const {
  return Tensor(std::make_shared<Node>(std::make_shared<Placeholder>(spec), Tensors{}, Specs{spec},
                                       Location{}, level_));
}

const Tensor* Scope::written(const Slot* slot) const {
  if (auto found = index_.find(slot); found != index_.end()) return &writes_[found->second].value;
  return kind_ == Kind::body && outer_ != nullptr ? outer_->written(slot) : nullptr;
}

void Scope::write(const Variable& variable, Tensor value) {
  if (kind_ == Kind::body) {
    throw Error(
        "[assign] the body of a scan cannot assign a Variable: got an assignment inside one; carry the value "
        "through the scan and assign the final carry");
  }
  const auto [entry, inserted] = index_.try_emplace(variable.slot().get(), writes_.size());
  if (inserted) {
    writes_.push_back({variable, std::move(value)});
  } else {
    writes_[entry->second].value = std::move(value);
  }
}

}  // namespace detail

Tensors Graph::results() const {
  Tensors all = outputs;
  for (const Write& write : writes) all.push_back(write.value);
  return all;
}

Graph trace(const TensorFunction& function, const Specs& inputs) {
  detail::Scope scope(detail::Scope::Kind::function);
  Graph graph;
  for (const Spec& spec : inputs) graph.inputs.push_back(scope.placeholder(spec));
  graph.outputs = function(graph.inputs);
  graph.writes = scope.take_writes();
  verify(graph);
  return graph;
}

bool is_tracing() { return detail::Scope::current() != nullptr; }

}  // namespace sluice
