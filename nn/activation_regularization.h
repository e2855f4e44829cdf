#pragma once

#include <sluice/graph/tensor.h>

namespace sluice::nn {

/// Activation regularisation: alpha times the mean of h^2, to be added to a loss, for the outputs h [time,
/// batch, ...] of a layer over a sequence. It keeps activations small.
///
/// A mask bool[time, batch] says which steps are there: those of sequences of different lengths are
/// sequence_mask(lengths, time). The mean is over these, 0 if there are none; what stands at the others, NaN
/// too, changes nothing, gradients included. Merity, McCann and Socher, "Revisiting activation regularization
/// for language RNNs", 2017, who take the last layer's outputs after dropout, and alpha = 2. Throws
/// ShapeError for outputs without axes of time and batch and for another mask, Error unless alpha is finite
/// and not negative.
Tensor activation_regularization(const Operand& output, double alpha, const Tensor& mask = {});

/// Temporal activation regularisation: beta times the mean of (h[t + 1] - h[t])^2, so that states change
/// slowly. A difference counts if both steps are there; 0 if there are none. The same paper takes outputs
/// before dropout, and beta = 1. Otherwise as activation_regularization.
Tensor temporal_activation_regularization(const Operand& output, double beta, const Tensor& mask = {});

}  // namespace sluice::nn
