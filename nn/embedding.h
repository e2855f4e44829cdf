#pragma once

#include <sluice/nn/init.h>
#include <sluice/nn/module.h>

#include <optional>

namespace sluice::nn {

struct EmbeddingOptions {
  init::Initializer init = init::normal();
  /// The id of padding: its vector is zero at first and never has a gradient, so training leaves it at zero.
  std::optional<Index> padding_idx = {};
  double dropout = 0;  ///< the share of words that are dropped in Mode::train, in [0, 1)
  DType dtype = DType::float32;
};

/// Options of a call in training.
struct EmbeddingCall {
  Mode mode = Mode::evaluate;  ///< whether to drop words
  Tensor key = {};  ///< a random key, new for every step; needed in Mode::train if there is dropout
};

/// A table of `count` vectors, looked up by id: y[..., :] = W[ids[...], :], with W [count, size]. ids i32
/// [...] -> y [..., size].
///
/// With dropout whole words are dropped in training: all vectors of one id are zero, wherever it occurs in
/// the ids of the call, and the others are divided by 1 - dropout. Gal and Ghahramani, "A theoretically grounded
/// application of dropout in recurrent neural networks", 2016, with one draw for all sequences.
///
/// The same table may score the words that come next (scores()): then input and output share weights.
class Embedding : public Module {
 public:
  /// Throws Error for sizes below 1, a padding_idx outside of [0, count), and dropout outside of [0, 1).
  Embedding(Index count, Index size, const Tensor& key, const EmbeddingOptions& options = {},
            Location where = Location::current());

  /// Throws ShapeError unless ids are int32, Error for dropout without a key and, at run time, for an id
  /// outside of [0, count).
  Tensor operator()(const Tensor& ids, const EmbeddingCall& call, Location where = Location::current()) const;
  /// The same with the arguments of Dropout, as a Sequential and a Stack pass them to their parts.
  Tensor operator()(const Tensor& ids, Mode mode, const Tensor& key,
                    Location where = Location::current()) const {
    return (*this)(ids, EmbeddingCall{mode, key}, where);
  }
  /// The same without dropout.
  Tensor operator()(const Tensor& ids, Location where = Location::current()) const {
    return (*this)(ids, EmbeddingCall{}, where);
  }

  /// Scores of all ids: h [..., size] -> h W^T [..., count], the logits of a model whose output layer is tied
  /// to its input; add a bias of your own, if you want one. Both uses train one weight, which members() lists
  /// once. The vector of padding has no gradient here either; its score is 0 as long as it is zero. Press and
  /// Wolf, "Using the output embedding to improve language models", 2017; Inan, Khosravi and Socher, "Tying
  /// word vectors and word classifiers", 2017. Throws ShapeError if the last axis of h is not `size`, or its
  /// dtype is another.
  Tensor scores(const Tensor& h, Location where = Location::current()) const;

  void members(const Members& m) const override;

  std::optional<Index> padding_idx() const { return padding_idx_; }
  double dropout() const { return dropout_; }

  Variable weight;

 private:
  /// The vectors y at these places, in training.
  Tensor dropped(const Tensor& y, const Tensor& ids, const Tensor& key) const;

  std::optional<Index> padding_idx_;
  double dropout_ = 0;
};

}  // namespace sluice::nn
