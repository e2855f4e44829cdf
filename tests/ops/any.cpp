// Questions about elements: what kind of numbers they are, and whether any or all are true.

#include <sluice/graph/evaluate.h>
#include <sluice/ops/any.h>
#include <sluice/ops/compare.h>
#include <sluice/ops/isnan.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "support/catch.h"
#include "support/check_op.h"

using namespace sluice;
using namespace sluice::test;

namespace {

using Bools = std::vector<bool>;
using Reduction = Tensor (*)(const Operand&, const Axes&, bool);

Bools bools(const Tensor& x) { return evaluate(x).to_vector<bool>(); }

/// Of elements that are above a bound, which makes about one in `odds` true.
void check_truth(const std::string& name, Reduction reduce, double above, bool every) {
  const auto is_true = [=](double x) { return x > above; };
  const auto check = [&](const Axes& axes, bool keep, const Samples& samples, const auto& reference) {
    check_op(name, [=](const Tensors& x) { return reduce(x[0] > above, axes, keep); }, samples,
             {.reference = reference, .gradient = false});
  };
  const auto of_line = [=](const std::vector<double>& line) {
    return every ? std::all_of(line.begin(), line.end(), is_true)
                 : std::any_of(line.begin(), line.end(), is_true);
  };
  check({}, false, unary_samples(),
        [=](const std::vector<Values>& x) { return std::vector<double>{of_line(x[0].data) ? 1. : 0.}; });
  const auto rows = [=](const std::vector<Values>& x) {
    return filled(x[0].shape.with(1, 1), [&](std::vector<Index> at) {
      std::vector<double> line;
      for (at[1] = 0; at[1] < x[0].shape[1]; ++at[1]) line.push_back(x[0].at(at));
      return of_line(line) ? 1. : 0.;
    });
  };
  check(1, false, {{{2, 3}}, {{40, 4}}, {{3, 0}}, {{0, 3}}, {{2, 70, 5}}, {{2, 3, 1}}}, rows);
  check({-2}, true, {{{4, 3, 2}}, {{1, 2, 1}}}, rows);

  const auto call = [=](const Tensors& x) { return reduce(x[0], 2, false); };
  check_error(call, {boolean({2, 3})}, "[" + name + "] axis must lie in -2..1");
  check_error(call, {f32({2, 3, 4})},
              "[" + name + "] needs a bool tensor: got f32[2, 3, 4]; compare it with something, x != 0");
  check_error(call, {i32({2, 3, 4})}, "got i32[2, 3, 4]");
}

}  // namespace

TEST_CASE("any is true if one element is") {
  check_truth("any", any, 1.2, false);
  CHECK_FALSE(evaluate(any(tensor({false, false}))).to_vector<bool>()[0]);
  CHECK_FALSE(bools(any(zeros({0}, DType::boolean)))[0]);
  CHECK(bools(any(zeros({2, 0}, DType::boolean), 1)) == Bools{false, false});
}

TEST_CASE("all is true if every element is") {
  check_truth("all", all, -1.2, true);
  CHECK(bools(all(tensor({true, false, true, true}, {2, 2}), 1)) == Bools{false, true});
  CHECK(bools(all(zeros({0}, DType::boolean)))[0]);
}

TEST_CASE("any and all find the one among many, wherever it is") {
  const Index n = 200000;  // divided over threads
  for (const Index place : {Index{0}, Index{70000}, n - 1}) {
    CAPTURE(place);
    const Tensor x = arange(n) == static_cast<double>(place);
    CHECK(bools(any(x))[0]);
    CHECK_FALSE(bools(all(x != true))[0]);
    CHECK_FALSE(bools(any(x != x))[0]);
    CHECK(bools(all(x == x))[0]);
  }
}

TEST_CASE("isnan, isinf and isfinite classify numbers") {
  constexpr float inf = std::numeric_limits<float>::infinity();
  const auto check = [](const std::string& name, Tensor (*function)(const Operand&), bool (*is)(double)) {
    const auto call = [=](const Tensors& x) { return function(x[0]); };
    check_op(name, call, unary_samples(),
             {.scalar = [is](const std::vector<double>& x) { return is(x[0]) ? 1. : 0.; },
              .draw =
                  [](std::mt19937& random, std::size_t) {
                    const double kinds[] = {NAN, INFINITY, -INFINITY, 0, -1.5, 3e38};
                    return kinds[random() % 6];
                  },
              .gradient = false});
    check_error(call, {boolean({2})},
                "[" + name + "] the operand must be a tensor of numbers (f32, f64 or i32): got bool[2]");
  };
  check("isnan", isnan, [](double x) { return std::isnan(x); });
  check("isinf", isinf, [](double x) { return std::isinf(x); });
  check("isfinite", isfinite, [](double x) { return std::isfinite(x); });

  const Tensor x = tensor({NAN, inf, -inf, 0.f, std::numeric_limits<float>::max()});
  CHECK(bools(isnan(x)) == Bools{true, false, false, false, false});
  CHECK(bools(isinf(x)) == Bools{false, true, true, false, false});
  CHECK(bools(isfinite(x)) == Bools{false, false, false, true, true});
  const Tensor whole = tensor({0, std::numeric_limits<std::int32_t>::min()});
  CHECK(bools(isnan(whole)) == Bools{false, false});
  CHECK(bools(isinf(whole)) == Bools{false, false});
  CHECK(bools(isfinite(whole)) == Bools{true, true});
}
