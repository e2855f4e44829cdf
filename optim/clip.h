#pragma once

#include <sluice/graph/tensor.h>

namespace sluice::optim {

/// The norm of all gradients as one vector: sqrt(sum_i sum(g_i^2)), a float64 scalar, accurate for large and
/// small gradients (see norm). Throws Error for an empty list.
Tensor global_norm(const Tensors& gradients, Location where = Location::current());

/// Gradients scaled by min(1, max_norm / (norm + 1e-6)), where norm is their global norm, as PyTorch's
/// clip_grad_norm_. A NaN in any gradient makes all NaN. Throws Error unless max_norm > 0. Pascanu, Mikolov
/// and Bengio, On the difficulty of training recurrent neural networks, 2013.
Tensors clip_by_global_norm(const Tensors& gradients, double max_norm, Location where = Location::current());
/// The same for a norm already computed.
Tensors clip_by_global_norm(const Tensors& gradients, const Tensor& norm, double max_norm,
                            Location where = Location::current());

/// Each element clamped to [-limit, limit]; NaN stays NaN. Throws Error unless limit > 0.
Tensors clip_by_value(const Tensors& gradients, double limit, Location where = Location::current());

}  // namespace sluice::optim
