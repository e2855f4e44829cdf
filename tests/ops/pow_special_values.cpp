// pow at the edges: what IEEE 754 and annex F of C say, interpreted and compiled, on every instruction set.

#include <sluice/compile/program.h>
#include <sluice/graph/evaluate.h>
#include <sluice/kernels/vector_math.h>
#include <sluice/ops/pow.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "ops/special_values.h"
#include "support/catch.h"
#include "support/restart.h"

using namespace sluice;
using test::same_number;

namespace {

/// pow of two tensors, of a tensor and a number, and of a number and a tensor, interpreted.
template <class T>
std::vector<std::vector<T>> powers(const std::vector<T>& a, const std::vector<T>& b, bool compiled) {
  const auto function = [&](const Tensors& in) {
    Tensors all{pow(in[0], in[1])};
    for (const T exponent : b) all.push_back(pow(in[0], static_cast<double>(exponent)));
    for (const T base : a) all.push_back(pow(static_cast<double>(base), in[1]));
    return all;
  };
  const Tensors arguments{tensor(a, {static_cast<Index>(a.size()), 1}),
                          tensor(b, {static_cast<Index>(b.size())})};
  const Graph graph = trace(function, {arguments[0].spec(), arguments[1].spec()});
  std::vector<std::vector<T>> values;
  for (const Tensor& y :
       compiled ? Program(graph, PassSet::all()).run(arguments) : evaluate(graph, arguments))
    values.push_back(y.to_vector<T>());
  return values;
}

struct Rule {
  double a, b, power;
};

constexpr double inf = std::numeric_limits<double>::infinity();
constexpr double nan = std::numeric_limits<double>::quiet_NaN();

/// Annex F.10.4.4, one line a rule.
const std::vector<Rule> rules = {
    {0.0, -3, inf}, {-0.0, -3, -inf}, {0.0, -2, inf},   {-0.0, -0.5, inf}, {-0.0, -inf, inf},
    {0.0, 3, 0.0},  {-0.0, 3, -0.0},  {-0.0, 2, 0.0},   {-0.0, inf, 0.0},  {-1, inf, 1},
    {-1, -inf, 1},  {1, nan, 1},      {1, -inf, 1},     {nan, 0.0, 1},     {inf, -0.0, 1},
    {nan, -0.0, 1}, {-2, 0.5, nan},   {0.5, -inf, inf}, {2, -inf, 0.0},    {-0.5, inf, 0.0},
    {-3, inf, inf}, {-inf, -3, -0.0}, {-inf, -2, 0.0},  {-inf, 3, -inf},   {-inf, 0.5, inf},
    {inf, -2, 0.0}, {inf, 0.5, inf},  {nan, 1, nan},    {2, nan, nan},
};

template <class T>
void check_powers() {
  const std::vector<T> all = test::special_values<T>();
  for (const bool compiled : {false, true}) {
    INFO((compiled ? "compiled" : "interpreted"));
    const auto values = powers(all, all, compiled);
    REQUIRE(values.size() == 1 + 2 * all.size());
    for (std::size_t i = 0; i < all.size(); ++i) {
      for (std::size_t j = 0; j < all.size(); ++j) {
        CAPTURE(all[i], all[j]);
        const T expected = std::pow(all[i], all[j]);
        CHECK(same_number(values[0][i * all.size() + j], expected));
        CHECK(same_number(values[1 + j][i], expected));
        CHECK(same_number(values[1 + all.size() + i][j], expected));
      }
    }
    for (const Rule& rule : rules) {
      CAPTURE(rule.a, rule.b);
      for (const auto& y : powers<T>({static_cast<T>(rule.a)}, {static_cast<T>(rule.b)}, compiled))
        CHECK(same_number(y.at(0), static_cast<T>(rule.power)));
    }
  }
}

}  // namespace

TEMPLATE_TEST_CASE("pow of special values is what the C standard says", "[pow_special]", float, double) {
  check_powers<TestType>();
}

TEST_CASE("pow of special values is the same for every instruction set") {
  for (const std::string isa : {"baseline", "avx2", "avx512"}) {
    INFO(isa);
    CHECK(test::passes_with("SLUICE_ISA=" + isa, "[pow_special]"));
  }
}
