#pragma once

#include <sluice/graph/trace.h>

#include <string>

namespace sluice {

/// A warning if the main graph contains an unrolled loop: one op with the same Variable, argument or constant
/// array in more than eight places that feed each other, as in
///
///     for (int t = 0; t < 20; ++t) h = tanh(matmul(h, w) + x[t]);
///
/// "looks like a loop of 20 steps ('matmul' of f32[4, 8], file.cpp:7): write it as a scan". Empty if there is
/// none. Such a graph is correct, but every step takes memory and time to compile, and products are not
/// merged over steps.
std::string unrolled_loop_warning(const Graph& graph);

}  // namespace sluice
