#pragma once

#include <sluice/nn/carried_state.h>
#include <sluice/text/batches.h>

#include <functional>
#include <optional>

#include "in_place.h"
#include "model.h"

namespace lm {

/// How well a model predicts a text.
struct Score {
  double nats = 0;  ///< mean over the tokens of -log p(token | tokens before it)
  std::size_t tokens = 0;
  double seconds = 0;

  double bits() const;
  double perplexity() const;
  double tokens_per_second() const;
};

/// Measures a model on one text: every token but the first counts once. The text is read as `batch` streams,
/// carrying the state as in training, so the first tokens of each stream are predicted from little context: a
/// smaller batch scores slightly better and takes longer.
class Evaluator {
 public:
  /// Throws UserError for fewer than two tokens.
  Evaluator(const Model& model, std::vector<std::int32_t> tokens, std::int64_t batch, std::int64_t length);

  /// Nothing if `stopped` becomes true.
  std::optional<Score> operator()(const std::function<bool()>& stopped);

 private:
  sluice::text::Batches batches_;
  sluice::nn::CarriedState carried_;
  InPlace window_;
};

}  // namespace lm
