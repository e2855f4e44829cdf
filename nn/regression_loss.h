#pragma once

#include <sluice/graph/tensor.h>
#include <sluice/nn/reduction.h>

#include <vector>

namespace sluice::nn {

/// (x - y)^2, the squared error; NaN for equal infinities, here and below. Shapes must be equal.
Tensor mse(const Operand& x, const Operand& y, Reduction reduction = Reduction::mean);
Tensor mse(const Operand& x, const Operand& y, const LossOptions& options);

/// |x - y|, the absolute error.
Tensor l1(const Operand& x, const Operand& y, Reduction reduction = Reduction::mean);
Tensor l1(const Operand& x, const Operand& y, const LossOptions& options);

struct HuberOptions {
  double delta = 1;
  Tensor mask = {};  ///< which losses count: see LossOptions
  Reduction reduction = Reduction::mean;
};

/// d^2 / 2 if d = |x - y| is at most delta, else delta * (d - delta / 2): squared near zero, absolute for
/// outliers. Divided by delta it is PyTorch's smooth L1. Huber, "Robust estimation of a location parameter",
/// 1964. Throws Error unless delta is positive.
Tensor huber(const Operand& x, const Operand& y, const HuberOptions& options = {});

struct QuantileOptions {
  std::vector<double> quantiles = {0.5};  ///< each in (0, 1)
  Tensor mask = {};                       ///< which losses count: see LossOptions
  Reduction reduction = Reduction::mean;
};

/// The quantile or pinball loss, which is least where x is the q-quantile of y: max(q d, (q - 1) d) for
/// d = y - x. Several quantiles are predicted side by side: x [..., Q] for y [...], losses [..., Q]; for one quantile x
/// may have the shape of y, too. Half of the absolute error for q = 0.5. The gradient where x = y is that of
/// the mean of the two slopes. Koenker and Bassett, "Regression quantiles", 1978. Throws Error for no
/// quantiles and for those outside of (0, 1), ShapeError if shapes or dtypes do not fit.
Tensor quantile_loss(const Operand& x, const Operand& y, const QuantileOptions& options = {});

}  // namespace sluice::nn
