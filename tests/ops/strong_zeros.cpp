// The gradient of what was not chosen is zero, whatever slopes it meets further down.

#include <sluice/graph/arithmetic.h>
#include <sluice/graph/evaluate.h>
#include <sluice/graph/grad.h>
#include <sluice/graph/variable.h>
#include <sluice/ops/ops.h>

#include <cmath>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "support/catch.h"
#include "support/close.h"
#include "support/edges.h"

using namespace sluice;
using namespace sluice::test;

namespace {

using Function = std::function<Tensor(const Tensor&)>;

/// An op of a user's, with a slope that is infinite at 0.
struct Root final : Elementwise<Root, 1> {
  static constexpr std::string_view id = "test_root";
  static auto value(auto x) { return std::sqrt(x); }
  Tensors gradient(const Tensor& y, const Tensor& dy) const override { return {0.5 * dy / y}; }
};

Elements slopes(const Function& f, const Tensor& x) { return value_and_slope(f, x).slope; }

}  // namespace

TEST_CASE("an infinite slope of what where did not choose gives zero") {
  const std::pair<std::string, Function> functions[] = {
      {"log", [](const Tensor& x) { return log(x); }},
      {"x log x", [](const Tensor& x) { return x * log(x); }},
      {"1 / x", [](const Tensor& x) { return 1 / x; }},
      {"2 / x^2", [](const Tensor& x) { return 2 / square(x); }},
      {"sqrt", [](const Tensor& x) { return sqrt(x); }},
      {"rsqrt", [](const Tensor& x) { return rsqrt(x); }},
      {"power", [](const Tensor& x) { return pow(x, -0.5); }},
      {"pow", [](const Tensor& x) { return pow(x, 0.5 * ones_like(x)); }},
      {"log1p", [](const Tensor& x) { return log1p(x - 1); }},
      {"overflow", [](const Tensor& x) { return exp(1 / x) * tanh(1 / x); }},
      {"a user's op", [](const Tensor& x) { return make<Root>(x); }},
      {"an op on the way",
       [](const Tensor& x) {
         return 3 * log(reshape(x, {2, 2, 1}));
       }},
      {"sum",
       [](const Tensor& x) {
         return broadcast_to(sum(log(x), 1, true), {2, 2});
       }},
      {"product",
       [](const Tensor& x) {
         return matmul(log(x), tensor({1.f, 2.f, 3.f, 4.f}, {2, 2}));
       }},
  };
  const Tensor x = tensor({0.f, 0.f, 2.f, 3.f}, {2, 2});
  for (const auto& named : functions) {
    const Function& f = named.second;
    INFO(named.first);
    const auto chosen = [&](const Tensor& t) {
      const Tensor y = reshape(f(t), {2, 2});
      return where(broadcast_to(slice(t, 1, 0, 1) > 0, {2, 2}), y, 5);
    };
    const Elements got = slopes(chosen, x);
    CHECK(got[0] == 0);
    CHECK(got[1] == 0);
    // What was chosen has the gradient it has alone.
    const auto alone = [&](const Tensor& t) { return reshape(f(t), {2, 2}); };
    const Elements right = slopes(alone, tensor({1.f, 1.f, 2.f, 3.f}, {2, 2}));
    CHECK(got[2] == right[2]);
    CHECK(got[3] == right[3]);
  }
}

TEST_CASE("every choice leaves zeros that stay") {
  const Tensor x = tensor({0.f, 2.f});
  CHECK(slopes([](const Tensor& t) { return clamp(log(t), -10, 10); }, x) == Elements{0, 0.5});
  CHECK(slopes([](const Tensor& t) { return maximum(log(t), -10); }, x) == Elements{0, 0.5});
  CHECK(slopes([](const Tensor& t) { return minimum(-log(t), 10); }, x) == Elements{0, -0.5});
  CHECK(slopes([](const Tensor& t) { return relu(log(t)); }, x) == Elements{0, 0.5});
  CHECK(slopes([](const Tensor& t) { return max(log(t)); }, x) == Elements{0, 0.5});
  CHECK(slopes([](const Tensor& t) { return min(-log(t)); }, x) == Elements{0, -0.5});
  CHECK(slopes([](const Tensor& t) { return multiply_no_nan(log(t), stop_gradient(t)); }, x) ==
        Elements{0, 1});
  // NaN, too, where it was not chosen; and not a NaN or an infinity that was.
  const Tensor with_nan = tensor({quiet_nan, 2.f});
  CHECK(slopes([](const Tensor& t) { return where(t > 0, tanh(square(t)) * t, 0); }, with_nan)[0] == 0);
  CHECK(std::isnan(slopes([](const Tensor& t) { return where(t > 0, t, square(t)); }, with_nan)[0]));
  CHECK(slopes([](const Tensor& t) { return where(t > 0, 0, log(t)); }, x)[0] == inf);
}

TEST_CASE("zeros of what was not chosen stay in loops") {
  // In the step that chose, and in steps before it.
  const auto y = [](const Tensor& t) {
    return scan(
               [](const Tensors& carry, const Tensors& x) {
                 const Tensor next = where(x[0] > 0, log(carry[0]) + 3, carry[0] * 0.5);
                 return Carried{{where(x[0] > 5, 7, next)}, {}};
               },
               {t}, {tensor({0.f, 6.f, 1.f, 0.f}, {4, 1})})
        .carry[0];
  };
  CHECK(slopes(y, tensor({0.f})) == Elements{0});
  CHECK(slopes(y, tensor({2.f})) == Elements{0});
}

TEST_CASE("forward mode and second derivatives at a choice") {
  const auto f = [](const Tensors& x) { return Tensors{where(x[0] > 0, x[0] * log(x[0]), 0)}; };
  const Tensor x = tensor({0., 2.});
  CHECK(numbers(jvp(f, {x}, {tensor({1., 1.})}).tangents[0]) == Elements{0, 1 + std::log(2.)});
  const auto slope = [&](const Tensor& t) { return vjp(f({t}), {ones_like(t)}, {t})[0]; };
  CHECK(slopes(slope, x) == Elements{0, 0.5});
  // A gradient that happens to be zero, for the loss has its minimum, does not hide the second derivative.
  const Tensor w = tensor({1.});
  const auto loss = [](const Tensor& t) { return square(where(t > 0, exp(t), t) - tensor({std::exp(1.)})); };
  const auto slope_of_loss = [&](const Tensor& t) { return grad(sum(loss(t)), t); };
  CHECK(numbers(slope_of_loss(w))[0] == 0);
  CHECK(slopes(slope_of_loss, w)[0] == Approx(2 * std::exp(2.)));
}
