#pragma once

#include <sluice/graph/tensor.h>
#include <sluice/nn/reduction.h>

namespace sluice::nn {

struct KlDivOptions {
  bool log_target = false;  ///< the second operand is log p, not p: more accurate where p is small
  Tensor mask = {};         ///< which distributions count: see LossOptions
  Reduction reduction = Reduction::mean;
};

/// The Kullback-Leibler divergence of p from q, in nats: how much longer a code made for q is than one for p.
///
///   loss_n = sum_c p_n[c] (log p_n[c] - log q_n[c])
///
/// As in PyTorch the first operand is the model's log q, such as a log_softmax, and the second the target p:
/// both [..., C], of one shape and dtype, losses [...]. Terms with p = 0 are zero, whatever q is. One number
/// for each distribution: so the mean is PyTorch's "batchmean" of two axes, and none is its none summed over
/// the last axis. Gradients flow to both operands; that of p = 0 takes log p to be 0. Kullback and Leibler,
/// "On information and sufficiency", 1951. Throws ShapeError for scalars and if shapes or dtypes do not fit.
Tensor kl_div(const Operand& log_q, const Operand& p, const KlDivOptions& options = {});

}  // namespace sluice::nn
