#pragma once

#include <sluice/graph/tensor.h>

namespace sluice {

/// Whether all elements of a tensor are zero: the number zero, broadcast.
bool is_zero(const Tensor& t);

/// Whether an input of a node is a loop's initial value, and zero: then the loop writes the zeros where it
/// computes.
bool begins_with_zero(const Node& node, std::size_t input);

}  // namespace sluice
