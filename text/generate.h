#pragma once

#include <sluice/graph/call.h>
#include <sluice/text/sample.h>
#include <sluice/text/vocabulary.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::text {

/// A model as its reader: reads one token and returns the logits of the token after it, one for each of the
/// vocabulary, which stay valid until the next call. Its state is the caller's.
using NextLogits = std::function<std::span<const float>(std::int32_t token)>;

struct GenerateOptions {
  std::size_t length = 500;  ///< most tokens to write
  SampleOptions sample = {};
  std::vector<std::string> stop = {};  ///< ends the text before the first of these (StopMatcher)
  std::uint64_t seed = 1;
};

/// What was written.
struct Generated {
  std::size_t tokens = 0;  ///< drawn, those of the stop string included
  bool stopped = false;    ///< a stop string was written, which `show` was not given
  std::string stop;        ///< that one
};

/// Writes text with any model, one token at a time, each drawn from the model's distribution given all before
/// it. Reads the tokens of `prime`, which is not shown and in which stop strings do not count; then draws
/// tokens, and reads each but the last. The unknown token is never drawn. The repetition penalty counts the
/// prime and what was written.
///
/// Passes text to `show` as soon as it can no longer be the beginning of a stop string: whole characters, or
/// the bytes as they are if the vocabulary is one of bytes (`Utf8Stream` makes characters of them). What
/// `next` or `show` throws ends the writing.
///
/// Deterministic in its arguments, `next` included: token i is drawn with element i mod 256 of
/// uniform(fold_in(random::key(seed), i / 256), {256}) in float64, so a longer text begins like a shorter
/// one.
///
/// Throws Error if a function is missing, if the prime is empty or holds a token that is not of the
/// vocabulary, if a stop string is empty or, unless the vocabulary is one of bytes, not UTF-8, if an option
/// of sampling is out of its range, if the logits are not as many as tokens, or if they cannot be drawn from
/// (Sampler).
Generated generate(const Vocabulary& vocabulary, std::span<const std::int32_t> prime, const NextLogits& next,
                   const GenerateOptions& options, const std::function<void(std::string_view)>& show,
                   Location where = Location::current());

}  // namespace sluice::text
