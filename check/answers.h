#pragma once

#include <sluice/graph/trace.h>

namespace sluice {

/// Compares the answers of a graph's ops to the compiler (graph/op.h, "What the compiler asks of an op") with
/// what they compute: at_all_steps, sum_over_steps, works_by_rows, views, same_as_input, in_place,
/// only_moves, decompose, and keeping_zeros where values are finite. Each op is run on the values that it has
/// for these arguments and, over three steps, on the same elements rotated; an op that refuses those is
/// checked with three equal steps. Ops that hold a graph are left to its check.
///
/// The tolerance is 1e-9 (float32: 1e-5) times the largest element of the tensor, or times 1. Throws Error
/// with the op, the answer and both values; `who`, a literal, names the caller.
void check_answers(const Graph& graph, const Tensors& arguments, const char* who = "check_answers",
                   Location where = Location::current());

}  // namespace sluice
