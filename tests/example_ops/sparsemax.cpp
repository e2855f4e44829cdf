#include "examples/ops/sparsemax.h"

#include <sluice/check/check_op.h>
#include <algorithm>
#include <cmath>

#include "example_ops/both.h"
#include "support/check_op.h"

using namespace sluice;
using namespace sluice::test;
using example_ops::some;

namespace {

/// By sorting, as in the paper: the support is the longest run of largest elements with
/// 1 + k z_k > z_1 + ... + z_k.
std::vector<double> by_sorting(const std::vector<double>& x) {
  std::vector<double> z = x;
  std::sort(z.rbegin(), z.rend());
  double sum = 0, tau = 0;
  for (std::size_t k = 1; k <= z.size(); ++k) {
    sum += z[k - 1];
    if (1 + static_cast<double>(k) * z[k - 1] > sum) tau = (sum - 1) / static_cast<double>(k);
  }
  for (double& one : z) one = 0;
  for (std::size_t i = 0; i < z.size(); ++i) z[i] = std::max(x[i] - tau, 0.0);
  return z;
}

Tensor sparsemax_of(const Tensors& x) { return sparsemax(x[0]); }

}  // namespace

TEST_CASE("sparsemax is the projection onto the simplex") {
  for (const double scale : {0.01, 0.5, 3.0, 1000.0}) {
    for (const Index n : {1, 2, 3, 17, 300}) {
      const Tensor x = some({4, n}, static_cast<std::uint64_t>(n), scale);
      std::vector<double> expected;
      for (Index row = 0; row < 4; ++row) {
        const std::vector<double> all = numbers(x);
        for (const double y : by_sorting({all.begin() + row * n, all.begin() + (row + 1) * n}))
          expected.push_back(y);
      }
      check_close(sparsemax(x), expected, 1e-12);
    }
  }
}

TEST_CASE("sparsemax of hard rows") {
  check_close(sparsemax(tensor({2.0, 2.0, 2.0, 2.0})), {0.25, 0.25, 0.25, 0.25}, 0);
  check_close(sparsemax(tensor({0.0, -1.0, 0.0, -1.0})), {0.5, 0, 0.5, 0}, 0);
  check_close(sparsemax(tensor({0.0, -1.0})), {1, 0}, 0);  // exactly at tau
  check_close(sparsemax(tensor({1e300, 0.0})), {1, 0}, 0);
  check_close(sparsemax(tensor({1e8f, 1e8f, -1e8f})), {0.5, 0.5, 0}, 0);
  check_close(sparsemax(tensor({double{-INFINITY}, 3.0, 2.5})), {0, 0.75, 0.25}, 0);
  for (const std::initializer_list<double> row :
       {std::initializer_list<double>{NAN, 1, 2}, {1, NAN, 2}, {1, INFINITY, 0}, {-INFINITY, -INFINITY}}) {
    for (const double y : numbers(sparsemax(tensor(row)))) CHECK(std::isnan(y));
  }
  for (const Shape& shape : {Shape{0}, Shape{3, 0}, Shape{0, 3}, Shape{2, 0, 4}})
    CHECK(evaluate(sparsemax(zeros(shape))).shape() == shape);
}

TEST_CASE("sparsemax's gradient on ties and outside of the support") {
  // At 0 there is the support, at -1 an element exactly at tau: its gradient is zero, as that below.
  const Tensor x = tensor({0.0, -1.0, -5.0}), w = tensor({2.0, 3.0, 4.0});
  check_close(grad(sum(sparsemax(x) * w), x), {0, 0, 0}, 0);
  const Tensor ties = tensor({1.0, 1.0, 0.75, -3.0}), v = tensor({1.0, 2.0, 6.0, 9.0});
  check_close(grad(sum(sparsemax(ties) * v), ties), {-2, -1, 3, 0}, 1e-15);
}

TEST_CASE("sparsemax's derivatives, compiled and in loops") {
  check_op(sparsemax_of, {tensor({0.9, 0.5, -0.7, 0.2, 0.31, -2.0}, {2, 3})});
  check_op(sparsemax_of, {tensor({0.1, -0.4, 0.25})});
  check_op(sparsemax_of, {tensor({3.0}, {1, 1})});
  example_ops::check_float_and_threads(sparsemax_of, {some({700, 33}, 5)}, 1e-5);
}

TEST_CASE("sparsemax refuses") {
  check_error(sparsemax_of, {f32({})}, "[sparsemax] the tensor must have an axis: got a scalar; reshape it");
  check_error(sparsemax_of, {i32({3})}, "[sparsemax] operand 0 must be a floating tensor");
}
