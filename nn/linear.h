#pragma once

#include <sluice/nn/init.h>
#include <sluice/nn/module.h>

namespace sluice::nn {

struct LinearOptions {
  bool bias = true;
  /// First values of the weight; by default U(-1/sqrt(in), 1/sqrt(in)).
  init::Initializer init = {};
  /// First values of the bias; by default the same bounds as the weight's default.
  init::Initializer bias_init = {};
  DType dtype = DType::float32;
};

/// y = x W + b, with W [in, out] and b [out]. x [..., in] -> y [..., out].
class Linear : public Module {
 public:
  /// `key` is a random key: random::key(seed), or one made by random::split. Throws Error for sizes below 1.
  Linear(Index in, Index out, const Tensor& key, const LinearOptions& options = {},
         Location where = Location::current());

  /// Throws ShapeError when the last axis of x is not `in`, or its dtype not that of the weight.
  Tensor operator()(const Tensor& x, Location where = Location::current()) const;

  void members(const Members& m) const override;

  Index in(Location where = Location::current()) const { return weight.shape(where)[0]; }
  Index out(Location where = Location::current()) const { return weight.shape(where)[1]; }

  Variable weight;
  Variable bias;  ///< not defined where options.bias is false
};

}  // namespace sluice::nn
