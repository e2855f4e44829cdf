#pragma once

#include <sluice/nn/module.h>

namespace sluice::nn {

struct RMSNormOptions {
  bool affine = true;     ///< learned scale
  double epsilon = 1e-5;  ///< added to the mean of the squares
  DType dtype = DType::float32;
};

/// y = x / sqrt(mean(x^2) + epsilon) * scale, over the last axis. x [..., size] -> y [..., size]. Zhang and
/// Sennrich, "Root mean square layer normalization", 2019.
class RMSNorm : public Module {
 public:
  /// Throws Error for a size below 1 or an epsilon that is not positive.
  explicit RMSNorm(Index size, const RMSNormOptions& options = {}, Location where = Location::current());

  /// Throws ShapeError if the last axis of x is not `size`, or its dtype is not that of the scale.
  Tensor operator()(const Tensor& x, Location where = Location::current()) const;

  void members(const Members& m) const override;

  Variable scale;  ///< [size], initially ones; undefined if options.affine is false

 private:
  Spec vector_;  // one vector: dtype and [size]
  double epsilon_;
  bool affine_;
};

}  // namespace sluice::nn
