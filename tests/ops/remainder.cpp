// What divisions leave, against the C++ library.

#include <sluice/graph/arithmetic.h>
#include <sluice/graph/evaluate.h>
#include <sluice/graph/grad.h>
#include <sluice/ops/remainder.h>
#include <sluice/ops/sum.h>

#include <cmath>
#include <limits>

#include "support/catch.h"
#include "support/check_op.h"

using namespace sluice;
using namespace sluice::test;

namespace {

using Elements = std::vector<double>;
using Integers = std::vector<std::int32_t>;

/// The second operand, the divisor, of both signs and not near 0, where the jumps are close to each other.
double away_from_zero(std::mt19937& random, std::size_t operand) {
  const double x = 4 * (static_cast<double>(random()) / 4294967296.0) - 2;
  return operand == 0 ? x : x + std::copysign(0.5, x);
}

void check_remainder(const std::string& name, Tensor (*function)(const Operand&, const Operand&),
                     double (*formula)(double, double)) {
  const auto call = [function](const Tensors& x) { return function(x[0], x[1]); };
  check_op(name, call, binary_samples(),
           {.scalar = [formula](const Elements& x) { return formula(x[0], x[1]); }, .draw = away_from_zero});
  check_error(call, {f32({2, 3}), f64({2, 3})}, "[" + name + "] dtypes must be equal");
  check_error(call, {f32({2, 3}), f32({2})}, "[" + name + "] shapes must be equal or 1");
  check_error(call, {boolean({2}), boolean({2})},
              "[" + name + "] the operand must be a tensor of numbers (f32, f64 or i32): got bool[2]");
  check_error(call, Tensors{tensor({1, 2}), tensor({3, 0})},
              "[" + name + "] an integer cannot be divided by 0: got 0; cast to a floating dtype for NaN");
}

Integers integers(const Tensor& x) { return evaluate(x).to_vector<std::int32_t>(); }

}  // namespace

TEST_CASE("remainder has the sign of the divisor") {
  check_remainder("remainder", remainder, [](double a, double b) { return a - b * std::floor(a / b); });
  const Tensor a = tensor({7, -7, 7, -7, 6, -6});
  const Tensor b = tensor({3, 3, -3, -3, 3, -3});
  CHECK(integers(remainder(a, b)) == Integers{1, 2, -2, -1, 0, 0});
  CHECK(integers(remainder(a, 5)) == Integers{2, 3, 2, 3, 1, 4});
  CHECK(evaluate(remainder(tensor({-1e-20f}), 1)).item() == 1);
}

TEST_CASE("fmod has the sign of the dividend") {
  check_remainder("fmod", fmod, [](double a, double b) { return a - b * std::trunc(a / b); });
  const Tensor a = tensor({7, -7, 7, -7, 6, -6});
  const Tensor b = tensor({3, 3, -3, -3, 3, -3});
  CHECK(integers(fmod(a, b)) == Integers{1, -1, 1, -1, 0, 0});
  CHECK(evaluate(fmod(tensor({1e20}), 3)).item() == 1);  // exact, unlike a - b trunc(a / b)
}

TEST_CASE("the gradient of a remainder knows the quotient that the remainder has") {
  // 0.1 is a little more than a tenth: it goes into 1 only 9 times, though 1 / 0.1 is rounded to 10.
  const Tensor b = tensor({0.1});
  using Function = Tensor (*)(const Operand&, const Operand&);
  for (const Function function : {Function{remainder}, Function{fmod}}) {
    const Tensor y = function(1, b);
    CHECK(evaluate(y).item() == Approx(0.1));
    CHECK(evaluate(grad(sum(y), b)).item() == -9);
  }
}
