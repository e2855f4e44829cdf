// The accuracy of the functions of double, against long double: where that has 64 bits of mantissa, as on
// x86, its error of a unit or two is a thousandth of a unit in the last place of a double.

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <string_view>
#include <vector>

#include <sluice/kernels/vector_math.h>
#include <sluice/kernels/vector_table.h>

#include "support/catch.h"

namespace kernels = sluice::kernels;
using kernels::detail::Isa;

namespace {

using Real = long double;
using Map = void (*)(const double*, double*, std::size_t);

constexpr double inf = std::numeric_limits<double>::infinity();

struct Function {
  const char* name;
  Map map;
  Real (*truth)(Real);
};

const Function functions[] = {
    {"exp", kernels::exp, [](Real x) { return std::exp(x); }},
    {"expm1", kernels::expm1, [](Real x) { return std::expm1(x); }},
    {"log", kernels::log, [](Real x) { return std::log(x); }},
    {"log1p", kernels::log1p, [](Real x) { return std::log1p(x); }},
    {"tanh", kernels::tanh, [](Real x) { return std::tanh(x); }},
    {"sigmoid", kernels::sigmoid,
     [](Real x) { return (x < 0 ? std::exp(x) : Real{1}) / (1 + std::exp(-std::abs(x))); }},
    {"softplus", kernels::softplus,
     [](Real x) { return (x > 0 ? x : Real{0}) + std::log1p(std::exp(-std::abs(x))); }},
    {"sin", kernels::sin, [](Real x) { return std::sin(x); }},
    {"cos", kernels::cos, [](Real x) { return std::cos(x); }},
    {"erf", kernels::erf, [](Real x) { return std::erf(x); }},
};

/// How far `got` is from the true value, in units in the last place of a double of its size. Infinity where
/// one is NaN or infinite and the other is not, or where the sign of a zero or of an infinity differs.
double ulp_error(double got, Real truth) {
  const auto rounded = static_cast<double>(truth);
  if (std::isnan(rounded) || std::isnan(got)) return std::isnan(rounded) && std::isnan(got) ? 0 : inf;
  if (std::isinf(rounded) || std::isinf(got) || (rounded == 0 && got == 0))
    return rounded == got && std::signbit(rounded) == std::signbit(got) ? 0 : inf;
  int exponent = 0;
  std::frexp(truth, &exponent);
  return static_cast<double>(std::abs(got - truth) / std::ldexp(Real{1}, std::max(exponent - 53, -1074)));
}

/// Where something changes, with neighbours, of both signs: zeros, denormals, ends of polynomials, where
/// results become one, infinite, denormal and zero, and multiples of pi.
void add_edges(std::vector<double>& x) {
  std::vector<double> edges{0,
                            5e-324,
                            0x1p-1022,
                            1e-300,
                            0x1p-54,
                            0x1p-28,
                            1e-8,
                            0.25,
                            0.34657359027997264,
                            0.5,
                            0.84375,
                            1,
                            1.25,
                            1.41421356237309505,
                            4,
                            6,
                            19.06,
                            22,
                            36.05,
                            37.43,
                            40,
                            56 * 0.6931471805599453,
                            708.3964185322641,
                            709.782712893384,
                            710.4758600739439,
                            745.1332191019411,
                            746,
                            1e6,
                            1e22,
                            1e300,
                            std::numeric_limits<double>::max(),
                            inf,
                            std::numeric_limits<double>::quiet_NaN()};
  for (int k = 1; k < 100; ++k) edges.push_back(k * 1.5707963267948966);
  for (const double edge : edges) {
    double above = edge;
    double below = edge;
    for (int i = 0; i < 20; ++i) {
      for (const double v : {above, -above, below, -below}) x.push_back(v);
      above = std::nextafter(above, inf);
      below = std::nextafter(below, -inf);
    }
  }
}

/// The edges, and 200,000 values: a fifth of them all bit patterns, and four where results are neither zero
/// nor infinite nor one.
std::vector<double> sample() {
  constexpr int each = 40000;
  std::vector<double> x;
  add_edges(x);
  std::mt19937_64 generator(7);
  const auto between = [&](double low, double high) {
    return low + (high - low) * std::ldexp(static_cast<double>(generator() >> 11), -53);
  };
  for (int i = 0; i < each; ++i) {
    x.push_back(std::bit_cast<double>(generator()));
    x.push_back(between(-750, 750));
    x.push_back(between(-40, 40));
    x.push_back(between(-2, 2));
    x.push_back(std::exp2(between(-60, 12)) * (i % 2 == 0 ? 1 : -1));
  }
  return x;
}

/// The largest error of a function, and where it is.
struct Worst {
  double error = -1;
  double x = 0;
};

Worst worst_of(const std::vector<double>& x, const std::vector<double>& y, Real (*truth)(Real)) {
  Worst worst;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double here = ulp_error(y[i], truth(static_cast<Real>(x[i])));
    if (here > worst.error) worst = {here, x[i]};
  }
  return worst;
}

bool long_double_is_longer() {
  if (std::numeric_limits<Real>::digits >= 64) return true;
  WARN("long double is no more precise than double here: the accuracy of functions of double is not tested");
  return false;
}

}  // namespace

TEST_CASE("functions of double are within 3 ulp of the true value") {
  if (!long_double_is_longer()) return;
  const std::vector<double> x = sample();
  std::vector<double> y(x.size());
  for (const Function& function : functions) {
    function.map(x.data(), y.data(), x.size());
    const Worst worst = worst_of(x, y, function.truth);
    INFO(function.name << "(" << worst.x << ") errs by " << worst.error);
    CHECK(worst.error <= 3);
  }
}

TEST_CASE("square roots of double are exact and reciprocal roots within 1.5 ulp, for every instruction set") {
  if (!long_double_is_longer()) return;
  const std::vector<double> x = sample();
  std::vector<double> y(x.size());
  for (const Isa isa : {Isa::baseline, Isa::avx2, Isa::avx512}) {
    const kernels::detail::Kernels& table = kernels::detail::kernels_for(isa);
    INFO(table.name);
    table.f64.sqrt(x.data(), y.data(), x.size());
    // What is no more than half a unit away stays so when the truth is rounded to 64 bits.
    CHECK(worst_of(x, y, [](Real v) { return std::sqrt(v); }).error <= 0.5);
    table.f64.rsqrt(x.data(), y.data(), x.size());
    CHECK(worst_of(x, y, [](Real v) { return 1 / std::sqrt(v); }).error <= 1.5);
  }
}
