// Random numbers of hard parameters: refused where they mean nothing, and as stated where they do.

#include <sluice/graph/arithmetic.h>
#include <sluice/graph/evaluate.h>
#include <sluice/ops/ops.h>

#include <algorithm>

#include "support/close.h"
#include "support/hard_values.h"

using namespace sluice;
using namespace sluice::test;

namespace {

constexpr double largest = std::numeric_limits<float>::max();
constexpr double smallest = std::numeric_limits<float>::denorm_min();

}  // namespace

TEST_CASE("uniform and normal numbers of hard ranges") {
  const Tensor key = random::key(3);
  const auto uniform = [&](double low, double high) {
    const Tensor y = random::uniform(key, {1000}, low, high);
    note_driven("random::uniform", {y});
    Elements x = numbers(y);
    std::sort(x.begin(), x.end());
    return x;
  };
  for (const auto& [low, high] : std::vector<std::pair<double, double>>{{-largest, largest},
                                                                        {0, largest},
                                                                        {0, smallest},
                                                                        {-smallest, smallest},
                                                                        {1, 1 + 1e-7},
                                                                        {-0., 1}}) {
    CAPTURE(low, high);
    const Elements x = uniform(low, high);
    CHECK(x.front() >= low);
    CHECK(x.back() < static_cast<float>(high));
    if (high - low > 1) CHECK(x[500] == Approx((low + high) / 2).margin((high - low) / 10));
  }
  for (const double bad : {double{inf}, -double{inf}, double{quiet_nan}, 1e39}) {
    CAPTURE(bad);
    CHECK_THROWS_AS(random::uniform(key, {3}, 0, bad), Error);
    CHECK_THROWS_AS(random::uniform(key, {3}, bad, 0), Error);
    CHECK_THROWS_AS(random::normal(key, {3}, bad, 1), Error);
    CHECK_THROWS_AS(random::normal(key, {3}, 0, bad), Error);
  }
  CHECK_THROWS_AS(random::normal(key, {3}, 0, -smallest), Error);
  const Tensor constant = random::normal(key, {3}, largest, 0);
  note_driven("random::normal", {constant});
  CHECK(numbers(constant) == Elements(3, largest));
  CHECK(numbers(random::normal(key, {3}, -0., 0)) == Elements(3));
}

TEST_CASE("choices by hard probabilities") {
  const Tensor key = random::key(3);
  const auto share = [&](const Operand& p) {
    const Tensor y = random::bernoulli(key, p, {1000});
    note_driven("random::probability", {y});
    const Elements x = numbers(y);
    return std::count(x.begin(), x.end(), 1);
  };
  CHECK(share(tensor({0.f})) == 0);
  CHECK(share(tensor({-0.f})) == 0);
  CHECK(share(tensor({1.f})) == 1000);
  CHECK(share(tensor({static_cast<float>(smallest)})) == 0);
  for (const float bad : {inf, -inf, quiet_nan, -1e-9f, 1.0000001f}) {
    CAPTURE(bad);
    CHECK_THROWS_AS(random::bernoulli(key, bad, {3}), Error);
    CHECK_THROWS_AS(evaluate(random::bernoulli(key, tensor({bad}), {3})), Error);
  }
  const auto drawn = [&](const Tensor& logits) {
    const Tensor y = random::categorical(key, broadcast_to(logits, {1000, 3}), 1);
    note_driven("random::categorical", {y});
    return numbers(y);
  };
  const auto large = static_cast<float>(largest);
  CHECK(drawn(tensor({-inf, 0.f, -inf})) == Elements(1000, 1));
  CHECK(drawn(tensor({large, -large, 0.f})) == Elements(1000, 0));
  CHECK(drawn(tensor({-large, -inf, -inf})) == Elements(1000, 0));
  const Elements equal = drawn(tensor({large, large, -large}));
  CHECK(std::count(equal.begin(), equal.end(), 0) > 400);
  CHECK(std::count(equal.begin(), equal.end(), 1) > 400);
  CHECK_THROWS_AS(drawn(tensor({0.f, inf, 0.f})), Error);
  CHECK_THROWS_AS(drawn(tensor({0.f, quiet_nan, 0.f})), Error);
  CHECK_THROWS_AS(drawn(tensor({-inf, -inf, -inf})), Error);
}

TEST_CASE("keys of hard numbers differ") {
  using Limits = std::numeric_limits<std::int32_t>;
  const Tensor key = random::key(std::numeric_limits<std::uint64_t>::max());
  std::set<Elements> seen{numbers(key)};
  const Tensor numbers_at_ends[] = {tensor({0}, {}), tensor({-1}, {}), tensor({Limits::min()}, {}),
                                    tensor({Limits::max()}, {})};
  for (const Tensor& number : numbers_at_ends) {
    const Tensor folded = random::fold_in(key, number);
    note_driven("random::fold_in", {folded});
    CHECK(seen.insert(numbers(folded)).second);
  }
  for (const Tensor& part : random::split(key, 3)) {
    note_driven("random::split", {part});
    CHECK(seen.insert(numbers(part)).second);
  }
}
