#pragma once

#include <sluice/graph/trace.h>

#include <string_view>

namespace sluice::detail {

/// Op::gradients of every op of a graph gives the same if only some gradients are asked for, or reach it: for
/// each input that alone is wanted, and with an undefined dy in place of zeros. Ops without gradients are
/// left out. Throws Error that names the op.
void check_partial_gradients(const Graph& graph, const Tensors& arguments, std::string_view who);

}  // namespace sluice::detail
