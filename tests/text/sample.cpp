#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <span>
#include <vector>

#include <sluice/graph/error.h>
#include <sluice/text/sample.h>

#include "support/allocations.h"
#include "support/catch.h"

using sluice::text::SampleOptions;
using sluice::text::Sampler;

namespace {

constexpr float infinity = std::numeric_limits<float>::infinity();
constexpr double below_one = 1 - std::numeric_limits<double>::epsilon() / 2;

SampleOptions options(double temperature, std::size_t top_k = 0, double top_p = 1) {
  return {temperature, top_k, top_p};
}

/// How often each token is chosen for the midpoints of `steps` equal parts of [0, 1).
std::vector<int> frequencies(const std::vector<float>& logits, SampleOptions how, int steps) {
  Sampler sampler(how);
  std::vector<int> counts(logits.size());
  for (int i = 0; i < steps; ++i) ++counts[static_cast<std::size_t>(sampler(logits, (i + 0.5) / steps))];
  return counts;
}

/// The probabilities by definition: each token compared with each other one.
std::vector<double> expected_probabilities(const std::vector<float>& logits, SampleOptions how) {
  const std::size_t n = logits.size();
  const double highest = *std::max_element(logits.begin(), logits.end());
  std::vector<std::size_t> ranked(n);
  for (std::size_t id = 0; id < n; ++id) {
    std::size_t rank = 0;
    for (std::size_t other = 0; other < n; ++other) {
      rank += logits[other] > logits[id] || (logits[other] == logits[id] && other < id);
    }
    ranked[rank] = id;
  }
  std::vector<double> weights(n);
  for (std::size_t id = 0; id < n; ++id) weights[id] = std::exp((logits[id] - highest) / how.temperature);
  if (how.top_k > 0) {
    for (std::size_t rank = how.top_k; rank < n; ++rank) weights[ranked[rank]] = 0;
  }
  double total = 0;
  for (const double weight : weights) total += weight;
  double before = 0;
  for (std::size_t rank = 0; rank < n; ++rank) {
    const double weight = weights[ranked[rank]];
    if (before >= how.top_p * total) weights[ranked[rank]] = 0;
    before += weight;
  }
  const double most = *std::max_element(weights.begin(), weights.end());
  for (double& weight : weights) weight = weight < how.min_p * most ? 0 : weight;
  total = 0;
  for (const double weight : weights) total += weight;
  for (double& weight : weights) weight /= total;
  return weights;
}

}  // namespace

TEST_CASE("Temperature 0 takes the largest logit, the first of equal ones") {
  Sampler sampler(options(0));
  for (const double uniform : {0.0, 0.5, below_one}) {
    CHECK(sampler(std::vector<float>{1, 3, 2}, uniform) == 1);
    CHECK(sampler(std::vector<float>{1, 3, 3}, uniform) == 1);
    CHECK(sampler(std::vector<float>{-infinity, -5, -infinity}, uniform) == 1);
  }
}

TEST_CASE("One token is always chosen") {
  for (const auto how : {options(0), options(1), options(0.5, 1), options(2, 3, 0.1)}) {
    Sampler sampler(how);
    for (const double uniform : {0.0, 0.3, below_one})
      CHECK(sampler(std::vector<float>{-40.f}, uniform) == 0);
  }
}

TEST_CASE("Tokens are chosen for their share of the random numbers") {
  std::vector<float> logits;
  for (const double p : {0.1, 0.2, 0.3, 0.4}) logits.push_back(static_cast<float>(std::log(p) + 17));
  CHECK(frequencies(logits, options(1), 1000) == std::vector<int>{100, 200, 300, 400});
  // Temperature 1/2 squares the probabilities: 1, 4, 9, 16 of 30.
  CHECK(frequencies(logits, options(0.5), 3000) == std::vector<int>{100, 400, 900, 1600});
  CHECK(frequencies(logits, options(1, 2), 700) == std::vector<int>{0, 0, 300, 400});
  CHECK(frequencies(logits, options(1, 0, 0.69), 700) == std::vector<int>{0, 0, 300, 400});
  CHECK(frequencies(logits, options(1, 0, 0.71), 900) == std::vector<int>{0, 200, 300, 400});
  CHECK(frequencies(logits, options(1, 1), 10) == std::vector<int>{0, 0, 0, 10});
  // top_p counts what top_k has left: 0.4 of 0.7 is more than half.
  CHECK(frequencies(logits, options(1, 2, 0.5), 10) == std::vector<int>{0, 0, 0, 10});
}

TEST_CASE("top_p keeps the fewest tokens that reach it, and at least one") {
  const std::vector<float> equal(4, 2.f);
  CHECK(frequencies(equal, options(1, 0, 0.5), 8) == std::vector<int>{4, 4, 0, 0});
  CHECK(frequencies(equal, options(1, 0, 0.5000001), 9) == std::vector<int>{3, 3, 3, 0});
  CHECK(frequencies(equal, options(1, 0, 0.25), 8) == std::vector<int>{8, 0, 0, 0});
  CHECK(frequencies(equal, options(1, 0, 1e-300), 8) == std::vector<int>{8, 0, 0, 0});
  CHECK(frequencies(equal, options(1, 0, below_one), 8) == std::vector<int>{2, 2, 2, 2});
  CHECK(frequencies(equal, options(1, 0, 1), 8) == std::vector<int>{2, 2, 2, 2});
}

TEST_CASE("min_p keeps the tokens with that share of the largest probability") {
  std::vector<float> logits;
  for (const double p : {0.1, 0.2, 0.3, 0.4}) logits.push_back(static_cast<float>(std::log(p) - 3));
  const auto with = [](double min_p, double temperature = 1, double top_p = 1) {
    return SampleOptions{.temperature = temperature, .top_p = top_p, .min_p = min_p};
  };
  CHECK(frequencies(logits, with(0), 1000) == std::vector<int>{100, 200, 300, 400});
  CHECK(frequencies(logits, with(0.24), 1000) == std::vector<int>{100, 200, 300, 400});
  CHECK(frequencies(logits, with(0.26), 900) == std::vector<int>{0, 200, 300, 400});
  CHECK(frequencies(logits, with(0.51), 700) == std::vector<int>{0, 0, 300, 400});
  CHECK(frequencies(logits, with(0.76), 10) == std::vector<int>{0, 0, 0, 10});
  CHECK(frequencies(logits, with(1), 10) == std::vector<int>{0, 0, 0, 10});
  // It counts behind the temperature: at 1/2 the shares of the largest are 1/16, 4/16, 9/16 and 1.
  CHECK(frequencies(logits, with(0.24, 0.5), 2900) == std::vector<int>{0, 400, 900, 1600});
  CHECK(frequencies(logits, with(0.26, 0.5), 2500) == std::vector<int>{0, 0, 900, 1600});
  // And behind top_p, of what it has left.
  CHECK(frequencies(logits, with(0.51, 1, 0.85), 700) == std::vector<int>{0, 0, 300, 400});
  CHECK(frequencies(logits, with(0.1, 1, 0.69), 700) == std::vector<int>{0, 0, 300, 400});
  CHECK(frequencies({2, 2, 1, 2}, with(1), 9) == std::vector<int>{3, 3, 0, 3});
  CHECK(frequencies({-infinity, 1}, with(0), 5) == std::vector<int>{0, 5});
}

TEST_CASE("The repetition penalty divides positive logits of recent tokens and multiplies negative ones") {
  const std::vector<float> logits{2, -1, 0, 1};
  const SampleOptions how{.temperature = 0.5, .repetition_penalty = 2};
  Sampler sampler(how);
  Sampler plain({.temperature = 0.5});
  const std::vector<float> by_hand{1, -2, 0, 1};
  for (int i = 0; i < 100; ++i) {
    REQUIRE(sampler(logits, i / 100.0, std::vector<std::int32_t>{1, 0, 2, 0}) == plain(by_hand, i / 100.0));
    REQUIRE(sampler(logits, i / 100.0) == plain(logits, i / 100.0));
    // Without a penalty nothing looks at what was written.
    REQUIRE(plain(logits, i / 100.0, std::vector<std::int32_t>{77}) == plain(logits, i / 100.0));
  }
  // Before temperature 0 takes the largest: token 3 by its id, since 2 / 2 = 1.
  Sampler greedy({.temperature = 0, .repetition_penalty = 2.5});
  CHECK(greedy(logits, 0.5) == 0);
  CHECK(greedy(logits, 0.5, std::vector<std::int32_t>{0}) == 3);
  // Below 1 it makes them more probable.
  Sampler again({.temperature = 0, .repetition_penalty = 0.25});
  CHECK(again(logits, 0.5, std::vector<std::int32_t>{3}) == 3);
}

TEST_CASE("The repetition window counts the last tokens") {
  const std::vector<float> logits{3, 2, 1};
  const std::vector<std::int32_t> written{0, 0, 1, 1, 1};
  const auto with = [&](std::size_t window) {
    Sampler sampler({.temperature = 0, .repetition_penalty = 10, .repetition_window = window});
    return sampler(logits, 0, written);
  };
  CHECK(with(1) == 0);
  CHECK(with(3) == 0);
  CHECK(with(4) == 2);
  CHECK(with(5) == 2);
  CHECK(with(0) == 2);
  CHECK(with(std::numeric_limits<std::size_t>::max()) == 2);
  std::vector<std::int32_t> far{0};
  far.resize(65, 1);
  Sampler usual({.temperature = 0, .repetition_penalty = 10});
  CHECK(usual(logits, 0, far) == 0);  // the first of 65 is out of the window of 64
  CHECK(usual(logits, 0, std::span<const std::int32_t>(far).first(64)) == 2);
}

TEST_CASE("No penalty is too large or too small") {
  constexpr float largest = std::numeric_limits<float>::max();
  const std::vector<std::int32_t> all{0, 1, 2};
  for (const double penalty :
       {std::numeric_limits<double>::max(), std::numeric_limits<double>::denorm_min()}) {
    Sampler sampler({.repetition_penalty = penalty});
    const std::int32_t id = sampler(std::vector<float>{largest, -largest, -infinity}, 0.5, all);
    CHECK(id == 0);
    CHECK(sampler(std::vector<float>{-infinity, -largest, -infinity}, 0.5, all) == 1);
    CHECK(sampler(std::vector<float>{largest, largest, largest}, 0.5, all) == 1);
  }
}

TEST_CASE("Equal logits are kept in the order of their ids") {
  const std::vector<float> logits{1, 5, 5, 5, 0};
  CHECK(frequencies(logits, options(1, 2), 8) == std::vector<int>{0, 4, 4, 0, 0});
  CHECK(frequencies(logits, options(1, 1), 8) == std::vector<int>{0, 8, 0, 0, 0});
}

TEST_CASE("A top_k of the number of tokens or more keeps all") {
  const std::vector<float> equal(3, -1.f);
  for (const std::size_t k : {std::size_t{0}, std::size_t{3}, std::numeric_limits<std::size_t>::max()}) {
    CHECK(frequencies(equal, options(1, k), 9) == std::vector<int>{3, 3, 3});
  }
}

TEST_CASE("Random choices follow the definition") {
  std::mt19937 random(21);
  for (int round = 0; round < 400; ++round) {
    std::vector<float> logits(1 + random() % 30);
    for (float& logit : logits) {
      logit = static_cast<float>(random() % 64) / 8;  // equal ones are frequent
      if (random() % 10 == 0) logit = -infinity;
    }
    logits[random() % logits.size()] = 3;
    const SampleOptions how{0.25 + static_cast<double>(random() % 16) / 8, random() % (logits.size() + 2),
                            random() % 2 ? 1 : 0.05 + static_cast<double>(random() % 94) / 100,
                            random() % 2 ? 0 : static_cast<double>(random() % 101) / 100};
    const std::vector<double> expected = expected_probabilities(logits, how);
    const int steps = 2000;
    const std::vector<int> counts = frequencies(logits, how, steps);
    CAPTURE(round, how.temperature, how.top_k, how.top_p, how.min_p);
    for (std::size_t id = 0; id < logits.size(); ++id) {
      // The midpoints in an interval of that width are its share of them to within one.
      REQUIRE(std::abs(counts[id] - expected[id] * steps) <= 1 + 1e-6);
      if (expected[id] == 0) REQUIRE(counts[id] == 0);
    }
  }
}

TEST_CASE("A larger random number never chooses a smaller id") {
  Sampler sampler(options(0.8, 5, 0.9));
  const std::vector<float> logits{0, 2, 1, 2, -1, 3, 0.5f};
  std::int32_t before = 0;
  for (int i = 0; i < 1000; ++i) {
    const std::int32_t id = sampler(logits, i / 1000.0);
    REQUIRE(id >= before);
    before = id;
  }
}

TEST_CASE("Excluded tokens are never chosen, not even at the ends") {
  const std::vector<float> logits{-infinity, 1, -infinity, 1, -infinity};
  for (const auto how : {options(1), options(1e-300), options(1e300), options(1, 4), options(1, 0, 0.99)}) {
    Sampler sampler(how);
    CHECK(sampler(logits, 0) == 1);
    CHECK(sampler(logits, 0.49) == 1);
    CHECK(sampler(logits, 0.51) == 3);
    CHECK(sampler(logits, below_one) == 3);
  }
}

TEST_CASE("No logit and no temperature is too large or too small") {
  constexpr float largest = std::numeric_limits<float>::max();
  const std::vector<float> far{-largest, largest};
  CHECK(frequencies(far, options(1), 10) == std::vector<int>{0, 10});
  CHECK(frequencies(far, options(std::numeric_limits<double>::denorm_min()), 10) == std::vector<int>{0, 10});
  CHECK(frequencies(far, options(std::numeric_limits<double>::max()), 10) == std::vector<int>{5, 5});
  CHECK(frequencies({1000, 1000}, options(1), 10) == std::vector<int>{5, 5});
  CHECK(frequencies({-largest, -largest}, options(1, 2, 0.999), 10) == std::vector<int>{5, 5});
}

TEST_CASE("Sampling again allocates nothing") {
  Sampler sampler({.temperature = 0.9, .top_k = 40, .top_p = 0.95, .min_p = 0.1, .repetition_penalty = 1.2});
  const std::vector<std::int32_t> recent{1, 2, 3, 2};
  std::vector<float> logits(300);
  for (std::size_t i = 0; i < logits.size(); ++i) logits[i] = static_cast<float>(i * 7919 % 300) / 50;
  std::int32_t id = sampler(logits, 0.5);
  const std::size_t before = allocations();
  for (int i = 0; i < 100; ++i) id += sampler(logits, i / 100.0, recent);
  id += sampler(std::span<const float>(logits).first(50), 0.2);
  const std::size_t after = allocations();
  CHECK(before > 0);
  CHECK(after == before);
  CHECK(id > 0);
}

TEST_CASE("Logits that are no logits are errors") {
  Sampler sampler;
  CHECK_THROWS_WITH(sampler({}, 0.5), contains("[sample] a choice needs at least one logit: got none"));
  const std::string rule = "[sample] logits must be finite or -infinity: got logit ";
  CHECK_THROWS_WITH(sampler(std::vector<float>{1, std::nanf(""), 2}, 0.5),
                    contains(rule + "1, which is NaN; the model has diverged"));
  CHECK_THROWS_WITH(sampler(std::vector<float>{1, 2, infinity}, 0.5),
                    contains(rule + "2, which is +infinity; the model has diverged"));
  CHECK_THROWS_WITH(
      sampler(std::vector<float>{-infinity, -infinity}, 0.5),
      contains("[sample] one logit must be finite: got 2, all of them -infinity; exclude fewer tokens"));
  CHECK_THROWS_AS(Sampler(options(0))(std::vector<float>{std::nanf("")}, 0.5), sluice::Error);
}

TEST_CASE("Random numbers and options out of range are errors") {
  Sampler sampler;
  const std::vector<float> logits{1, 2};
  CHECK_THROWS_WITH(sampler(logits, 1), contains("[sample] the random number must be in [0, 1): got 1"));
  CHECK_THROWS_WITH(sampler(logits, -0.25),
                    contains("[sample] the random number must be in [0, 1): got -0.25"));
  CHECK_THROWS_WITH(sampler(logits, std::nan("")),
                    contains("[sample] the random number must be in [0, 1): got nan"));
  const std::string temperature = "[sample] the temperature must be finite and not negative: got ";
  const std::string advice = "; use 0 for the most probable token, 1 for the model's own probabilities";
  CHECK_THROWS_WITH(Sampler(options(-1)), contains(temperature + "-1" + advice));
  CHECK_THROWS_WITH(Sampler(options(std::nan(""))), contains(temperature + "nan" + advice));
  CHECK_THROWS_WITH(Sampler(options(infinity)), contains(temperature + "inf" + advice));
  const std::string top_p = "[sample] top_p must be above 0 and at most 1: got ";
  CHECK_THROWS_WITH(Sampler(options(1, 0, 0)), contains(top_p + "0; use 1 to keep all tokens"));
  CHECK_THROWS_WITH(Sampler(options(1, 0, 1.5)), contains(top_p + "1.5; use 1 to keep all tokens"));
  CHECK_THROWS_WITH(Sampler(options(1, 0, std::nan(""))), contains(top_p + "nan; use 1 to keep all tokens"));
  const std::string min_p = "[sample] min_p must be at least 0 and at most 1: got ";
  for (const double bad : {-0.5, 1.5}) {
    CHECK_THROWS_WITH(Sampler({.min_p = bad}), contains(min_p + (bad < 0 ? "-0.5" : "1.5") + "; use 0"));
  }
  CHECK_THROWS_WITH(Sampler({.min_p = std::nan("")}), contains(min_p + "nan; use 0 to keep all tokens"));
  const std::string penalty = "[sample] the repetition penalty must be finite and above 0: got ";
  CHECK_THROWS_WITH(Sampler({.repetition_penalty = 0}), contains(penalty + "0; use 1 for none"));
  CHECK_THROWS_WITH(Sampler({.repetition_penalty = -1.5}), contains(penalty + "-1.5; use 1 for none"));
  CHECK_THROWS_WITH(Sampler({.repetition_penalty = infinity}), contains(penalty + "inf; use 1 for none"));
  CHECK_THROWS_WITH(Sampler({.repetition_penalty = std::nan("")}), contains(penalty + "nan; use 1 for none"));
  Sampler penalised({.repetition_penalty = 1.5, .repetition_window = 2});
  const std::string recent = "[sample] recent tokens must be in 0..1: got ";
  CHECK_THROWS_WITH(penalised(logits, 0, std::vector<std::int32_t>{0, 2}),
                    contains(recent + "2; pass tokens"));
  CHECK_THROWS_WITH(penalised(logits, 0, std::vector<std::int32_t>{-1, 1}), contains(recent + "-1; pass"));
  CHECK_NOTHROW(penalised(logits, 0, std::vector<std::int32_t>{5, 1, 1}));
}
