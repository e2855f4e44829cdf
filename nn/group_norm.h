#pragma once

#include <sluice/nn/module.h>

namespace sluice::nn {

struct GroupNormOptions {
  bool affine = true;     ///< learned scale and shift of each channel
  double epsilon = 1e-5;  ///< added to the variance
  DType dtype = DType::float32;
};

/// y = (x - mean(x)) / sqrt(var(x) + epsilon) * scale + shift, with the mean and the biased variance of a
/// group of channels, parts of the last axis, in each step: x [time, batch, channels] gives the same step by
/// step. PyTorch's takes them over time as well, later steps included. x [..., channels] -> y [..., channels]. Wu
/// and He, "Group normalization", 2018.
class GroupNorm : public Module {
 public:
  /// Throws Error for fewer than one group, channels that are not a multiple of the groups, or an epsilon
  /// that is not positive.
  GroupNorm(Index groups, Index channels, const GroupNormOptions& options = {},
            Location where = Location::current());

  /// Throws ShapeError if the last axis of x is not `channels`, or its dtype is not that of the scale.
  Tensor operator()(const Tensor& x, Location where = Location::current()) const;

  void members(const Members& m) const override;

  Index groups() const { return groups_; }

  Variable scale;  ///< [channels], initially ones; scale and shift are undefined if options.affine is false
  Variable shift;  ///< [channels], initially zeros

 private:
  Spec vector_;  // one vector: dtype and [channels]
  Index groups_;
  double epsilon_;
  bool affine_;
};

}  // namespace sluice::nn
