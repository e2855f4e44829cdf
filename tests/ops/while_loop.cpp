// Loops that their data end.

#include <sluice/compile/program.h>
#include <sluice/graph/arithmetic.h>
#include <sluice/graph/evaluate.h>
#include <sluice/graph/grad.h>
#include <sluice/graph/variable.h>
#include <sluice/ops/abs.h>
#include <sluice/ops/argmax.h>
#include <sluice/ops/compare.h>
#include <sluice/ops/flip.h>
#include <sluice/ops/logical.h>
#include <sluice/ops/max.h>
#include <sluice/ops/scan.h>
#include <sluice/ops/sin.h>
#include <sluice/ops/stack.h>
#include <sluice/ops/sum.h>
#include <sluice/ops/take.h>
#include <sluice/ops/vmap.h>
#include <sluice/ops/where.h>
#include <sluice/ops/while_loop.h>

#include <cmath>

#include "support/catch.h"
#include "support/check_op.h"
#include "support/close.h"
#include "support/hard_values.h"

using namespace sluice;
using namespace sluice::test;

namespace {

/// All outputs, evaluated and compiled, which must be equal.
std::vector<Elements> both_ways(const TensorFunction& function, const Tensors& inputs) {
  Specs specs;
  for (const Tensor& t : inputs) specs.push_back(t.spec());
  Program program(trace(function, specs));
  std::vector<Elements> results;
  for (const Tensor& t : function(inputs)) results.push_back(numbers(t));
  const Tensors compiled = program.run(inputs);
  REQUIRE(compiled.size() == results.size());
  for (std::size_t i = 0; i < results.size(); ++i) check_close(compiled[i], results[i], 1e-12);
  return results;
}

/// The number of steps of Collatz' sequence from n down to 1.
Tensor collatz(const Tensor& n) {
  return while_loop([](const Tensors& c) { return c[0] != 1; },
                    [](const Tensors& c) {
                      const Tensor half = c[0] / 2;
                      return Tensors{where(half * 2 == c[0], half, 3 * c[0] + 1)};
                    },
                    {n})
      .steps;
}

/// Square roots by Newton's method, until nothing changes any more.
WhileResult newton(const Tensor& a, const WhileOptions& options) {
  return while_loop([](const Tensors& c) { return max(abs(c[0] - c[1])) > 1e-14; },
                    [&](const Tensors& c) {
                      return Tensors{(c[0] + a / c[0]) / 2, c[0]};
                    },
                    {a, a + 1}, options);
}

}  // namespace

TEST_CASE("a loop ends when its data say so") {
  const TensorFunction steps = [](const Tensors& t) { return Tensors{collatz(t[0])}; };
  for (const auto& [n, expected] : std::vector<std::pair<int, double>>{{1, 0}, {6, 8}, {27, 111}})
    CHECK(both_ways(steps, {full({}, n, DType::int32)})[0] == Elements{expected});

  const TensorFunction roots = [](const Tensors& t) {
    const WhileResult result = newton(t[0], {});
    return Tensors{result.carry[0], result.steps};
  };
  const auto got = both_ways(roots, {tensor({2., 9., 0.25})});
  check_close(tensor(got[0], {3}), {std::sqrt(2.), 3, 0.5}, 1e-15);
  CHECK(got[1][0] > 4);
  CHECK(got[1][0] < 12);
}

TEST_CASE("a loop ends after the most steps, and returns what was given if there are none") {
  const auto counts = [](const WhileOptions& options) {
    return [options](const Tensors& t) {
      const WhileResult result =
          while_loop([&](const Tensors& c) { return c[0] < t[1]; },
                     [](const Tensors& c) { return Tensors{c[0] + 1}; }, {t[0]}, options);
      return Tensors{result.carry[0], result.steps};
    };
  };
  const auto i = [](double n) { return full({}, n, DType::int32); };
  CHECK(both_ways(counts({}), {i(3), i(7)}) == std::vector<Elements>{{7}, {4}});
  CHECK(both_ways(counts({.most = 2}), {i(3), i(7)}) == std::vector<Elements>{{5}, {2}});
  CHECK(both_ways(counts({.most = 0}), {i(3), i(7)}) == std::vector<Elements>{{3}, {0}});
  CHECK(both_ways(counts({}), {i(9), i(7)}) == std::vector<Elements>{{9}, {0}});
}

TEST_CASE("gradients of a bounded loop are those of the steps taken") {
  const auto loop = [](const Tensors& t) {
    return while_loop([&](const Tensors& c) { return c[1] < t[2]; },
                      [&](const Tensors& c) {
                        return Tensors{sin(c[0]) * t[1] + c[0], c[1] + 1};
                      },
                      {t[0], zeros({}, DType::int32)}, {.most = 4})
        .carry[0];
  };
  const auto n = [](double steps) { return full({}, steps, DType::int32); };
  check_op("while_loop", loop,
           {Sample({{2}, {2}}, {n(0)}), Sample({{2}, {2}}, {n(1)}), Sample({{3}, {}}, {n(2)}),
            Sample({{}, {}}, {n(3)}), Sample({{2, 2}, {2}}, {n(4)}), Sample({{2}, {2}}, {n(5)}),
            Sample({{0}, {0}}, {n(2)}), Sample({{1, 2}, {1, 1}}, {n(2)})},
           {.reference = [](const std::vector<Values>& x) {
             return filled(x[0].shape, [&](const std::vector<Index>& at) {
               double y = x[0].at(at);
               std::vector<Index> of_w(at.end() - x[1].shape.rank(), at.end());
               for (std::size_t i = 0; i < of_w.size(); ++i)
                 of_w[i] = std::min(of_w[i], x[1].shape[static_cast<Index>(i)] - 1);
               for (int step = 0; step < std::min(x[2][0], 4.); ++step) y += std::sin(y) * x[1].at(of_w);
               return y;
             });
           }});
}

TEST_CASE("the gradient of a root found step by step is that of the root") {
  const TensorFunction slope = [](const Tensors& t) {
    const Tensor root = newton(t[0], {.most = 20}).carry[0];
    const Tensor first = grad(sum(root), t[0]);
    return Tensors{first, grad(sum(first), t[0])};
  };
  const auto got = both_ways(slope, {tensor({2., 9., 0.25})});
  check_close(tensor(got[0], {3}), {0.5 / std::sqrt(2.), 1. / 6, 1}, 1e-10);
  check_close(tensor(got[1], {3}), {-0.25 / std::pow(2., 1.5), -0.25 / 27, -2}, 1e-8);
}

TEST_CASE("a batch is decoded until all of it has ended") {
  // Each word is followed by the next; the last is the end, after which a sequence stays.
  constexpr Index words = 6;
  const TensorFunction decode = [](const Tensors& t) {
    const WhileResult result = while_loop(
        [&](const Tensors& c) { return max(c[0]) > 0; },
        [&](const Tensors& c) {
          const Tensor next = argmax(take(t[1], c[1]), -1);
          return Tensors{where(next == words - 1, zeros({3}, DType::int32), c[0]), next, c[2] + c[0]};
        },
        {ones({3}, DType::int32), t[0], zeros({3}, DType::int32)}, {.most = 50});
    return Tensors{result.carry[1], result.carry[2], result.steps};
  };
  std::vector<double> scores(words * words);
  for (std::size_t i = 0; i < words; ++i) scores[i * words + std::min<std::size_t>(i + 1, words - 1)] = 1;
  const auto got = both_ways(decode, {tensor({3, 0, 4}), tensor(scores, {words, words})});
  CHECK(got[0] == Elements{5, 5, 5});
  CHECK(got[1] == Elements{2, 5, 1});
  CHECK(got[2] == Elements{5});
}

TEST_CASE("loops that data end stand in scans, in vmaps and in each other") {
  const TensorFunction mapped = [](const Tensors& t) { return Tensors{vmap(collatz, t[0])}; };
  CHECK(both_ways(mapped, {tensor({1, 6, 27, 2})})[0] == Elements{0, 8, 111, 1});

  const TensorFunction scanned = [](const Tensors& t) {
    const auto step = [&](const Tensors& c, const Tensors& x) {
      const Tensor root = newton(x[0] + c[0], {.most = 40}).carry[0];
      return Carried{{root}, {root}};
    };
    const Tensor y = scan(step, {zeros({}, DType::float64)}, {t[0]}).ys[0];
    return Tensors{y, grad(sum(y), t[0])};
  };
  const double first = std::sqrt(2.);
  const double second = std::sqrt(7 + first);
  const auto got = both_ways(scanned, {tensor({2., 7.})});
  check_close(tensor(got[0], {2}), {first, second}, 1e-14);
  check_close(tensor(got[1], {2}), {0.5 / first * (1 + 0.5 / second), 0.5 / second}, 1e-10);

  // The condition of the inner loop depends on the carry of the outer one only.
  const TensorFunction nested = [](const Tensors& t) {
    const auto outer = [](const Tensors& c) {
      const Tensors inner =
          while_loop([&](const Tensors& d) { return d[0] < c[0]; },
                     [](const Tensors& d) { return Tensors{d[0] + 1}; }, {zeros({}, DType::int32)})
              .carry;
      return Tensors{c[0] - 1, c[1] + inner[0]};
    };
    return while_loop([](const Tensors& c) { return c[0] > 0; }, outer, {t[0], zeros({}, DType::int32)})
        .carry;
  };
  CHECK(both_ways(nested, {full({}, 4, DType::int32)})[1] == Elements{10});
}

TEST_CASE("a loop that data end reads Variables and may not assign them") {
  const Variable limit(full({}, 5));
  const TensorFunction counts = [&](const Tensors& t) {
    return while_loop([&](const Tensors& c) { return c[0] < limit; },
                      [](const Tensors& c) { return Tensors{c[0] + 1}; }, t)
        .carry;
  };
  CHECK(both_ways(counts, {full({}, 0)})[0] == Elements{5});
  limit.assign(full({}, 7));
  CHECK(both_ways(counts, {full({}, 0)})[0] == Elements{7});
  const TensorFunction assigns = [&](const Tensors& t) {
    return while_loop([&](const Tensors& c) { return c[0] < limit; },
                      [&](const Tensors& c) {
                        limit.assign(c[0]);
                        return c;
                      },
                      t)
        .carry;
  };
  check_error(assigns, {f32({})}, "cannot assign a Variable");
}

TEST_CASE("mistakes in a loop that data end are explained") {
  const auto holds = [](const Tensors& c) { return c[0] < 1; };
  const TensorFunction same = [](const Tensors& c) { return c; };
  check_error([&](const Tensors& x) { return while_loop(holds, same, x).carry; }, {f32({2})},
              "[while_loop] the condition must be a bool scalar: got bool[2]");
  check_error(
      [&](const Tensors& x) { return while_loop([](const Tensors& c) { return c[0]; }, same, x).carry; },
      {f32({})}, "got f32[]");
  check_error(
      [&](const Tensors& x) {
        return while_loop(
                   holds, [](const Tensors&) { return Tensors{}; }, x)
            .carry;
      },
      {f32({})}, "got 0 for 1");
  check_error(
      [&](const Tensors& x) {
        return while_loop(
                   holds,
                   [](const Tensors& c) {
                     return Tensors{stack({c[0], c[0]}, 0)};
                   },
                   x)
            .carry;
      },
      {f32({})}, "got f32[2] for f32[], carry 0");
  check_error([&](const Tensors& x) { return while_loop(holds, same, x, {.most = -1}).carry; }, {f32({})},
              "[while_loop] most is a number of steps, which i32 can count: got -1");
  check_error([&](const Tensors& x) { return Tensors{grad(sum(newton(x[0], {}).carry[0]), x[0])}; },
              {f32({2})}, "[while_loop] a gradient keeps the values of every step");
}

TEST_CASE("loops that data end at hard values") {
  check_hard_linear({"while_loop", {3, 2}, [](const Tensor& x) {
                       return while_loop([](const Tensors& c) { return c[1] < 3; },
                                         [](const Tensors& c) {
                                           return Tensors{flip(c[0], 0), c[1] + 1};
                                         },
                                         {x, zeros({}, DType::int32)}, {.most = 5})
                           .carry[0];
                     }});
}
