#pragma once

#include <sluice/compile/compile.h>
#include <sluice/nn/carried_state.h>
#include <sluice/text/reading.h>
#include <sluice/text/score.h>
#include <sluice/text/vocabulary.h>

#include <functional>
#include <optional>
#include <string_view>
#include <vector>

#include "model.h"

namespace lm {

/// Measures a model on one text, read once from its beginning: every token but the first counts once. The
/// figure depends on the model and the text alone: not on the batch of the training, nor on threads.
class Evaluator {
 public:
  /// `text`: what the tokens say, for counting. Throws UserError for fewer than two tokens.
  Evaluator(const Model& model, const sluice::text::Vocabulary& vocabulary, std::string_view text,
            bool per_token = false);

  /// Nothing if `stopped` becomes true.
  std::optional<sluice::text::Score> operator()(const std::function<bool()>& stopped);

  /// The nats of each token but the first, if asked for.
  const std::vector<float>& nats_of_tokens() const { return reading_.nats(); }
  const std::vector<std::int32_t>& tokens() const { return reading_.tokens(); }

 private:
  sluice::text::Score counts_;
  sluice::text::Reading reading_;
  sluice::nn::CarriedState carried_;
  sluice::Program window_;
};

}  // namespace lm
