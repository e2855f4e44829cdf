#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include <sluice/graph/call.h>
#include <sluice/graph/error.h>
#include <sluice/text/sample.h>

namespace sluice::text {
namespace {

/// The index of the largest logit; checks all of them.
std::size_t find_largest(std::span<const float> logits) {
  constexpr float infinity = std::numeric_limits<float>::infinity();
  if (logits.empty())
    throw Error("[sample] a choice needs at least one logit: got none; pass what the model gives");
  std::size_t largest = 0;
  for (std::size_t id = 0; id < logits.size(); ++id) {
    if (std::isnan(logits[id]) || logits[id] == infinity) {
      throw Error(fmt::format(
          "[sample] logits must be finite or -infinity: got logit {}, which is {}; the model has diverged",
          id, std::isnan(logits[id]) ? "NaN" : "+infinity"));
    }
    if (logits[id] > logits[largest]) largest = id;
  }
  if (logits[largest] == -infinity) {
    throw Error(
        fmt::format("[sample] one logit must be finite: got {}, all of them -infinity; exclude fewer tokens",
                    logits.size()));
  }
  return largest;
}

}  // namespace

Sampler::Sampler(SampleOptions options, Location where) : options_(options) {
  const sluice::detail::Call call(where);
  if (!(options.temperature >= 0) || std::isinf(options.temperature)) {
    throw Error(
        fmt::format("[sample] the temperature must be finite and not negative: got {}; use 0 for the most "
                    "probable token, 1 for the model's own probabilities",
                    options.temperature));
  }
  if (!(options.top_p > 0 && options.top_p <= 1)) {
    throw Error(fmt::format("[sample] top_p must be above 0 and at most 1: got {}; use 1 to keep all tokens",
                            options.top_p));
  }
}

std::int32_t Sampler::operator()(std::span<const float> logits, double uniform, Location where) {
  const sluice::detail::Call call(where);
  const std::size_t largest = find_largest(logits);
  if (!(uniform >= 0 && uniform < 1)) {
    throw Error(fmt::format("[sample] the random number must be in [0, 1): got {}; draw it anew", uniform));
  }
  if (options_.temperature == 0) return static_cast<std::int32_t>(largest);

  weights_.resize(logits.size());
  const double highest = logits[largest];
  std::transform(logits.begin(), logits.end(), weights_.begin(),
                 [&](float logit) { return std::exp((logit - highest) / options_.temperature); });
  const bool limited = options_.top_k > 0 && options_.top_k < logits.size();
  if (limited || options_.top_p < 1) drop_improbable(logits);

  const double target = uniform * std::accumulate(weights_.begin(), weights_.end(), 0.0);
  double cumulative = 0;
  // Summed in the order of the total, so it exceeds the target; should fast-math flags reorder either sum,
  // the last possible token is taken.
  std::size_t chosen = largest;
  for (std::size_t id = 0; id < weights_.size() && cumulative <= target; ++id) {
    if (weights_[id] == 0) continue;
    cumulative += weights_[id];
    chosen = id;
  }
  return static_cast<std::int32_t>(chosen);
}

void Sampler::drop_improbable(std::span<const float> logits) {
  const auto value = [&](std::int32_t id) { return logits[static_cast<std::size_t>(id)]; };
  const auto weight = [&](std::int32_t id) -> double& { return weights_[static_cast<std::size_t>(id)]; };
  ranking_.resize(logits.size());
  std::iota(ranking_.begin(), ranking_.end(), 0);
  const auto limit = options_.top_k == 0 ? logits.size() : std::min(options_.top_k, logits.size());
  auto end = ranking_.begin() + static_cast<std::ptrdiff_t>(limit);
  std::partial_sort(ranking_.begin(), end, ranking_.end(), [&](std::int32_t a, std::int32_t b) {
    return value(a) > value(b) || (value(a) == value(b) && a < b);
  });
  if (options_.top_p < 1) {
    double enough = 0;
    for (auto id = ranking_.begin(); id != end; ++id) enough += weight(*id);
    enough *= options_.top_p;
    double cumulative = 0;
    auto kept = ranking_.begin();
    while (kept != end && cumulative < enough) cumulative += weight(*kept++);
    end = kept;
  }
  for (auto id = end; id != ranking_.end(); ++id) weight(*id) = 0;
}

}  // namespace sluice::text
