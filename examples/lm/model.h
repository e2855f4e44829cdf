#pragma once

#include <sluice/nn/adaptive_softmax.h>
#include <sluice/nn/embedding.h>
#include <sluice/nn/linear.h>
#include <sluice/nn/loss.h>
#include <sluice/nn/recurrent.h>

#include <optional>
#include <string_view>
#include <vector>

#include "settings.h"

namespace lm {

/// The names of the available cells.
std::vector<std::string_view> cell_names();

/// The softmax for a vocabulary of this size, where the settings leave it to the program: "full", or
/// "adaptive" for large ones.
std::string suitable_softmax(const ModelSettings& settings, std::size_t vocabulary);

/// A language model: maps token ids to the logits of the following tokens.
///
///   logits = head(dropout(rnn(dropout(embed(ids)))))
///
/// With tied weights head(h) = h E^T + b, where E is the embedding's matrix. An adaptive head is for
/// vocabularies so large that the logits of all tokens would take most of the time of a training.
class Model : public sluice::nn::Module {
 public:
  /// New parameters for a vocabulary of this size; `settings` are resolved.
  Model(const ModelSettings& settings, sluice::Index vocabulary, std::uint64_t seed);

  struct Result {
    sluice::Tensor h;           ///< [..., hidden]: the input of the head
    sluice::nn::States states;  ///< after the last token
  };
  /// A window: ids i32 [time, batch]. `key` determines the dropout masks in training.
  Result operator()(const sluice::Tensor& ids, const sluice::nn::States& initial,
                    sluice::nn::Mode mode = sluice::nn::Mode::evaluate, const sluice::Tensor& key = {}) const;
  /// One token of each stream: ids i32 [batch].
  Result step(const sluice::Tensor& ids, const sluice::nn::States& states) const;

  /// -log p(token) of the tokens that follow; 0 for text::Reading::ignored.
  sluice::Tensor nats(const sluice::Tensor& h, const sluice::Tensor& tokens,
                      sluice::nn::Reduction reduction) const;
  /// Logits of all tokens [..., vocabulary]; an adaptive head gives their log-probabilities.
  sluice::Tensor logits(const sluice::Tensor& h) const;

  const sluice::nn::RecurrentLayers& layers() const { return rnn_; }
  sluice::Index vocabulary() const { return embed_.weight.shape()[0]; }
  void members(const sluice::nn::Members& m) const override;

 private:
  Model(const ModelSettings& settings, sluice::Index vocabulary, const sluice::Tensors& keys);

  sluice::nn::Embedding embed_;
  sluice::nn::RecurrentLayers rnn_;
  sluice::nn::Dropout dropout_;
  // One of the three.
  std::optional<sluice::nn::Linear> head_;
  std::optional<sluice::nn::AdaptiveSoftmax> adaptive_;
  sluice::Variable tied_bias_;
};

}  // namespace lm
