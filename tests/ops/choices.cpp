// Ops that choose and compare: where, comparisons, logic, maximum and minimum, clamp, cast; and pow.

#include <sluice/graph/evaluate.h>
#include <sluice/graph/grad.h>
#include <sluice/ops/ops.h>

#include <cmath>
#include <cstdint>
#include <limits>

#include "support/catch.h"
#include "support/check_op.h"

using namespace sluice;
using namespace sluice::test;

namespace {

using Elements = std::vector<double>;
using Call = std::function<Tensor(const Tensors&)>;
constexpr double inf = std::numeric_limits<double>::infinity();
constexpr double quiet_nan = std::numeric_limits<double>::quiet_NaN();

std::vector<bool> bools(const Tensor& x) { return evaluate(x).to_vector<bool>(); }
std::vector<double> doubles(const Tensor& x) { return evaluate(x).to_vector<double>(); }
std::vector<std::int32_t> ints(const Tensor& x) { return evaluate(x).to_vector<std::int32_t>(); }
Tensor derivative(const Tensor& y, const Tensor& x) { return vjp({y}, {ones_like(y)}, {x})[0]; }

}  // namespace

TEST_CASE("where chooses by the condition and broadcasts all three") {
  const Tensor mask = tensor({true, false, false, true, true, false}, {2, 3});
  const Tensor column = tensor({true, false}, {2, 1});
  const Tensor yes = tensor({true}, {});
  const Call call = [](const Tensors& x) { return where(x[2], x[0], x[1]); };
  check_op("where", call,
           {{{{2, 3}, {2, 3}}, {mask}},
            {{{3}, {2, 1}}, {mask}},
            {{{}, {}}, {mask}},
            {{{2, 3}, {}}, {mask}},
            {{{}, {3}}, {mask}},
            {{{2, 3}, {3}}, {column}},
            {{{4, 2, 1}, {3}}, {column}},
            {{{2, 3}, {}}, {yes}},
            {{{}, {5}}, {yes}},
            {{{0, 3}, {3}}, {yes}}},
           {.scalar = [](const Elements& x) { return x[2] != 0 ? x[0] : x[1]; }});
  check_error(call, {f32({2}), f32({2}), f32({2})},
              "[where] the condition must be a bool tensor: got f32[2]");
  check_error(call, {f32({2}), f64({2}), boolean({2})},
              "[where] dtypes must be equal: got f32[2] and f64[2]");
  check_error(call, {f32({2}), f32({2}), boolean({3})}, "[where] shapes must be equal or 1");
  check_error(call, {f32({2}), f32({4}), boolean({})}, "[where] shapes must be equal or 1");
}

TEST_CASE("where takes numbers and every dtype, and hides what is not chosen") {
  const Tensor x = tensor({-1.0, 0.0, 4.0});
  CHECK(where(x > 0, x, 0).dtype() == DType::float64);
  CHECK(where(x > 0, 1, x).dtype() == DType::float64);
  CHECK(doubles(where(x > 0, log(x), 0)) == Elements{0, 0, std::log(4.0)});
  CHECK(evaluate(where(x > 0, 1, 2)).to_vector() == std::vector<float>{2, 2, 1});
  CHECK(ints(where(x > 0, tensor({1, 2, 3}), 9)) == std::vector<std::int32_t>{9, 9, 3});
  CHECK(bools(where(x > 0, tensor({true, true, false}), x < 0)) == std::vector<bool>{true, false, false});
  CHECK(doubles(derivative(where(x > 0, x, quiet_nan), x)) == Elements{0, 0, 1});
}

TEST_CASE("comparisons give bool and are false beside NaN") {
  const auto check = [](const std::string& name, const Call& call, bool (*formula)(double, double)) {
    // Few different values, so that some are equal.
    check_op(name, call, binary_samples(),
             {.scalar = [formula](const Elements& x) { return formula(x[0], x[1]) ? 1. : 0.; },
              .draw = [](std::mt19937& random, std::size_t) { return static_cast<double>(random() % 3); },
              .gradient = false});
    check_error(call, {f32({2}), f32({3})}, "[" + name + "] shapes must be equal or 1");
    check_error(call, {f32({2}), i32({2})}, "[" + name + "] dtypes must be equal: got");
    check_error(call, {i32({2}), boolean({2})}, "[" + name + "] ");
  };
  check(
      "less", [](const Tensors& x) { return x[0] < x[1]; }, [](double a, double b) { return a < b; });
  check(
      "less", [](const Tensors& x) { return x[0] > x[1]; }, [](double a, double b) { return a > b; });
  check(
      "less_equal", [](const Tensors& x) { return x[0] <= x[1]; }, [](double a, double b) { return a <= b; });
  check(
      "less_equal", [](const Tensors& x) { return x[0] >= x[1]; }, [](double a, double b) { return a >= b; });
  check(
      "equal", [](const Tensors& x) { return x[0] == x[1]; }, [](double a, double b) { return a == b; });
  check(
      "not_equal", [](const Tensors& x) { return x[0] != x[1]; }, [](double a, double b) { return a != b; });

  const Tensor x = tensor({quiet_nan, -0.0, inf});
  CHECK(bools(x == x) == std::vector<bool>{false, true, true});
  CHECK(bools(x != x) == std::vector<bool>{true, false, false});
  CHECK(bools(x < inf) == std::vector<bool>{false, true, false});
  CHECK(bools(0 >= x) == std::vector<bool>{false, true, false});
  CHECK(bools(tensor({3, 5}) > 3) == std::vector<bool>{false, true});
  CHECK(bools(equal(tensor({true, false}), tensor({false, false}))) == std::vector<bool>{false, true});
  check_error([](const Tensors& b) { return b[0] < b[1]; }, {boolean({2}), boolean({2})},
              "[less] the operand must be a tensor of numbers");
}

TEST_CASE("a comparison carries no gradient") {
  const Tensor x = tensor({1.0, 3.0});
  CHECK(doubles(derivative(x * cast(x > 2, DType::float64), x)) == Elements{0, 1});
}

TEST_CASE("logic follows the truth tables") {
  const Tensor a = tensor({false, false, true, true});
  const Tensor b = tensor({false, true, false, true});
  const auto check = [&](const std::string& name, const Call& call, const std::vector<bool>& expected) {
    CHECK(bools(call({a, b})) == expected);
    check_op(name,
             [&](const Tensors& x) {
               return call({x[0], x[1]});
             },
             {{{}, {a, b}}, {{}, {a, tensor({true}, {1, 1})}}}, {.gradient = false});
    check_error(call, {f32({2}), f32({2})},
                "[" + name + "] the operand must be a bool tensor: got f32[2]; compare it");
    check_error(call, {boolean({2}), i32({2})},
                "[" + name + "] dtypes must be equal: got bool[2] and i32[2]");
    check_error(call, {boolean({2}), boolean({3})}, "[" + name + "] shapes must be equal or 1");
  };
  check("logical_and", [](const Tensors& x) { return logical_and(x[0], x[1]); }, {false, false, false, true});
  check("logical_or", [](const Tensors& x) { return logical_or(x[0], x[1]); }, {false, true, true, true});
  check("logical_xor", [](const Tensors& x) { return logical_xor(x[0], x[1]); }, {false, true, true, false});
  check_op("logical_not", [](const Tensors& x) { return logical_not(x[0]); }, {{{}, {a}}},
           {.gradient = false});
  CHECK(bools(logical_not(a)) == std::vector<bool>{true, true, false, false});
  check_error([](const Tensors& x) { return logical_not(x[0]); }, {i32({2})},
              "[logical_not] the operand must be a bool tensor: got i32[2]");
}

TEST_CASE("maximum and minimum choose one of two and propagate NaN") {
  const auto check = [](const std::string& name, const Call& call, double (*formula)(double, double)) {
    check_op(name, call, binary_samples(),
             {.scalar = [formula](const Elements& x) { return formula(x[0], x[1]); }});
    check_error(call, {f32({2}), f32({3})}, "[" + name + "] shapes must be equal or 1");
    check_error(call, {f32({2}), f64({2})}, "[" + name + "] dtypes must be equal: got f32[2] and f64[2]");
    check_error(call, {boolean({2}), boolean({2})}, "[" + name + "] the operand must be a tensor of numbers");
  };
  check(
      "maximum", [](const Tensors& x) { return maximum(x[0], x[1]); },
      [](double a, double b) { return std::fmax(a, b); });
  check(
      "minimum", [](const Tensors& x) { return minimum(x[0], x[1]); },
      [](double a, double b) { return std::fmin(a, b); });

  const Tensor x = tensor({quiet_nan, 1.0, 1.0, inf});
  const Tensor y = tensor({1.0, quiet_nan, -inf, 1.0});
  const auto larger = doubles(maximum(x, y));
  const auto smaller = doubles(minimum(x, y));
  CHECK(std::isnan(larger[0] + larger[1]));
  CHECK(std::isnan(smaller[0] + smaller[1]));
  CHECK(larger[2] == 1);
  CHECK(smaller[2] == -inf);
  CHECK(larger[3] == inf);
  CHECK(ints(maximum(tensor({1, 5}), 3)) == std::vector<std::int32_t>{3, 5});
  CHECK(ints(minimum(tensor({1, 5}), 3)) == std::vector<std::int32_t>{1, 3});
}

TEST_CASE("equal operands of maximum and minimum share the gradient") {
  const Tensor x = tensor({1.0, 2.0, 3.0});
  const Tensor y = tensor({2.0, 2.0, 2.0});
  CHECK(doubles(derivative(maximum(x, y), x)) == Elements{0, 0.5, 1});
  CHECK(doubles(derivative(maximum(x, y), y)) == Elements{1, 0.5, 0});
  CHECK(doubles(derivative(minimum(x, y), x)) == Elements{1, 0.5, 0});
  CHECK(doubles(derivative(minimum(x, y), y)) == Elements{0, 0.5, 1});
}

TEST_CASE("clamp moves values into an interval") {
  const Call call = [](const Tensors& x) { return clamp(x[0], -0.5, 1.25); };
  check_op("clamp", call, unary_samples(),
           {.scalar = [](const Elements& x) { return std::fmin(std::fmax(x[0], -0.5), 1.25); }});
  const Tensor x = tensor({-1.0, 0.0, 0.5, 1.0, 2.0});
  CHECK(doubles(derivative(clamp(x, 0, 1), x)) == Elements{0, 1, 1, 1, 0});
  CHECK(doubles(clamp(tensor({-inf, inf}), 0, inf)) == Elements{0, inf});
  CHECK(std::isnan(doubles(clamp(tensor({quiet_nan}), 0, 1))[0]));
  CHECK(ints(clamp(tensor({-9, 0, 9}), -2, inf)) == std::vector<std::int32_t>{-2, 0, 9});
  check_error([](const Tensors& t) { return clamp(t[0], 0.2, 0.8); }, {{DType::int32, {2}}},
              "[clamp] a bound of an i32 tensor must be a 32-bit integer: got 0.2");
  check_error([](const Tensors& t) { return clamp(t[0], 0, 1e10); }, {{DType::int32, {2}}},
              "got 10000000000");
  check_error([](const Tensors& t) { return clamp(t[0], 0, 1e300); }, {f32({2})}, "got 1e+300");
  check_error(call, {boolean({2})}, "[clamp] the operand must be a tensor of numbers");
  check_error([](const Tensors& t) { return clamp(t[0], 1, 0); }, {f32({2})},
              "[clamp] low must not be above high: got low 1 and high 0");
  check_error([](const Tensors& t) { return clamp(t[0], 0, quiet_nan); }, {f32({2})}, "low 0 and high nan");
}

TEST_CASE("cast converts between all dtypes") {
  check_op("cast", [](const Tensors& x) { return cast(cast(x[0], DType::float32), DType::float64); },
           {{{}}, {{0}}, {{2, 3}}}, {.scalar = [](const Elements& x) { return x[0]; }, .gradient = false});
  const Tensor x = tensor({-1.75, 0.0, 2.5, quiet_nan, 1e10, -1e10});
  CHECK(ints(cast(x, DType::int32)) == std::vector<std::int32_t>{-1, 0, 2, 0, 2147483647, -2147483647 - 1});
  CHECK(ints(cast(cast(x, DType::float32), DType::int32)) ==
        std::vector<std::int32_t>{-1, 0, 2, 0, 2147483647, -2147483647 - 1});
  CHECK(bools(cast(x, DType::boolean)) == std::vector<bool>{true, false, true, true, true, true});
  CHECK(doubles(cast(tensor({true, false}), DType::float64)) == Elements{1, 0});
  CHECK(ints(cast(tensor({true, false}), DType::int32)) == std::vector<std::int32_t>{1, 0});
  CHECK(doubles(cast(tensor({7, -7}), DType::float64)) == Elements{7, -7});
  CHECK(cast(x, DType::float64).is(x));
  CHECK(cast(x, DType::float32).op().attributes() == "dtype=f32");
  check_error([](const Tensors&) { return cast(Tensor(), DType::float32); }, {f32({})},
              "got an undefined Tensor; assign it first");
}

TEST_CASE("the gradient of cast has the dtype of its input") {
  const Tensor x = tensor({3.f}, {});
  const Tensor d = grad(square(cast(x, DType::float64)), x);
  CHECK(d.dtype() == DType::float32);
  CHECK(evaluate(d).item() == 6);
}

TEST_CASE("pow takes exponents of tensors and numbers") {
  const Call call = [](const Tensors& x) { return pow(x[0], x[1]); };
  check_op("pow", call, binary_samples(),
           {.scalar = [](const Elements& x) { return std::pow(x[0], x[1]); }, .low = 0.4, .high = 2.5});
  for (const double exponent : {-1.5, -1.0, 0.0, 0.5, 1.0, 2.0, 3.0}) {
    check_op(
        "power", [&](const Tensors& x) { return pow(x[0], exponent); }, unary_samples(),
        {.scalar = [&](const Elements& x) { return std::pow(x[0], exponent); }, .low = 0.4, .high = 2.5});
  }
  check_op("pow", [](const Tensors& x) { return pow(2, x[0]); }, unary_samples(),
           {.scalar = [](const Elements& x) { return std::exp2(x[0]); }});
  check_error(call, {f32({2}), f32({3})}, "[pow] shapes must be equal or 1");
  check_error(call, {f32({2}), f64({2})}, "[pow] dtypes must be equal: got f32[2] and f64[2]");
  check_error(call, {i32({2}), i32({2})},
              "[pow] the operand must be a floating tensor (f32 or f64): got i32[2]");
  check_error([](const Tensors& x) { return pow(x[0], 2); }, {i32({2})},
              "[power] the operand must be a floating tensor");
}

TEST_CASE("the gradients of pow are finite where the limits are") {
  const Tensor x = tensor({-2.0, 0.0, 3.0});
  CHECK(doubles(derivative(pow(x, 3), x)) == Elements{12, 0, 27});
  CHECK_FALSE(derivative(pow(x, 0), x).defined());  // no gradient at all: a constant
  CHECK(doubles(derivative(derivative(pow(x, 2), x), x)) == Elements{2, 2, 2});

  const Tensor a = tensor({-2.0, 0.0, 0.0, 0.0, 0.0});
  const Tensor b = tensor({3.0, 0.0, 1.0, 2.0, 0.5});
  CHECK(doubles(derivative(pow(a, b), a)) == Elements{12, 0, 1, 0, inf});
  const auto by_exponent = doubles(derivative(pow(a, b), b));
  CHECK(std::isnan(by_exponent[0]));  // a negative base has a power on isolated exponents only
  CHECK(Elements(by_exponent.begin() + 1, by_exponent.end()) == Elements{0, 0, 0, 0});
  const auto second = doubles(derivative(derivative(pow(a, b), a), a));
  CHECK(Elements(second.begin(), second.begin() + 4) == Elements{-12, 0, 0, 2});
}
