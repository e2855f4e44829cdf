#pragma once

#include <sluice/graph/tensor.h>

namespace sluice {

/// Whether a tensor is zero all over: the number zero, broadcast.
bool is_zero(const Tensor& t);

/// Whether an input of a node is where a loop begins, and zero: then the loop writes the zeros where it
/// computes.
bool begins_with_zero(const Node& node, std::size_t input);

}  // namespace sluice
