#include <sluice/graph/arithmetic.h>
#include <sluice/graph/evaluate.h>
#include <sluice/graph/trace.h>
#include <sluice/graph/with_values.h>
#include <sluice/nn/values.h>
#include <sluice/ops/cast.h>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <map>
#include <string>
#include <vector>

namespace sluice::nn {

namespace {

/// Variables of two modules, those of the same name in the same place.
struct Pairs {
  std::vector<Variable> from, to;
};

/// Throws Error that lists all that do not fit.
Pairs pairs_of(const char* who, const Module& from, const Module& to) {
  std::map<std::string, Variable> sources;
  for (const NamedVariable& named : from.variables()) sources.emplace(named.name, named.variable);
  Pairs pairs;
  std::vector<std::string> complaints;
  for (const auto& [name, variable] : to.variables()) {
    const auto found = sources.find(name);
    if (found == sources.end()) {
      complaints.push_back(fmt::format("'{}' {} is missing in `from`", name, variable.spec().text()));
      continue;
    }
    if (found->second.spec() != variable.spec()) {
      complaints.push_back(fmt::format("'{}' is {} in `from`, but {} in `to`", name,
                                       found->second.spec().text(), variable.spec().text()));
    }
    pairs.from.push_back(found->second);
    pairs.to.push_back(variable);
    sources.erase(found);
  }
  for (const auto& [name, variable] : sources)
    complaints.push_back(fmt::format("'{}' {} is unknown in `to`", name, variable.spec().text()));
  if (!complaints.empty()) {
    throw ShapeError(
        fmt::format("[{}] both modules have Variables of the same names and specs: got {} that do not fit, "
                    "and changed nothing; make both alike\n  {}",
                    who, complaints.size(), fmt::join(complaints, "\n  ")));
  }
  return pairs;
}

/// Assigns next(from, to) to each Variable of `to`: all computed from old values, and replaced at one moment.
template <class Next>
void assign_all(const Pairs& pairs, const Next& next) {
  const bool recorded = is_tracing() || sluice::detail::Standing::any();
  Tensors old;
  if (recorded) {
    for (const auto* side : {&pairs.from, &pairs.to}) {
      for (const Variable& variable : *side) old.push_back(variable.read());
    }
  } else {
    std::vector<Variable> all = pairs.from;
    all.insert(all.end(), pairs.to.begin(), pairs.to.end());
    for (Array& value : values_of(all)) old.emplace_back(std::move(value));
  }
  const std::size_t count = pairs.to.size();
  Tensors values;
  for (std::size_t i = 0; i < count; ++i) values.push_back(next(old[i], old[count + i]));
  if (!is_tracing()) values = evaluate(values);
  if (recorded) {
    for (std::size_t i = 0; i < count; ++i) pairs.to[i].assign(values[i]);
    return;
  }
  Arrays arrays;
  for (const Tensor& value : values) arrays.push_back(value.value());
  set_values(pairs.to, arrays);
}

}  // namespace

void copy(const Module& from, const Module& to, Location where) {
  const sluice::detail::Call call("copy", where);
  assign_all(pairs_of("copy", from, to), [](const Tensor& source, const Tensor&) { return source; });
}

void lerp(const Module& from, const Module& to, const Operand& amount) {
  const sluice::detail::Call call("lerp", amount.where());
  const Tensor share = amount.tensor(DType::float64);
  if (share.rank() != 0 || !is_floating(share.dtype())) {
    throw ShapeError(fmt::format("[lerp] the amount is a floating scalar: got {}; pass a number such as 0.01",
                                 share.spec().text()));
  }
  assign_all(pairs_of("lerp", from, to), [&](const Tensor& source, const Tensor& target) {
    if (!is_floating(target.dtype())) return source;
    return target + cast(share, target.dtype()) * (source - target);
  });
}

}  // namespace sluice::nn
