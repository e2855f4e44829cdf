#pragma once

#include <sluice/graph/trace.h>

#include <string>

namespace sluice {

/// A warning where the main graph holds a loop that was written out step by step: one op with the same
/// Variable, argument or constant array in more than eight places that feed each other, as in
///
///     for (int t = 0; t < 20; ++t) h = tanh(matmul(h, w) + x[t]);
///
/// "looks like a loop of 20 steps ('matmul' of f32[4, 8], file.cpp:7): write it as a scan". Empty where there
/// is none. Such a graph is correct, but it takes memory and time to compile for each step, and products of
/// all steps do not become one.
std::string unrolled_loop_warning(const Graph& graph);

}  // namespace sluice
