#pragma once

#include <sluice/graph/call.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace sluice::text {

/// How freely to choose. The steps run in this order: temperature, top_k, top_p.
struct SampleOptions {
  double temperature =
      1;  ///< logits are divided by it; 0 always takes the largest logit; finite, not negative
  std::size_t top_k = 0;  ///< keep the k most probable tokens; 0 keeps all
  double top_p = 1;  ///< keep the fewest most probable tokens that together reach this probability; in (0, 1]
};

/// Chooses the next token from a model's logits. The random number comes from the caller, so the choice is a
/// pure function of its arguments. Equal logits rank by id, the smaller first. At least one token is always
/// kept.
///
/// From the kept tokens, in the order of their ids, it takes the first whose cumulative probability exceeds
/// the random number: a token is chosen for exactly the share of [0, 1) that is its (renormalised)
/// probability. Probabilities are computed in double and relative to the largest logit, so no logit is too
/// large or too small.
///
/// top_p is the nucleus sampling of Holtzman et al., "The Curious Case of Neural Text Degeneration" (2020).
class Sampler {
 public:
  /// Throws Error when an option is out of its range.
  explicit Sampler(SampleOptions options = {}, Location where = Location::current());

  /// The id of the chosen token. `uniform` is in [0, 1). A logit of -infinity excludes its token. Allocates
  /// only when there are more logits than ever before. Throws Error when there are no logits, when one is NaN
  /// or +infinity, when all are -infinity, or when `uniform` is out of range.
  std::int32_t operator()(std::span<const float> logits, double uniform,
                          Location where = Location::current());

 private:
  void drop_improbable(std::span<const float> logits);

  SampleOptions options_;
  std::vector<double> weights_;        // scratch: probabilities up to a factor; 0 where a token is not kept
  std::vector<std::int32_t> ranking_;  // scratch: ids, the most probable first as far as needed
};

}  // namespace sluice::text
