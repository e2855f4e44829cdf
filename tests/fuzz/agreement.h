#pragma once

#include <sluice/compile/pass.h>
#include <sluice/graph/trace.h>

#include <string>
#include <vector>

namespace sluice::fuzz {

/// Prints what is wrong and ends the process, which libFuzzer keeps as a finding.
[[noreturn]] void report(const std::string& what);

/// What a run may differ in from the interpreter's: no bit, rounding, or anything but what it throws and the
/// specs (where values follow sums that passes may reassociate).
enum class Values { bits, rounded, any };

/// Whether a graph, bodies of scans included, holds little enough to be run under the sanitizers.
bool is_small(const Graph& graph);

/// Interprets the graph twice in a row, and runs a Program of it twice in a row from the same values of the
/// Variables. Reports outputs or Variables that differ, and a run that throws where the other does not.
void require_agreement(const Graph& graph, const Tensors& arguments, const std::vector<Variable>& variables,
                       const PassSet& passes, Values values);

}  // namespace sluice::fuzz
