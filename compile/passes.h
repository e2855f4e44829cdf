#pragma once

#include <sluice/graph/trace.h>

namespace sluice::passes {

// The functions of the passes. What each does is written on its page, compile/<name>.cpp.

Graph scan_form(const Graph& graph);

}  // namespace sluice::passes
