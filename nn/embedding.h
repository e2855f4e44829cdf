#pragma once

#include <sluice/nn/init.h>
#include <sluice/nn/module.h>

namespace sluice::nn {

struct EmbeddingOptions {
  init::Initializer init = init::normal();
  DType dtype = DType::float32;
};

/// A table of `count` vectors, looked up by id: y[..., :] = W[ids[...], :], with W [count, size]. ids i32
/// [...] -> y [..., size].
class Embedding : public Module {
 public:
  /// Throws Error for sizes below 1.
  Embedding(Index count, Index size, const Tensor& key, const EmbeddingOptions& options = {},
            Location where = Location::current());

  /// Throws ShapeError unless ids are int32 and, at run time, Error for an id outside of [0, count).
  Tensor operator()(const Tensor& ids, Location where = Location::current()) const;

  void members(const Members& m) const override;

  Variable weight;
};

}  // namespace sluice::nn
