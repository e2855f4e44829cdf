// Functions of one variable, against the C++ library in double, with derivatives.

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

using Unary = Tensor (*)(const Operand&);

/// Value, gradients, dtypes and errors of a floating function that is smooth in (low, high).
void check_function(const std::string& name, Unary function, double (*formula)(double), double low = -2,
                    double high = 2) {
  const auto call = [function](const Tensors& x) { return function(x[0]); };
  check_op(name, call, unary_samples(),
           {.scalar = [formula](const std::vector<double>& x) { return formula(x[0]); },
            .low = low,
            .high = high});
  check_error(call, {i32({2, 3})},
              "[" + name + "] the operand must be a floating tensor (f32 or f64): got i32[2, 3]");
  check_error(call, {boolean({})},
              "[" + name + "] the operand must be a floating tensor (f32 or f64): got bool[]; cast it");
  check_error([function](const Tensors&) { return function(Tensor()); }, {f32({})},
              "got an undefined Tensor; assign it first");
}

std::vector<float> floats(const Tensor& x) { return evaluate(x).to_vector(); }

constexpr float inf = std::numeric_limits<float>::infinity();

}  // namespace

TEST_CASE("exp and expm1 are powers of e") {
  check_function("exp", exp, [](double x) { return std::exp(x); });
  check_function("expm1", expm1, [](double x) { return std::expm1(x); });
  CHECK(floats(expm1(tensor({1e-10f, -0.f, -inf}))) == std::vector<float>{1e-10f, -0.f, -1.f});
}

TEST_CASE("log and log1p are natural logarithms") {
  check_function(
      "log", log, [](double x) { return std::log(x); }, 0.1, 4);
  check_function(
      "log1p", log1p, [](double x) { return std::log1p(x); }, -0.8, 4);
  CHECK(floats(log(tensor({0.f, 1.f}))) == std::vector<float>{-inf, 0.f});
  CHECK(floats(log1p(tensor({1e-10f, -1.f}))) == std::vector<float>{1e-10f, -inf});
}

TEST_CASE("sqrt, rsqrt and square are powers") {
  check_function(
      "sqrt", sqrt, [](double x) { return std::sqrt(x); }, 0.1, 4);
  check_function(
      "rsqrt", rsqrt, [](double x) { return 1 / std::sqrt(x); }, 0.2, 4);
  check_op("square", [](const Tensors& x) { return square(x[0]); }, unary_samples(),
           {.scalar = [](const std::vector<double>& x) { return x[0] * x[0]; }});
  check_error([](const Tensors& x) { return square(x[0]); }, {boolean({2})},
              "[square] the operand must be a tensor of "
              "numbers (f32, f64 or i32): got bool[2]");
  CHECK(evaluate(square(tensor({-3, 65536}))).to_vector<std::int32_t>() == std::vector<std::int32_t>{9, 0});
}

TEST_CASE("sin and cos take radians") {
  check_function(
      "sin", sin, [](double x) { return std::sin(x); }, -7, 7);
  check_function(
      "cos", cos, [](double x) { return std::cos(x); }, -7, 7);
}

TEST_CASE("tanh, sigmoid, softplus and erf are smooth steps and ramps") {
  check_function("tanh", tanh, [](double x) { return std::tanh(x); });
  check_function("sigmoid", sigmoid, [](double x) { return 1 / (1 + std::exp(-x)); });
  check_function("softplus", softplus, [](double x) { return std::log(1 + std::exp(x)); });
  check_function("erf", erf, [](double x) { return std::erf(x); });
}

TEST_CASE("far outside, tanh, sigmoid and softplus saturate without NaN") {
  const Tensor x = tensor({-inf, -1000.f, -0.f, 1000.f, inf});
  CHECK(floats(tanh(x)) == std::vector<float>{-1, -1, -0.f, 1, 1});
  CHECK(floats(sigmoid(x)) == std::vector<float>{0, 0, 0.5, 1, 1});
  CHECK(floats(softplus(x)) == std::vector<float>{0, 0, 0.693147180559945f, 1000, inf});
  CHECK(floats(softplus(tensor({-30.f, -80.f}))) == std::vector<float>{std::exp(-30.f), std::exp(-80.f)});
}

TEST_CASE("log_sigmoid is exact on both sides") {
  check_op("log_sigmoid", [](const Tensors& x) { return log_sigmoid(x[0]); }, unary_samples(),
           {.scalar = [](const std::vector<double>& x) { return -std::log(1 + std::exp(-x[0])); },
            .composite = true});
  CHECK(floats(log_sigmoid(tensor({-inf, -1000.f, 30.f, inf}))) ==
        std::vector<float>{-inf, -1000, -std::exp(-30.f), 0});
  const Tensor x = tensor({-1000.f, 30.f});
  CHECK(floats(grad(sum(log_sigmoid(x)), x)) == std::vector<float>{1, std::exp(-30.f)});
  check_error([](const Tensors& t) { return log_sigmoid(t[0]); }, {i32({2, 3})},
              "[log_sigmoid] needs a floating tensor: got i32[2, 3]; cast it");
  check_error([](const Tensors& t) { return log_sigmoid(t[0]); }, {boolean({})}, "got bool[]");
  check_error([](const Tensors&) { return log_sigmoid(Tensor()); }, {f32({})}, "got an undefined Tensor");
}

TEST_CASE("ceil and trunc are piecewise") {
  check_function("ceil", ceil, [](double x) { return std::ceil(x); });
  check_function("trunc", trunc, [](double x) { return std::trunc(x); });
  const Tensor x = tensor({-2.5f, -1.f, -0.5f, 0.5f, 1.f, 2.00001f, 1e9f, -inf});
  CHECK(floats(ceil(x)) == std::vector<float>{-2, -1, 0, 1, 1, 3, 1e9f, -inf});
  CHECK(floats(trunc(x)) == std::vector<float>{-2, -1, 0, 0, 1, 2, 1e9f, -inf});
}

TEST_CASE("abs, sign, floor and round are piecewise") {
  const auto call_abs = [](const Tensors& x) { return abs(x[0]); };
  check_op("abs", call_abs, unary_samples(),
           {.scalar = [](const std::vector<double>& x) { return std::abs(x[0]); }});
  check_op("sign", [](const Tensors& x) { return sign(x[0]); }, unary_samples(),
           {.scalar = [](const std::vector<double>& x) { return x[0] > 0   ? 1.
                                                                : x[0] < 0 ? -1.
                                                                           : 0.; }});
  check_function("floor", floor, [](double x) { return std::floor(x); });
  check_function("round", round, [](double x) { return std::nearbyint(x); });
  check_error(call_abs, {boolean({2})},
              "[abs] the operand must be a tensor of numbers (f32, f64 or i32): got bool[2]");
  check_error([](const Tensors& x) { return sign(x[0]); }, {boolean({2})},
              "[sign] the operand must be a tensor of numbers");

  constexpr std::int32_t least = std::numeric_limits<std::int32_t>::min();
  CHECK(evaluate(abs(tensor({-3, 0, least}))).to_vector<std::int32_t>() ==
        std::vector<std::int32_t>{3, 0, least});
  CHECK(evaluate(sign(tensor({-3, 0, 9}))).to_vector<std::int32_t>() == std::vector<std::int32_t>{-1, 0, 1});
  CHECK_FALSE(std::signbit(floats(abs(tensor({-0.f})))[0]));
  CHECK(floats(sign(tensor({-0.f, NAN, inf}))) == std::vector<float>{0, 0, 1});
  CHECK(floats(round(tensor({-2.5f, -1.5f, -0.5f, 0.5f, 1.5f, 2.5f, 2.50001f, 1e9f, -inf}))) ==
        std::vector<float>{-2, -2, 0, 0, 2, 2, 3, 1e9f, -inf});
}
