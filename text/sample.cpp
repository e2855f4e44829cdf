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

void require_logits(std::span<const float> logits) {
  constexpr float infinity = std::numeric_limits<float>::infinity();
  if (logits.empty())
    throw Error("[sample] a choice needs at least one logit: got none; pass what the model gives");
  bool possible = false;
  for (std::size_t id = 0; id < logits.size(); ++id) {
    if (std::isnan(logits[id]) || logits[id] == infinity) {
      throw Error(fmt::format(
          "[sample] logits must be finite or -infinity: got logit {}, which is {}; the model has diverged",
          id, std::isnan(logits[id]) ? "NaN" : "+infinity"));
    }
    possible = possible || logits[id] != -infinity;
  }
  if (!possible) {
    throw Error(
        fmt::format("[sample] one logit must be finite: got {}, all of them -infinity; exclude fewer tokens",
                    logits.size()));
  }
}

/// A logit behind the penalty. Kept finite, so that no penalty excludes a token or makes it the only one.
double penalised(double logit, double penalty) {
  if (std::isinf(logit)) return logit;
  return std::clamp(logit > 0 ? logit / penalty : logit * penalty, -1e300, 1e300);
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
  if (!(options.min_p >= 0 && options.min_p <= 1)) {
    throw Error(fmt::format(
        "[sample] min_p must be at least 0 and at most 1: got {}; use 0 to keep all tokens", options.min_p));
  }
  if (!(options.repetition_penalty > 0) || std::isinf(options.repetition_penalty)) {
    throw Error(fmt::format(
        "[sample] the repetition penalty must be finite and above 0: got {}; use 1 for none, 1.2 for a mild "
        "one",
        options.repetition_penalty));
  }
}

std::int32_t Sampler::operator()(std::span<const float> logits, double uniform,
                                 std::span<const std::int32_t> recent, Location where) {
  const sluice::detail::Call call(where);
  require_logits(logits);
  if (!(uniform >= 0 && uniform < 1)) {
    throw Error(fmt::format("[sample] the random number must be in [0, 1): got {}; draw it anew", uniform));
  }
  logits_.assign(logits.begin(), logits.end());
  if (options_.repetition_penalty != 1) penalise(logits, recent);
  const auto place = std::max_element(logits_.begin(), logits_.end());  // the first of equal ones
  const auto largest = static_cast<std::size_t>(place - logits_.begin());
  if (options_.temperature == 0) return static_cast<std::int32_t>(largest);

  weights_.resize(logits.size());
  const double highest = logits_[largest];
  std::transform(logits_.begin(), logits_.end(), weights_.begin(),
                 [&](double logit) { return std::exp((logit - highest) / options_.temperature); });
  const bool limited = options_.top_k > 0 && options_.top_k < logits.size();
  if (limited || options_.top_p < 1) drop_improbable();
  // The largest weight is 1, and no weight is below a min_p of 0.
  std::replace_if(
      weights_.begin(), weights_.end(), [&](double weight) { return weight < options_.min_p; }, 0.0);

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

void Sampler::penalise(std::span<const float> logits, std::span<const std::int32_t> recent) {
  const std::size_t window = options_.repetition_window;
  if (window > 0 && window < recent.size()) recent = recent.last(window);
  for (const std::int32_t id : recent) {
    if (id < 0 || static_cast<std::size_t>(id) >= logits_.size()) {
      throw Error(
          fmt::format("[sample] recent tokens must be in 0..{}: got {}; pass tokens of the model that the "
                      "logits are from",
                      logits_.size() - 1, id));
    }
    // Made from the model's own logit, so a token that occurs twice is penalised once.
    const auto place = static_cast<std::size_t>(id);
    logits_[place] = penalised(logits[place], options_.repetition_penalty);
  }
}

void Sampler::drop_improbable() {
  const auto value = [&](std::int32_t id) { return logits_[static_cast<std::size_t>(id)]; };
  const auto weight = [&](std::int32_t id) -> double& { return weights_[static_cast<std::size_t>(id)]; };
  ranking_.resize(logits_.size());
  std::iota(ranking_.begin(), ranking_.end(), 0);
  const auto limit = options_.top_k == 0 ? logits_.size() : std::min(options_.top_k, logits_.size());
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
