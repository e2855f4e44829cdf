#pragma once

#include <sluice/nn/module.h>

namespace sluice::nn {

struct LayerNormOptions {
  bool affine = true;     ///< learned scale and shift
  double epsilon = 1e-5;  ///< added to the variance
  DType dtype = DType::float32;
};

/// y = (x - mean(x)) / sqrt(var(x) + epsilon) * scale + shift, over the last axis, with the biased variance
/// (divided by n). x [..., size] -> y [..., size]. Ba, Kiros and Hinton, "Layer normalization", 2016.
class LayerNorm : public Module {
 public:
  /// Throws Error for a size below 1 or an epsilon that is not positive.
  explicit LayerNorm(Index size, const LayerNormOptions& options = {}, Location where = Location::current());

  /// Throws ShapeError if the last axis of x is not `size`, or its dtype is not that of the scale.
  Tensor operator()(const Tensor& x, Location where = Location::current()) const;

  void members(const Members& m) const override;

  Variable scale;  ///< [size], initially ones; scale and shift are undefined if options.affine is false
  Variable shift;  ///< [size], initially zeros

 private:
  Spec vector_;  // one vector: dtype and [size]
  double epsilon_;
  bool affine_;
};

}  // namespace sluice::nn
