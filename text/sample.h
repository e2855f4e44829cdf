#pragma once

#include <sluice/graph/call.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace sluice::text {

/// Options for drawing a token. Applied in this order: temperature, top_k, top_p.
struct SampleOptions {
  double temperature =
      1;  ///< logits are divided by it; 0 always takes the largest logit; finite, not negative
  std::size_t top_k = 0;  ///< keep the k most probable tokens; 0 keeps all
  double top_p = 1;  ///< keep the fewest most probable tokens that together reach this probability; in (0, 1]
};

/// Draws the next token from a model's logits. The random number comes from the caller, so the result is a
/// pure function of the arguments. Equal logits rank by id, the smaller first. At least one token is always
/// kept.
///
/// Returns the first of the kept tokens, in the order of their ids, whose cumulative probability exceeds the
/// random number: each is drawn for exactly its (renormalised) probability's share of [0, 1). Probabilities
/// are computed in double and relative to the largest logit, so no logit is too large or too small.
///
/// top_p is the nucleus sampling of Holtzman et al., "The Curious Case of Neural Text Degeneration" (2020).
class Sampler {
 public:
  /// Throws Error if an option is out of its range.
  explicit Sampler(SampleOptions options = {}, Location where = Location::current());

  /// The id of the token drawn. `uniform` is in [0, 1). A logit of -infinity excludes its token. Allocates
  /// only if there are more logits than ever before. Throws Error if there are no logits, if one is NaN or
  /// +infinity, if all are -infinity, or if `uniform` is out of range.
  std::int32_t operator()(std::span<const float> logits, double uniform,
                          Location where = Location::current());

 private:
  void drop_improbable(std::span<const float> logits);

  SampleOptions options_;
  std::vector<double> weights_;        // scratch: unnormalised probabilities; 0 for tokens that are not kept
  std::vector<std::int32_t> ranking_;  // scratch: ids, the most probable first as far as needed
};

}  // namespace sluice::text
