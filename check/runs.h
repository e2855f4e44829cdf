#pragma once

#include <sluice/graph/trace.h>

#include <string_view>

// What Op::run promises whatever the op, tried on every op of a graph with the values that it has for these
// arguments. Each function throws Error that names the op, the rule it breaks and what to do.
namespace sluice::detail {

/// run and run_in touch no memory but their own, skip outputs that nobody reads, and survive operands without
/// elements; infer reads no operand that is not there. Tried in a process of its own with guarded pages
/// around each operand, output and work memory.
void check_memory(const Graph& graph, const Tensors& arguments, std::string_view who);

/// run is pure: it writes every element, whatever was in the memory, changes neither operands nor attributes,
/// gives the same bits again, without outputs that nobody reads, and with any work memory; elementwise ops
/// give each element the same bits wherever it stands. may_throw is true for an op that throws.
void check_purity(const Graph& graph, const Tensors& arguments, std::string_view who);

/// Every op gives the same bits to two threads that run it at once.
void check_callers(const Graph& graph, const Tensors& arguments, std::string_view who);

/// Every op gives the same bits on 1, 2 and 3 threads.
void check_threads(const Graph& graph, const Tensors& arguments, std::string_view who);

/// Ops of one class with equal attributes, in any of the graphs, compute the same.
void check_attributes(const std::vector<Graph>& graphs, const Tensors& arguments, std::string_view who);

}  // namespace sluice::detail
