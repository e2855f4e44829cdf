#pragma once

#include <sluice/nn/init.h>
#include <sluice/nn/module.h>

#include <utility>

namespace sluice::nn {

/// How well a query q and a key k fit.
enum class AttentionScore {
  additive,  ///< v . tanh(W_q q + W_k k)
  dot,       ///< q . k, of one size
  general    ///< q . W_k k
};

struct AttentionOptions {
  AttentionScore score = AttentionScore::additive;
  /// The units of an additive score, the length of v; 0 takes as many as a query has.
  Index units = 0;
  /// Divides dot and general scores by the square root of the size of a query, so that they are of order one
  /// whatever the size.
  bool scaled = false;
  /// Initialiser of the weights; by default U(-1/sqrt(in), 1/sqrt(in)).
  init::Initializer init = {};
  DType dtype = DType::float32;
};

/// Which keys there are. With both, a key is there if both say so.
struct AttentionCall {
  /// Whether a key is there, bool[time_k, batch]; all of them if undefined.
  Tensor mask = {};
  /// Steps of each sequence of keys, i32[batch], each in [0, time_k]; all of them if undefined.
  Tensor lengths = {};
  /// Lets query i see the keys 0 to i only, so that nothing comes from later steps: for self-attention over
  /// whole sequences, which has as many queries as keys.
  bool causal = false;
};

/// What was attended to. It is itself the context, the sum of the values by weight: [time_q, batch, width],
/// or [batch, width] for a single query.
struct Attended : Tensor {
  Attended(Tensor context, Tensor weights) : Tensor(std::move(context)), weights(std::move(weights)) {}

  const Tensor& context() const { return *this; }

  Tensor weights;  ///< [time_q, batch, time_k], or [batch, time_k]: not negative, of sum 1, 0 where masked
};

/// Attention: each query looks at all keys, and gets the mean of their values, weighted by how well they fit:
///
///   weights = softmax over the keys of score(q, k),  context = sum over the keys of weight * value
///
/// Time is axis 0, over whole sequences and step by step:
///
///     nn::Attention attention(128, 256, key);
///     auto all = attention(queries, keys, values, {.lengths = n});   // queries [time_q, batch, 128]
///
///     const Tensors memory = attention.prepare(keys, values, {.lengths = n});   // once
///     auto one = attention.attend(query, memory);                               // query [batch, 128]
///
/// A key that is not there changes nothing, nor does its value, NaN included, and its gradient is zero; where
/// no key is there, context and weights are zero. (`causal` hides keys that other queries see, so a NaN in
/// one of them reaches every query.)
///
/// Scores: additive, Bahdanau, Cho and Bengio, "Neural machine translation by jointly learning to align and
/// translate", 2015; dot and general, Luong, Pham and Manning, "Effective approaches to attention-based
/// neural machine translation", 2015; scaled, Vaswani et al., "Attention is all you need", 2017.
class Attention : public Module {
 public:
  /// Queries and keys of these sizes; a dot score has no parameters, and its `key` may be undefined. Throws
  /// Error for sizes below 1, for a dot score of different sizes, units of a score that is not additive, and
  /// an additive score that is scaled.
  Attention(Index query_size, Index key_size, const Tensor& key, const AttentionOptions& options = {},
            Location where = Location::current());

  /// Attends from all steps of a sequence: queries [time_q, batch, query_size], keys [time_k, batch,
  /// key_size], values [time_k, batch, width]. Throws ShapeError if they, the mask or the lengths do not fit.
  Attended operator()(const Tensor& queries, const Tensor& keys, const Tensor& values,
                      const AttentionCall& call = {}, Location where = Location::current()) const;

  /// What depends on keys and values alone, computed once before a loop over queries: {keys [batch, time_k,
  /// n], values [batch, time_k, width], mask bool[batch, time_k]}, with the keys projected. They pass through
  /// RecurrentCall::extra. Throws ShapeError as the whole does, and Error for a causal call.
  Tensors prepare(const Tensor& keys, const Tensor& values, const AttentionCall& call = {},
                  Location where = Location::current()) const;

  /// Attends from one query, [batch, query_size], or from several, [time_q, batch, query_size]. Reads the
  /// first three tensors of a memory. Throws ShapeError for tensors that prepare does not return, or of
  /// another batch.
  Attended attend(const Tensor& query, const Tensors& memory, Location where = Location::current()) const;

  void members(const Members& m) const override;

  Index query_size() const { return query_size_; }
  Index key_size() const { return key_size_; }
  AttentionScore score() const { return score_; }

  Variable query_weight;  ///< W_q [query_size, units]; undefined unless the score is additive
  Variable key_weight;    ///< W_k [key_size, units], or [key_size, query_size]; undefined for a dot score
  Variable score_weight;  ///< v [units]; undefined unless the score is additive

 private:
  Attended look(const Tensor& queries, const Tensors& memory, bool causal) const;
  Tensor scores(const Tensor& queries, const Tensor& keys) const;
  void require_memory(const Tensor& query, const Tensors& memory) const;

  Index query_size_, key_size_;
  Index size_;  // of a prepared key
  AttentionScore score_;
  bool scaled_;
};

}  // namespace sluice::nn
