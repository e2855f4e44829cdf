// Variances and standard deviations, against the two-pass formula in plain C++.

#include <sluice/graph/arithmetic.h>
#include <sluice/graph/evaluate.h>
#include <sluice/graph/grad.h>
#include <sluice/ops/square.h>
#include <sluice/ops/sum.h>
#include <sluice/ops/var.h>

#include <cmath>

#include "support/catch.h"
#include "support/check_op.h"

using namespace sluice;
using namespace sluice::test;

namespace {

using Spread = Tensor (*)(const Operand&, const Axes&, VarOptions);

double variance(const std::vector<double>& x, double correction) {
  double mean = 0;
  for (const double v : x) mean += v / static_cast<double>(x.size());
  double total = 0;
  for (const double v : x) total += (v - mean) * (v - mean);
  return total / (static_cast<double>(x.size()) - correction);
}

void check_spread(const std::string& name, Spread spread, double (*of_variance)(double)) {
  for (const double correction : {1., 0.}) {
    const auto value = [=](const std::vector<double>& x) { return of_variance(variance(x, correction)); };
    const auto check = [&](const Axes& axes, bool keep, const Samples& samples, const auto& reference) {
      check_op(name,
               [=](const Tensors& x) { return spread(x[0], axes, {.correction = correction, .keep = keep}); },
               samples, {.reference = reference, .composite = true});
    };
    check({}, false, {{{2}}, {{7}}, {{3, 1, 2}}},
          [=](const std::vector<Values>& x) { return std::vector<double>{value(x[0].data)}; });
    const auto columns = [=](const std::vector<Values>& x) {
      return filled(x[0].shape.with(0, 1), [&](std::vector<Index> at) {
        std::vector<double> column;
        for (at[0] = 0; at[0] < x[0].shape[0]; ++at[0]) column.push_back(x[0].at(at));
        return value(column);
      });
    };
    check(0, false, {{{2, 3}}, {{3, 0}}}, columns);
    check(-2, true, {{{4, 1}}}, columns);
  }
  const auto call = [=](const Tensors& x) { return spread(x[0], 2, {}); };
  check_error(call, {i32({2, 3})}, "[" + name + "] needs a floating tensor: got i32[2, 3]; cast it");
  check_error(call, {f32({2, 3})}, "[" + name + "] axis must lie in -2..1");
  check_error(
      [=](const Tensors& x) {
        return spread(x[0], {0, -2}, {});
      },
      {f32({2, 3})}, "[" + name + "] an axis can be named once only");
  for (const double correction : {-1., double{INFINITY}, double{NAN}}) {
    check_error([=](const Tensors& x) { return spread(x[0], {}, {.correction = correction}); }, {f32({2, 3})},
                "[" + name + "] the correction is a finite number, 0 or more: got ");
  }
}

}  // namespace

TEST_CASE("var is the mean squared distance from the mean") {
  check_spread("var", var, [](double v) { return v; });
  CHECK(evaluate(var(tensor({1., 2., 3., 4.}))).item() == Approx(5. / 3));  // as torch.var
  CHECK(evaluate(var(tensor({1., 2., 3., 4.}), {}, {.correction = 0})).item() == 1.25);
  CHECK(std::isnan(evaluate(var(tensor({1.f}))).item()));
  CHECK(std::isnan(evaluate(var(ones({0}))).item()));
  CHECK(evaluate(var(tensor({1.f}), {}, {.correction = 0})).item() == 0);
  CHECK(std::isinf(evaluate(var(tensor({1.f, 2.f}), {}, {.correction = 3})).item()));
}

TEST_CASE("stddev is the root of the variance") {
  check_spread("stddev", stddev, [](double v) { return std::sqrt(v); });
}

TEST_CASE("a mean that is large beside the differences costs the variance no digits") {
  // f32 near 1e8 has steps of 8; the mean, 1e8 + 12, is no f32.
  const Tensor x = tensor({1e8f, 1e8f + 8, 1e8f + 8, 1e8f + 32});
  CHECK(evaluate(var(x)).item() == 192);
  const std::vector<float> slope = evaluate(grad(var(x), x)).to_vector();
  CHECK(slope[0] == -8);
  CHECK(slope[1] == Approx(-8. / 3));
  CHECK(slope[3] == Approx(40. / 3));
  CHECK(evaluate(var(tensor({0., 1., 2.}) + 1e15)).item() == 1);
}

TEST_CASE("equal elements have a standard deviation of 0 and no gradient") {
  for (const double value : {0., 3., 0.1}) {
    CAPTURE(value);
    const Tensor x = full({3}, value);
    CHECK(evaluate(stddev(x)).item() == 0);
    const Tensor slope = grad(stddev(x), x);
    CHECK(evaluate(slope).to_vector() == std::vector<float>{0, 0, 0});
    CHECK(evaluate(grad(sum(square(slope)), x)).to_vector() == std::vector<float>{0, 0, 0});
  }
  // Others in the same tensor keep theirs.
  const Tensor x = tensor({1., 1., 1., 3.}, {2, 2});
  const auto slope = evaluate(grad(sum(stddev(x, 1)), x)).to_vector<double>();
  CHECK(slope[0] == 0);
  CHECK(slope[1] == 0);
  CHECK(slope[2] == Approx(-std::sqrt(0.5)));
  CHECK(slope[3] == Approx(std::sqrt(0.5)));
}
