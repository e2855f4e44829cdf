#pragma once

#include <sluice/graph/call.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace sluice::text {

/// Options for drawing a token. Applied in this order: repetition_penalty, temperature, top_k, top_p, min_p.
struct SampleOptions {
  /// Logits are divided by it; 0 always takes the largest logit; finite, not negative.
  double temperature = 1;
  std::size_t top_k = 0;  ///< keep the k most probable tokens; 0 keeps all
  double top_p = 1;  ///< keep the fewest most probable tokens that together reach this probability; in (0, 1]
  double min_p = 0;  ///< keep tokens with at least this share of the largest probability; in [0, 1]
  double repetition_penalty = 1;       ///< makes recent tokens less probable if above 1; finite, above 0
  std::size_t repetition_window = 64;  ///< so many of the last tokens are recent ones; 0 takes all
};

/// Draws the next token from a model's logits. The random number comes from the caller, so the result is a
/// pure function of the arguments. Equal logits rank by id, the smaller first. At least one token is always
/// kept.
///
/// Returns the first of the kept tokens, in the order of their ids, whose cumulative probability exceeds the
/// random number: each is drawn for exactly its (renormalised) probability's share of [0, 1). Probabilities
/// are computed in double and relative to the largest logit, so no logit is too large or too small.
///
/// top_p is the nucleus sampling of Holtzman et al., "The Curious Case of Neural Text Degeneration" (2020);
/// min_p is that of Nguyen et al., "Turning Up the Heat: Min-p Sampling for Creative and Coherent LLM
/// Outputs" (2024). The repetition penalty is that of Keskar et al., "CTRL: A Conditional Transformer
/// Language Model" (2019): the logit of a recent token, however often it occurs, is divided by the penalty if
/// it is positive and multiplied by it if it is negative. So it depends on where a model's logits lie, as
/// nothing else here does.
class Sampler {
 public:
  /// Throws Error if an option is out of its range.
  explicit Sampler(SampleOptions options = {}, Location where = Location::current());

  /// The id of the token drawn. `uniform` is in [0, 1). A logit of -infinity excludes its token. `recent` are
  /// the tokens before it, the last one last; they are looked at only if the penalty is not 1. Allocates only
  /// if there are more logits than ever before. Throws Error if there are no logits, if one is NaN or
  /// +infinity, if all are -infinity, if `uniform` is out of range, or if a recent token has no logit.
  std::int32_t operator()(std::span<const float> logits, double uniform,
                          std::span<const std::int32_t> recent = {}, Location where = Location::current());

 private:
  void penalise(std::span<const float> logits, std::span<const std::int32_t> recent);
  void drop_improbable();

  SampleOptions options_;
  std::vector<double> logits_;         // scratch: with the penalty
  std::vector<double> weights_;        // scratch: unnormalised probabilities; 0 for tokens that are not kept
  std::vector<std::int32_t> ranking_;  // scratch: ids, the most probable first as far as needed
};

}  // namespace sluice::text
