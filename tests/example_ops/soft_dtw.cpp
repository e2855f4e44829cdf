#include "examples/ops/soft_dtw.h"

#include <sluice/check/check_op.h>
#include <sluice/ops/reshape.h>
#include <sluice/ops/square.h>

#include "example_ops/both.h"
#include "support/check_op.h"

using namespace sluice;
using namespace sluice::test;
using example_ops::some;

namespace {

/// The costs of all alignments from (i, j) to the last pair, one by one.
void enumerate(const std::vector<double>& costs, Index n, Index m, Index i, Index j, double cost,
               std::vector<double>& all) {
  cost += costs[static_cast<std::size_t>(i * m + j)];
  if (i == n - 1 && j == m - 1) all.push_back(cost);
  if (i + 1 < n) enumerate(costs, n, m, i + 1, j, cost, all);
  if (j + 1 < m) enumerate(costs, n, m, i, j + 1, cost, all);
  if (i + 1 < n && j + 1 < m) enumerate(costs, n, m, i + 1, j + 1, cost, all);
}

double by_enumeration(const Tensor& costs, double gamma) {
  std::vector<double> all;
  enumerate(numbers(costs), costs.dim(0), costs.dim(1), 0, 0, 0, all);
  const double least = *std::min_element(all.begin(), all.end());
  long double total = 0;
  for (const double cost : all) total += std::exp(static_cast<long double>((least - cost) / gamma));
  return least - gamma * static_cast<double>(std::log(total));
}

}  // namespace

TEST_CASE("soft-DTW is the soft minimum over all alignments") {
  for (const double gamma : {1e-3, 0.1, 1.0, 50.0}) {
    for (const Shape& shape : {Shape{1, 1}, Shape{1, 4}, Shape{5, 1}, Shape{4, 3}, Shape{5, 5}}) {
      const Tensor costs = square(some(shape, 3, 2));
      check_close(soft_dtw(costs, gamma), {by_enumeration(costs, gamma)}, 1e-13);
    }
  }
}

TEST_CASE("soft-DTW of hard costs") {
  const double inf = INFINITY;
  // One way around the forbidden pairs, and none.
  check_close(soft_dtw(tensor({1.0, inf, 2.0, inf, 3.0, inf, inf, inf, 4.0}, {3, 3})), {8}, 0);
  CHECK(numbers(soft_dtw(tensor({1.0, inf, inf, 2.0}, {2, 2}), 1e-6))[0] == 3);
  CHECK(numbers(soft_dtw(tensor({1.0, inf, inf, inf}, {2, 2})))[0] == inf);
  check_close(soft_dtw(full({3, 3}, 1e30), 1e-3), {3e30}, 1e-6);
  const Tensor forbidden = tensor({1.0, inf, 2.0, 2.0, 3.0, inf, inf, 1.0, 4.0}, {3, 3});
  for (const double g : numbers(grad(soft_dtw(forbidden), forbidden))) CHECK(std::isfinite(g));
  CHECK(evaluate(soft_dtw(zeros({0, 2, 2}))).shape() == Shape{0});
  CHECK(std::isnan(numbers(soft_dtw(tensor({1.0, 2.0, std::nan(""), 4.0}, {2, 2})))[0]));
}

TEST_CASE("soft-DTW's gradient is the expected alignment") {
  const Tensor costs = square(some({2, 6, 4}, 1, 3));
  const std::vector<double> e = numbers(grad(sum(soft_dtw(costs)), costs));
  for (std::size_t b = 0; b < 2; ++b) {
    CHECK(e[b * 24] == Approx(1).epsilon(1e-12));  // every alignment has the first pair and the last
    CHECK(e[b * 24 + 23] == 1);
  }
}

TEST_CASE("soft-DTW's derivatives, compiled and in loops") {
  const auto f = [](const Tensors& x) { return soft_dtw(x[0], 0.5); };
  check_op(f, {some({2, 3, 3}, 1)});
  check_op(f, {some({2, 4}, 2)});
  check_op(f, {some({1, 1, 3}, 2)});
  // The third derivatives are those of the second.
  const auto second = [](const Tensors& x) {
    return grad(sum(square(grad(sum(soft_dtw(x[0], 0.5)), x[0]))), x[0]);
  };
  check_op(second, {some({3, 2}, 1)});
  example_ops::check_float_and_threads(f, {some({9, 12, 15}, 3, 4)}, 1e-5);
}

TEST_CASE("soft-DTW refuses") {
  const auto f = [](const Tensors& x) { return soft_dtw(x[0]); };
  check_error(f, {f32({4})},
              "[soft_dtw] costs must be [..., n, m] of two sequences with at least one step: got "
              "f32[4]; add axes");
  check_error(f, {f32({2, 0, 3})}, "got f32[2, 0, 3]; add axes, or leave empty sequences out");
  check_error(f, {i32({2, 3})}, "[soft_dtw] operand 0 must be a floating tensor");
  for (const double gamma : {0.0, -1.0, std::nan(""), double{INFINITY}}) {
    check_error([&](const Tensors& x) { return soft_dtw(x[0], gamma); }, {f32({2, 3})},
                "[soft_dtw] gamma must be above 0 and finite: got ");
  }
}
