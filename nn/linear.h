#pragma once

#include <sluice/nn/init.h>
#include <sluice/nn/module.h>

namespace sluice::nn {

struct LinearOptions {
  bool bias = true;
  /// Initialiser of the weight; by default U(-1/sqrt(in), 1/sqrt(in)).
  init::Initializer init = {};
  /// Initialiser of the bias; by default with the bounds of the weight's default.
  init::Initializer bias_init = {};
  DType dtype = DType::float32;
};

/// y = x W + b, with W [in, out] and b [out]. x [..., in] -> y [..., out].
class Linear : public Module {
 public:
  /// `key` is a random key: random::key(seed), or a result of random::split. Throws Error for sizes below 1.
  Linear(Index in, Index out, const Tensor& key, const LinearOptions& options = {},
         Location where = Location::current());

  /// Throws ShapeError if the last axis of x is not `in`, or its dtype is not that of the weight.
  Tensor operator()(const Tensor& x, Location where = Location::current()) const;

  void members(const Members& m) const override;

  Index in(Location where = Location::current()) const { return weight.shape(where)[0]; }
  Index out(Location where = Location::current()) const { return weight.shape(where)[1]; }

  Variable weight;
  Variable bias;  ///< undefined if options.bias is false
};

}  // namespace sluice::nn
