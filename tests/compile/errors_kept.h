#pragma once

#include "support/catch.h"

#include <sluice/compile/program.h>
#include <sluice/graph/evaluate.h>

#include <functional>
#include <string>
#include <vector>

namespace sluice::test {

/// "" where nothing is thrown.
inline std::string thrown_by(const std::function<void()>& f) {
  try {
    f();
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

/// Compares what the interpreter throws with what programs throw, run twice: with all passes, none, each
/// alone, and all without one switch of the lowering each.
inline void require_alike(const TensorFunction& function, const Tensors& arguments, bool throws) {
  Specs specs;
  for (const Tensor& t : arguments) specs.push_back(t.spec());
  const Graph graph = trace(function, specs);
  CHECK(!thrown_by([&] { evaluate(graph, arguments); }).empty() == throws);
  std::vector<PassSet> sets{PassSet::all(), PassSet::none()};
  for (const Pass& pass : graph_passes()) sets.push_back(PassSet::only({std::string(pass.name)}));
  for (const std::string_view name : lowering_switches())
    sets.push_back(PassSet::without({std::string(name)}));
  for (std::size_t i = 0; i < sets.size(); ++i) {
    CAPTURE(i, throws);
    Program program(graph, sets[i]);
    for (int run = 0; run < 2; ++run) CHECK(!thrown_by([&] { program.run(arguments); }).empty() == throws);
  }
}

/// Once with each of two values of one argument, of which only the second throws.
inline void require_kept(const TensorFunction& function, const Tensor& good, const Tensor& bad) {
  require_alike(function, {good}, false);
  require_alike(function, {bad}, true);
}

}  // namespace sluice::test
