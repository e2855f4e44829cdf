// Matrices of hard values: which are refused, and how far NaN and infinity spread.

#include <sluice/graph/arithmetic.h>
#include <sluice/graph/grad.h>
#include <sluice/ops/ops.h>

#include "support/close.h"
#include "support/hard_values.h"

using namespace sluice;
using namespace sluice::test;

namespace {

Tensor batch_of(const Elements& numbers, Index n, DType dtype) {
  return evaluate(cast(tensor(numbers, {static_cast<Index>(numbers.size()) / (n * n), n, n}), dtype));
}

bool is_refused(const std::function<Tensor()>& call) {
  try {
    evaluate(call());
  } catch (const Error&) {
    return true;
  }
  return false;
}

void check_same(double got, double expected) {
  CAPTURE(got, expected);
  CHECK((got == expected || (std::isnan(got) && std::isnan(expected))));
}

}  // namespace

TEST_CASE("matrices of one hard value") {
  for (const DType dtype : {DType::float32, DType::float64}) {
    const Closeness close{1e-6, 0};
    for (const Real a : few_hard_values(dtype)) {
      const auto number = static_cast<double>(a);
      CAPTURE(name_of(dtype), number);
      const Tensor m = batch_of({number}, 1, dtype);
      const bool usable = a != 0 && std::isfinite(number);

      CHECK(is_refused([&] { return cholesky(m); }) == !(usable && a > 0));
      if (usable && a > 0) check_hard(numbers(cholesky(m))[0], std::sqrt(a), dtype, close);

      const auto log_and_sign = [](const Tensors& in) {
        const auto both = slogdet(in[0]);
        return Tensors{both.log, both.sign};
      };
      note_driven("logdet", log_and_sign({m}));
      const auto found = at_edges(log_and_sign, {m});
      const bool known = std::isfinite(number);
      check_hard(found[0][0], known ? std::log(std::abs(a)) : real_nan, dtype, close);
      check_same(found[1][0], known ? static_cast<double>((a > 0) - (a < 0)) : quiet_nan);

      for (const Real b : few_hard_values(dtype)) {
        CAPTURE(static_cast<double>(b));
        const Tensor side = batch_of({static_cast<double>(b)}, 1, dtype);
        const auto triangle = [](const Tensors& in) {
          const Tensor x = solve_triangular(in[0], in[1]);
          return Tensors{x, vjp({x}, {ones_like(x)}, {in[1]})[0]};
        };
        note_driven("solve_triangular", triangle({m, side}));
        const auto divided = at_edges(triangle, {m, side});
        check_hard(divided[0][0], b / a, dtype, close);
        check_hard(divided[1][0], 1 / a, dtype, close);
        CHECK(is_refused([&] { return solve(m, side); }) == !usable);
        if (!usable) continue;
        note_driven("solve", {solve(m, side)});
        check_hard(numbers(solve(m, side))[0], b / a, dtype, close);
      }
    }
    note_driven("cholesky", {cholesky(batch_of({4}, 1, dtype))});
  }
}

TEST_CASE("NaN and infinity stay in their column of the right side, and the unread triangle is unread") {
  for (const DType dtype : {DType::float32, DType::float64}) {
    for (const Real hard : few_hard_values(dtype)) {
      const auto number = static_cast<double>(hard);
      CAPTURE(name_of(dtype), number);
      const Tensor side = batch_of({number, 3, 1, 6}, 2, dtype);
      const Tensor lower = batch_of({2, number, 1, 4}, 2, dtype);  // the upper triangle holds the hard value
      const Tensor upper = evaluate(transpose(lower));
      const Tensor general = batch_of({2, 3, 1, 4}, 2, dtype);
      const auto solved = [&](const Tensor& x) { return numbers(select(x, -1, 1)); };
      const Elements right = {1.5, 1.125};
      CHECK(solved(solve_triangular(lower, side)) == right);
      CHECK(solved(solve_triangular(upper, side, {.lower = false, .transpose = true})) == right);
      CHECK(solved(solve(lower, side, {.positive = true})) ==
            solved(solve(batch_of({2, 1, 1, 4}, 2, dtype), side, {.positive = true})));
      CHECK(numbers(cholesky(lower)) == numbers(cholesky(batch_of({2, 1, 1, 4}, 2, dtype))));
      check_close(select(solve(general, side), -1, 1), Elements{-1.2, 1.8}, 1e-6);
      // A matrix that holds NaN or infinity anywhere has no solution and no determinant.
      if (std::isfinite(number)) continue;
      for (std::size_t place = 0; place < 4; ++place) {
        Elements with = {2, 3, 1, 4};
        with[place] = number;
        CHECK(is_refused([&] { return solve(batch_of(with, 2, dtype), side); }));
        check_same(numbers(logdet(batch_of(with, 2, dtype)))[0], NAN);
      }
      check_same(numbers(logdet(batch_of({0, number, 0, 1}, 2, dtype)))[0], NAN);
    }
  }
}

TEST_CASE("determinants and solutions outside of the range of their products") {
  for (const DType dtype : {DType::float32, DType::float64}) {
    const double large = dtype == DType::float32 ? 1e30 : 1e300;
    const double small = 1 / large;
    const Tensor diagonals = batch_of({large, 0, 0, large, small, 0, 0, -small}, 2, dtype);
    check_close(logdet(diagonals), Elements{2 * std::log(large), 2 * std::log(small)}, 1e-6);
    CHECK(numbers(slogdet(diagonals).sign) == Elements{1, -1});
    const Tensor side = evaluate(cast(tensor({large, small}, {2}), dtype));
    check_close(solve(select(diagonals, 0, 0), side), Elements{1, 0}, 1e-6);
    check_close(cholesky(select(diagonals, 0, 0)) / std::sqrt(large), Elements{1, 0, 0, 1}, 1e-6);
  }
}
