#include <sluice/graph/trace.h>
#include <sluice/graph/with_values.h>
#include <sluice/nn/replacement.h>
#include <sluice/ops/cast.h>

#include <fmt/format.h>

#include <algorithm>

namespace sluice::nn::detail {

Replacement::Replacement(const char* who, const Module& original, const DType* dtype) : who_(who) {
  if (dtype != nullptr && !is_floating(*dtype)) {
    throw Error(
        fmt::format("[{}] parameters are floating: got {}; pass float32 or float64", who, name_of(*dtype)));
  }
  NamedVariables found;
  walk(original, found);
  std::vector<Variable> variables;
  for (const NamedVariable& named : found) {
    variables.push_back(named.variable);
    if (!is_tracing() && sluice::detail::Standing::tensor(named.variable.slot().get()) == nullptr) continue;
    throw Error(
        fmt::format("[{}] Variables are made where they have values: got '{}' in a function being traced, or "
                    "standing for a tensor; do it outside",
                    who, named.name));
  }
  const Arrays values = values_of(variables);  // of one moment, even if a program is training
  for (std::size_t i = 0; i < values.size(); ++i) {
    const bool converts = dtype != nullptr && is_floating(values[i].dtype());
    const Variable made(converts ? cast(Tensor(values[i]), *dtype) : Tensor(values[i]));
    made.freeze(variables[i].frozen());
    variables_.emplace(variables[i].slot().get(), made);
    made_.insert(made.slot().get());
  }
}

void Replacement::walk(const Module& module, NamedVariables& found) { module.members(Members(found, this)); }

void Replacement::apply(const Module& copy) {
  in_copy_ = true;
  NamedVariables found;
  walk(copy, found);
  const NamedVariables replaced = copy.variables();
  for (const NamedVariable& named : replaced) {
    if (made_.count(named.variable.slot().get()) == 0) shared(named.name);
  }
  if (replaced.size() == made_.size()) return;
  throw Error(fmt::format(
      "[{}] a module is copied as the type that it is: got one of {} Variables, and {} as the type "
      "it was passed as; pass it as its own type",
      who_, made_.size(), replaced.size()));
}

void Replacement::shared(const std::string& path) const {
  throw Error(
      fmt::format("[{}] a module owns its members: got '{}', which a copy has in common with the original; "
                  "hold it by value, or by a std::shared_ptr or nn::Part that members() passes itself",
                  who_, path));
}

void Replacement::variable(const std::string& path, const Variable& variable) {
  if (!in_copy_) {
    originals_.insert(&variable);
    return;
  }
  if (originals_.count(&variable) > 0) shared(path);
  if (const auto found = variables_.find(variable.slot().get()); found != variables_.end())
    const_cast<Variable&>(variable) = found->second;
}

std::shared_ptr<void> Replacement::part(const std::string& path, const void* part, std::type_index type,
                                        const std::function<std::shared_ptr<void>()>& copy) {
  std::shared_ptr<void>& known = parts_[{part, type}];
  if (known != nullptr) return known;
  std::shared_ptr<void> made = copy();
  if (made == nullptr) {
    throw Error(
        fmt::format("[{}] a part held by pointer is copied as the type that it was added as: got '{}', of "
                    "another or of one without copies; hold it by an nn::Part made of a pointer to its type",
                    who_, path));
  }
  known = made;
  return parts_[{made.get(), type}] = std::move(made);
}

}  // namespace sluice::nn::detail
