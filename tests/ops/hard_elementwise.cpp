// Elementwise ops at zeros, infinities, NaN and the ends of what floats hold. A reference that is NaN for
// numbers is a rule of the op, listed on its page.

#include <sluice/graph/arithmetic.h>
#include <sluice/ops/ops.h>

#include <numbers>

#include "support/hard_values.h"

using namespace sluice;
using namespace sluice::test;

namespace {

using Unary = Tensor (*)(const Operand&);
using Reference = std::function<Real(Real)>;

void check(const std::string& name, const std::function<Tensor(const Tensor&)>& f, const Reference& value,
           const Reference& slope, Closeness value_close = {}, Closeness slope_close = {}) {
  HardFunction function{name,
                        1,
                        [&](const Tensors& x) { return f(x[0]); },
                        [&](const Reals& x) { return value(x[0]); },
                        {},
                        value_close,
                        slope_close};
  if (slope) function.slopes = {[&](const Reals& x) { return slope(x[0]); }};
  check_hard_values(function);
}

void check(const std::string& name, Unary f, const Reference& value, const Reference& slope,
           Closeness value_close = {}, Closeness slope_close = {}) {
  check(
      name, [&](const Tensor& x) { return f(x); }, value, slope, value_close, slope_close);
}

Real sigmoid_of(Real x) { return 1 / (1 + std::exp(-x)); }

/// x times a factor that vanishes faster where x is infinite.
Real vanishing(Real x, Real factor) { return factor == 0 ? 0 : x * factor; }

Real normal_below(Real x) { return std::erfc(-x / std::sqrt(Real{2})) / 2; }
Real normal_density(Real x) { return std::exp(-x * x / 2) / std::sqrt(2 * std::numbers::pi_v<Real>); }

}  // namespace

TEST_CASE("exponentials and logarithms at hard values") {
  check(
      "exp", exp, [](Real x) { return std::exp(x); }, [](Real x) { return std::exp(x); });
  check(
      "expm1", expm1, [](Real x) { return std::expm1(x); }, [](Real x) { return std::exp(x); });
  check(
      "log", log, [](Real x) { return std::log(x); }, [](Real x) { return 1 / x; });
  check(
      "log1p", log1p, [](Real x) { return std::log1p(x); }, [](Real x) { return 1 / (1 + x); });
  check(
      "sqrt", sqrt, [](Real x) { return std::sqrt(x); }, [](Real x) { return 1 / (2 * std::sqrt(x)); });
  check(
      "rsqrt", rsqrt, [](Real x) { return 1 / std::sqrt(x); },
      [](Real x) { return -std::pow(1 / std::sqrt(x), Real{3}) / 2; });
}

TEST_CASE("activations at hard values") {
  const Closeness near_one{1e-5, 1e-6};  // 1 - y of a y that is rounded
  check(
      "tanh", tanh, [](Real x) { return std::tanh(x); },
      [](Real x) { return 1 - std::tanh(x) * std::tanh(x); }, {}, near_one);
  check(
      "sigmoid", sigmoid, sigmoid_of, [](Real x) { return sigmoid_of(x) * (1 - sigmoid_of(x)); }, {},
      near_one);
  check(
      "softplus", softplus, [](Real x) { return x > 100 ? x : std::log1p(std::exp(x)); }, sigmoid_of);
  check(
      "softplus", log_sigmoid, [](Real x) { return x < -100 ? x : -std::log1p(std::exp(-x)); },
      [](Real x) { return sigmoid_of(-x); });
  check(
      "relu", relu, [](Real x) { return x <= 0 ? 0 : x; }, [](Real x) { return x <= 0 ? 0 : 1; });
  check(
      "leaky_relu", [](const Tensor& x) { return leaky_relu(x, 0.25); },
      [](Real x) { return x <= 0 ? x / 4 : x; }, [](Real x) { return x > 0 ? 1 : 0.25L; });
  check(
      "elu", [](const Tensor& x) { return elu(x, 2); }, [](Real x) { return x <= 0 ? 2 * std::expm1(x) : x; },
      [](Real x) { return x <= 0 ? 2 * std::exp(x) : 1; });
  check(
      "silu", silu, [](Real x) { return vanishing(x, sigmoid_of(x)); },
      [](Real x) {
        const Real s = sigmoid_of(x);
        return s + vanishing(x, s * (1 - s));
      },
      {}, near_one);
  check(
      "gelu", [](const Tensor& x) { return gelu(x); }, [](Real x) { return vanishing(x, normal_below(x)); },
      [](Real x) { return normal_below(x) + vanishing(x, normal_density(x)); }, near_one, near_one);
  check(
      "gelu_tanh", [](const Tensor& x) { return gelu(x, GeluForm::tanh); },
      [](Real x) {
        return vanishing(
            x, sigmoid_of(2 * std::sqrt(2 / std::numbers::pi_v<Real>) * (x + 0.044715L * x * x * x)));
      },
      [](Real x) {
        const Real c = 2 * std::sqrt(2 / std::numbers::pi_v<Real>);
        const Real s = sigmoid_of(c * (x + 0.044715L * x * x * x));
        return s + vanishing(x * c * (1 + 3 * 0.044715L * x * x), s * (1 - s));
      },
      near_one, near_one);
}

TEST_CASE("waves, steps and casts at hard values") {
  check(
      "sin", sin, [](Real x) { return std::sin(x); }, [](Real x) { return std::cos(x); }, {1e-5, 1e-6},
      {1e-5, 1e-6});
  check(
      "cos", cos, [](Real x) { return std::cos(x); }, [](Real x) { return -std::sin(x); }, {1e-5, 1e-6},
      {1e-5, 1e-6});
  check(
      "erf", erf, [](Real x) { return std::erf(x); },
      [](Real x) { return 2 / std::sqrt(std::numbers::pi_v<Real>) * std::exp(-x * x); });
  check(
      "abs", abs, [](Real x) { return std::abs(x); }, [](Real x) { return (x > 0) - (x < 0); });
  check("sign", sign, [](Real x) { return (x > 0) - (x < 0); }, {});
  check("floor", floor, [](Real x) { return std::floor(x); }, {});
  check("ceil", ceil, [](Real x) { return std::ceil(x); }, {});
  check("trunc", trunc, [](Real x) { return std::trunc(x); }, {});
  check("round", round, [](Real x) { return std::nearbyint(x); }, {});
  check(
      "negate", [](const Tensor& x) { return -x; }, [](Real x) { return -x; }, [](Real) { return -1; });
  check(
      "square", square, [](Real x) { return x * x; }, [](Real x) { return 2 * x; });
  check("stop_gradient", stop_gradient, [](Real x) { return x; }, {});
  check(
      "clamp", [](const Tensor& x) { return clamp(x, -1, 2); },
      [](Real x) { return x < -1  ? -1
                          : x > 2 ? 2
                                  : x; }, [](Real x) { return x >= -1 && x <= 2 ? 1 : 0; });
  check(
      "cast", [](const Tensor& x) { return cast(x, DType::float32); },
      [](Real x) { return static_cast<float>(x); }, {});
  check(
      "cast", [](const Tensor& x) { return cast(x, DType::int32); },
      [](Real x) {
        using Limits = std::numeric_limits<std::int32_t>;
        if (std::isnan(x)) return Real{0};
        return std::trunc(std::fmin(std::fmax(x, Real{Limits::min()}), Real{Limits::max()}));
      },
      {});
  check(
      "cast", [](const Tensor& x) { return cast(x, DType::boolean); }, [](Real x) { return x != 0; }, {});
}

TEST_CASE("arithmetic at hard values") {
  using Two = const Reals&;
  const auto one = [](Two) { return Real{1}; };
  check_hard_values({"add",
                     2,
                     [](const Tensors& x) { return x[0] + x[1]; },
                     [](Two x) { return x[0] + x[1]; },
                     {one, one}});
  check_hard_values({"subtract",
                     2,
                     [](const Tensors& x) { return x[0] - x[1]; },
                     [](Two x) { return x[0] - x[1]; },
                     {one, [](Two) { return Real{-1}; }}});
  check_hard_values({"multiply",
                     2,
                     [](const Tensors& x) { return x[0] * x[1]; },
                     [](Two x) { return x[0] * x[1]; },
                     {[](Two x) { return x[1]; }, [](Two x) { return x[0]; }}});
  check_hard_values({"divide",
                     2,
                     [](const Tensors& x) { return x[0] / x[1]; },
                     [](Two x) { return x[0] / x[1]; },
                     {[](Two x) { return 1 / x[1]; }, [](Two x) { return -x[0] / x[1] / x[1]; }}});
  check_hard_values({"multiply_no_nan",
                     2,
                     [](const Tensors& x) { return multiply_no_nan(x[0], x[1]); },
                     [](Two x) { return x[1] == 0 ? 0 : x[0] * x[1]; },
                     {[](Two x) { return x[1]; }, [](Two x) { return x[0]; }}});
  check_hard_values(
      {"divide_keep_zeros",
       2,
       [](const Tensors& x) { return detail::divide_keep_zeros(x[0], x[1]); },
       [](Two x) { return x[0] == 0 ? 0 : x[0] / x[1]; },
       {[](Two x) { return 1 / x[1]; }, [](Two x) { return x[0] == 0 ? 0 : -x[0] / x[1] / x[1]; }}});
}

TEST_CASE("remainders at hard values") {
  using Two = const Reals&;
  const auto one = [](Two) { return Real{1}; };
  const auto remainder_of = [](Two x) {
    const Real rest = std::fmod(x[0], x[1]);
    return rest != 0 && (rest < 0) != (x[1] < 0) ? rest + x[1] : rest;
  };
  check_hard_values({"remainder",
                     2,
                     [](const Tensors& x) { return remainder(x[0], x[1]); },
                     remainder_of,
                     {one, [&](Two x) {
                        const Real y = remainder_of(x);
                        return std::isfinite(y) ? -std::floor(x[0] / x[1]) : real_nan;
                      }}});
  check_hard_values(
      {"fmod",
       2,
       [](const Tensors& x) { return fmod(x[0], x[1]); },
       [](Two x) { return std::fmod(x[0], x[1]); },
       {one, [](Two x) { return std::isnan(std::fmod(x[0], x[1])) ? real_nan : -std::trunc(x[0] / x[1]); }}});
}

TEST_CASE("powers at hard values") {
  using Two = const Reals&;
  const auto power = [](Two x) { return std::pow(x[0], x[1]); };
  const auto by_base = [](Two x) {
    if (x[1] == 0) return Real{0};
    return x[1] * std::pow(x[0], x[1] - 1);
  };
  const auto by_exponent = [](Two x) {
    if (x[0] == 0 && x[1] >= 0) return Real{0};
    const Real y = std::pow(x[0], x[1]);
    return y == 0 ? 0 : y * std::log(x[0]);
  };
  check_hard_values(
      {"pow",
       2,
       [](const Tensors& x) { return pow(x[0], x[1]); },
       power,
       {by_base, by_exponent},
       {},
       {1e-4, 0},
       // a^(b-1) overflows, though b makes the product finite.
       [](Two x) { return x[0] != 0 && x[1] != 0 && std::abs(x[0]) < 1e-38L && std::abs(x[1]) < 1e-38L; }});
  for (const double exponent :
       {0., 1., 2., 3., -1., 0.5, -0.5, 30., std::numeric_limits<double>::infinity()}) {
    check(
        "power", [&](const Tensor& x) { return pow(x, exponent); },
        [&](Real x) {
          return power({x, exponent});
        },
        [&](Real x) {
          return by_base({x, exponent});
        },
        {}, {1e-4, 0});
  }
}

TEST_CASE("choices at hard values") {
  using Two = const Reals&;
  const auto share = [](Real mine, Real other) {
    return std::isnan(mine) || std::isnan(other) ? Real{1} : mine > other ? 1 : mine == other ? 0.5L : 0;
  };
  const auto nan_or = [](Real a, Real b, Real chosen) {
    return std::isnan(a) || std::isnan(b) ? real_nan : chosen;
  };
  check_hard_values({"maximum",
                     2,
                     [](const Tensors& x) { return maximum(x[0], x[1]); },
                     [&](Two x) { return nan_or(x[0], x[1], std::fmax(x[0], x[1])); },
                     {[&](Two x) { return share(x[0], x[1]); }, [&](Two x) { return share(x[1], x[0]); }}});
  check_hard_values({"minimum",
                     2,
                     [](const Tensors& x) { return minimum(x[0], x[1]); },
                     [&](Two x) { return nan_or(x[0], x[1], std::fmin(x[0], x[1])); },
                     {[&](Two x) { return share(x[1], x[0]); }, [&](Two x) { return share(x[0], x[1]); }}});
  // The condition is another operand's.
  check_hard_values({"where",
                     3,
                     [](const Tensors& x) { return where(x[0] > 0, x[1], x[2]); },
                     [](Two x) { return x[0] > 0 ? x[1] : x[2]; },
                     {}});
  check_hard_values({"where",
                     2,
                     [](const Tensors& x) { return where(x[0] > x[1], x[0], x[1]); },
                     [](Two x) { return x[0] > x[1] ? x[0] : x[1]; },
                     {[](Two x) { return x[0] > x[1] ? 1 : 0; }, [](Two x) { return x[0] > x[1] ? 0 : 1; }}});
}

TEST_CASE("comparisons and logic at hard values") {
  using Two = const Reals&;
  check_hard_values(
      {"less", 2, [](const Tensors& x) { return x[0] < x[1]; }, [](Two x) { return x[0] < x[1]; }, {}});
  check_hard_values({"less_equal",
                     2,
                     [](const Tensors& x) { return x[0] <= x[1]; },
                     [](Two x) { return x[0] <= x[1]; },
                     {}});
  check_hard_values(
      {"greater", 2, [](const Tensors& x) { return x[0] > x[1]; }, [](Two x) { return x[0] > x[1]; }, {}});
  check_hard_values({"greater_equal",
                     2,
                     [](const Tensors& x) { return x[0] >= x[1]; },
                     [](Two x) { return x[0] >= x[1]; },
                     {}});
  check_hard_values({"equal",
                     2,
                     [](const Tensors& x) { return equal(x[0], x[1]); },
                     [](Two x) { return x[0] == x[1]; },
                     {}});
  check_hard_values({"not_equal",
                     2,
                     [](const Tensors& x) { return not_equal(x[0], x[1]); },
                     [](Two x) { return x[0] != x[1]; },
                     {}});
  check("isnan", isnan, [](Real x) { return std::isnan(x); }, {});
  check("isinf", isinf, [](Real x) { return std::isinf(x); }, {});
  check("isfinite", isfinite, [](Real x) { return std::isfinite(x); }, {});
  const auto truth = [](const Tensor& x) { return cast(x, DType::boolean); };
  check_hard_values({"logical_and",
                     2,
                     [&](const Tensors& x) { return logical_and(truth(x[0]), truth(x[1])); },
                     [](Two x) { return x[0] != 0 && x[1] != 0; },
                     {}});
  check_hard_values({"logical_or",
                     2,
                     [&](const Tensors& x) { return logical_or(truth(x[0]), truth(x[1])); },
                     [](Two x) { return x[0] != 0 || x[1] != 0; },
                     {}});
  check_hard_values({"logical_xor",
                     2,
                     [&](const Tensors& x) { return logical_xor(truth(x[0]), truth(x[1])); },
                     [](Two x) { return (x[0] != 0) != (x[1] != 0); },
                     {}});
  const auto truths = [&](const Tensors& x) { return stack({truth(x[0]), truth(x[1])}, 0); };
  check_hard_values({"any",
                     2,
                     [&](const Tensors& x) { return any(truths(x), 0); },
                     [](Two x) { return x[0] != 0 || x[1] != 0; },
                     {}});
  check_hard_values({"all",
                     2,
                     [&](const Tensors& x) { return all(truths(x), 0); },
                     [](Two x) { return x[0] != 0 && x[1] != 0; },
                     {}});
  check(
      "logical_not", [&](const Tensor& x) { return logical_not(truth(x)); }, [](Real x) { return x == 0; },
      {});
}
