#pragma once

#include <sluice/nn/carried_state.h>
#include <sluice/text/sample.h>
#include <sluice/text/vocabulary.h>

#include <functional>
#include <string>
#include <string_view>

#include "in_place.h"
#include "model.h"

namespace lm {

/// Generates text one token at a time, each drawn from the model's distribution given all before it. The
/// unknown token is never drawn.
class Writer {
 public:
  Writer(const Model& model, const sluice::text::Vocabulary& vocabulary);

  /// Reads `prime` (a line end if it is empty), then draws `count` tokens. Passes `prime` and the generated
  /// text to `show` as it is produced, whole characters only. Deterministic in model, arguments and seed.
  /// Returns the number of tokens of `prime` that the vocabulary does not contain: they are read as the
  /// unknown token.
  std::size_t write(std::string_view prime, std::size_t count, std::uint64_t seed,
                    const sluice::text::SampleOptions& options,
                    const std::function<void(std::string_view)>& show);

  /// The same, as one string.
  std::string write(std::string_view prime, std::size_t count, std::uint64_t seed,
                    const sluice::text::SampleOptions& options);

 private:
  std::span<const float> read(std::int32_t token);
  std::vector<std::int32_t> tokens_of(std::string_view prime, std::size_t& unknown) const;

  const sluice::text::Vocabulary& vocabulary_;
  sluice::nn::CarriedState carried_;
  InPlace step_;
  std::vector<float> logits_;
};

}  // namespace lm
