#pragma once

#include <sluice/graph/trace.h>

#include <functional>

namespace sluice::detail {

/// A function with one result as one that returns a list; empty if it is.
TensorFunction several(const std::function<Tensor(const Tensors&)>& function);

/// The function followed by its gradients for fixed seeds, as in training.
TensorFunction with_gradients(const TensorFunction& function);

}  // namespace sluice::detail
