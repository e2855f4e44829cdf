#pragma once

#include <sluice/graph/trace.h>

namespace sluice {

/// Holds what the ops of a graph answer to the compiler (graph/op.h, "What the compiler asks of an op")
/// against what they do: at_all_steps, sum_over_steps, works_by_rows, where elements lie, and in_place. Each
/// op is run on the values that it has for these arguments and, over three steps, on the same elements in
/// other places; an op that refuses those is asked about three equal steps. Ops inside the body of a scan are
/// left to whoever checks the body.
///
/// A value is right when it is off by no more than 1e-9 (float32: 1e-5) times the largest element of its
/// tensor, or times 1. Throws Error with the op, the answer and both values; `who`, a literal, is named as
/// the one who asked.
void check_answers(const Graph& graph, const Tensors& arguments, const char* who = "check_answers",
                   Location where = Location::current());

}  // namespace sluice
