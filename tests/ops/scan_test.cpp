#include "support/catch.h"

#include <sluice/compile/compile.h>
#include <sluice/graph/arithmetic.h>
#include <sluice/graph/evaluate.h>
#include <sluice/graph/grad.h>
#include <sluice/ops/matmul.h>
#include <sluice/ops/scan.h>
#include <sluice/ops/stack.h>
#include <sluice/ops/sum.h>
#include <sluice/ops/take.h>
#include <sluice/ops/tanh.h>

#include <cmath>

using namespace sluice;

namespace {

constexpr auto f64 = DType::float64;

/// Deterministic values that are not special in any way.
Tensor numbers(const Shape& shape, double seed) {
  std::vector<double> values(static_cast<std::size_t>(shape.size()));
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = std::sin(seed + 1.7 * static_cast<double>(i));
  return tensor(values, shape);
}

/// The loop that defines scan, unrolled into a graph.
Carried unrolled(const ScanBody& body, Tensors carry, const Tensors& xs, Index length, bool reverse) {
  std::vector<Tensors> ys(static_cast<std::size_t>(length));
  for (Index i = 0; i < length; ++i) {
    const Index t = reverse ? length - 1 - i : i;
    Tensors x;
    for (const Tensor& sequence : xs)
      x.push_back(take(sequence, full({}, static_cast<double>(t), DType::int32), 0));
    Carried step = body(carry, x);
    carry = step.carry;
    ys[static_cast<std::size_t>(t)] = step.ys;
  }
  Carried result{carry, {}};
  for (const Tensors& step : ys) result.ys.insert(result.ys.end(), step.begin(), step.end());
  return result;
}

void require_equal(const Tensor& a, const Tensor& b) {
  REQUIRE(a.spec() == b.spec());
  const Tensors values = evaluate({a, b});
  const Tensors compiled = Program(trace([&](const Tensors&) { return Tensors{a, b}; }, {})).run(Tensors{});
  for (Index i = 0; i < a.size(); ++i) {
    REQUIRE(values[0].value().element(i) ==
            Approx(values[1].value().element(i)).epsilon(1e-12).margin(1e-14));
    // The compiler may take a product's terms in another order.
    for (std::size_t k = 0; k < 2; ++k)
      REQUIRE(compiled[k].value().element(i) ==
              Approx(values[k].value().element(i)).epsilon(1e-12).margin(1e-14));
  }
}

Tensor weigh(const Tensor& t, double seed) { return sum(t * numbers(t.shape(), seed)); }

}  // namespace

TEST_CASE("scan is the loop that defines it: values, gradients and second derivatives") {
  const bool reverse = GENERATE(false, true);
  const Index steps = GENERATE(1, 2, 5);
  const Tensor w = numbers({3, 3}, 0.1);
  const Tensor u = numbers({2, 3}, 0.2);
  const Tensor h0 = numbers({4, 3}, 0.3);
  const Tensor xs = numbers({steps, 4, 2}, 0.4);
  const Tensor gain = full({}, 0.8, f64);
  const ScanBody body = [&](const Tensors& carry, const Tensors& x) {
    const Tensor h = tanh(matmul(carry[0], w) + matmul(x[0], u)) * gain;
    return Carried{{h, carry[1] + h}, {h * h}};
  };
  const Tensors carry{h0, h0 * 0.5};

  const auto loss = [&](const Carried& result, const Tensor& ys) {
    return weigh(result.carry[0], 1) + weigh(result.carry[1], 2) + weigh(ys, 3);
  };
  const Carried result = scan(body, carry, {xs}, {.reverse = reverse});
  const Tensor scanned = loss(result, result.ys[0]);
  const Carried loop = unrolled(body, carry, {xs}, steps, reverse);
  const Tensor looped = loss(loop, stack(loop.ys, 0));
  require_equal(scanned, looped);

  const Tensors wrt{w, u, h0, xs, gain};
  const Tensors d_scanned = grad(scanned, wrt);
  const Tensors d_looped = grad(looped, wrt);
  for (std::size_t i = 0; i < wrt.size(); ++i) require_equal(d_scanned[i], d_looped[i]);

  const auto second = [&](const Tensors& d) { return weigh(d[0], 5) + weigh(d[2], 6) + weigh(d[3], 7); };
  const Tensors dd_scanned = grad(second(d_scanned), wrt);
  const Tensors dd_looped = grad(second(d_looped), wrt);
  for (std::size_t i = 0; i < wrt.size(); ++i) require_equal(dd_scanned[i], dd_looped[i]);
}

TEST_CASE("scans nest, and their gradients too") {
  const Tensor w = numbers({2, 2}, 0.5);
  const Tensor xs = numbers({3, 4, 2}, 0.6);  // outer steps, inner steps, width
  const ScanBody inner = [&](const Tensors& carry, const Tensors& x) {
    const Tensor h = tanh(matmul(carry[0], w) + x[0]);
    return Carried{{h}, {h}};
  };
  const ScanBody outer = [&](const Tensors& carry, const Tensors& x) {
    const Carried row = scan(inner, {carry[0]}, {x[0]});
    return Carried{{row.carry[0] * 0.9}, {row.ys[0]}};
  };
  const ScanBody outer_unrolled = [&](const Tensors& carry, const Tensors& x) {
    const Carried row = unrolled(inner, {carry[0]}, {x[0]}, 4, false);
    return Carried{{row.carry[0] * 0.9}, row.ys};
  };
  const Tensor h0 = numbers({2}, 0.7);
  const Carried scanned = scan(outer, {h0}, {xs});
  const Carried looped = unrolled(outer_unrolled, {h0}, {xs}, 3, false);
  const Tensor weights = numbers({12, 2}, 8);
  Tensor loss_looped = weigh(looped.carry[0], 1);
  for (std::size_t i = 0; i < looped.ys.size(); ++i) {
    loss_looped =
        loss_looped + sum(looped.ys[i] * take(weights, full({}, static_cast<double>(i), DType::int32), 0));
  }
  const Tensor loss_scanned =
      weigh(scanned.carry[0], 1) + sum(scanned.ys[0] * tensor(weights.to_vector<double>(), {3, 4, 2}));
  require_equal(loss_scanned, loss_looped);
  const Tensors wrt{w, xs, h0};
  const Tensors a = grad(loss_scanned, wrt);
  const Tensors b = grad(loss_looped, wrt);
  for (std::size_t i = 0; i < wrt.size(); ++i) require_equal(a[i], b[i]);
  const Tensors aa = grad(weigh(a[0], 2) + weigh(a[1], 3), wrt);
  const Tensors bb = grad(weigh(b[0], 2) + weigh(b[1], 3), wrt);
  for (std::size_t i = 0; i < wrt.size(); ++i) require_equal(aa[i], bb[i]);
}

TEST_CASE("an empty sequence hands the carry through, gradient included") {
  const Tensor h0 = numbers({2}, 1);
  const Tensor w = numbers({2}, 2);
  const auto result = scan(
      [&](const Tensors& c, const Tensors& x) {
        return Carried{{c[0] * w}, {x[0]}};
      },
      {h0}, {zeros({0, 3}, f64)});
  require_equal(result.carry[0], h0);
  CHECK(result.ys[0].shape() == Shape{0, 3});
  const Tensors d = grad(weigh(result.carry[0], 3), Tensors{h0, w});
  require_equal(d[0], numbers({2}, 3));
  require_equal(d[1], zeros({2}, f64));
}

TEST_CASE("carries that swap, repeat and stand still keep their values apart") {
  const Tensor a = numbers({2}, 1);
  const Tensor b = numbers({2}, 2);
  const ScanBody body = [](const Tensors& c, const Tensors&) {
    const Tensor sum_of_both = c[0] + c[1];
    return Carried{{c[1], c[0], sum_of_both, sum_of_both, c[4]}, {c[0], sum_of_both, c[4]}};
  };
  const Tensors carry{a, b, a, a, b};
  const Carried scanned = scan(body, carry, {}, {.length = 3});
  const Carried looped = unrolled(body, carry, {}, 3, false);
  for (std::size_t i = 0; i < carry.size(); ++i) require_equal(scanned.carry[i], looped.carry[i]);
  for (std::size_t t = 0; t < 3; ++t) {
    for (std::size_t i = 0; i < 3; ++i) {
      require_equal(take(scanned.ys[i], full({}, static_cast<double>(t), DType::int32), 0),
                    looped.ys[3 * t + i]);
    }
  }
}

TEST_CASE("integer carries count along without a gradient") {
  const Tensor x = numbers({3}, 1);
  const auto result = scan(
      [&](const Tensors& c, const Tensors&) {
        return Carried{{c[0] + 1, c[1] + take(x, c[0], 0)}, {}};
      },
      {full({}, 0, DType::int32), full({}, 0, f64)}, {}, {.length = 3});
  CHECK(evaluate(result.carry[0]).item() == 3);
  require_equal(grad(result.carry[1], Tensors{x}).front(), ones({3}, f64));
}

TEST_CASE("a scan uses Variables of the function around it, assigned ones included") {
  const Variable w(full({}, 2, f64));
  auto f = compile([&](const Tensor& x) {
    w.assign(w + 1);
    return scan(
               [&](const Tensors& c, const Tensors&) {
                 return Carried{{c[0] * w}, {}};
               },
               {x}, {}, {.length = 2})
        .carry[0];
  });
  CHECK(f(full({}, 1, f64)).item() == 9);
  CHECK(f(full({}, 1, f64)).item() == 16);
}

TEST_CASE("mistakes in a scan are explained with the shapes of a step") {
  const Tensor h = zeros({4, 3});
  const Tensor xs = zeros({5, 4, 2});
  const auto same = [](const Tensors& c, const Tensors&) { return Carried{c, {}}; };
  CHECK_THROWS_WITH(
      scan(
          [](const Tensors& c, const Tensors& x) {
            return Carried{{c[0] + x[0]}, {}};
          },
          {h}, {xs}),
      contains("got [4, 3] and [4, 2]") &&
          contains("in the body of a scan, where a step sees carry (f32[4, 3]) and x (f32[4, 2])"));
  CHECK_THROWS_WITH(scan(
                        [](const Tensors& c, const Tensors&) {
                          return Carried{{sum(c[0])}, {}};
                        },
                        {h}, {xs}),
                    contains("got f32[] for f32[4, 3], carry 0"));
  CHECK_THROWS_WITH(scan([](const Tensors&, const Tensors&) { return Carried{}; }, {h}, {xs}),
                    contains("got 0 for 1"));
  CHECK_THROWS_WITH(scan(same, {h}, {xs, zeros({6, 1})}), contains("got xs[1], f32[6, 1], for 5 steps"));
  CHECK_THROWS_WITH(scan(same, {h}, {}), contains("got neither xs nor a length"));
  CHECK_THROWS_WITH(scan(same, {h}, {zeros({})}), contains("got xs[0], a scalar"));
  const Variable v(zeros({}));
  CHECK_THROWS_WITH(scan(
                        [&](const Tensors& c, const Tensors&) {
                          v.assign(1);
                          return Carried{c, {}};
                        },
                        {h}, {xs}),
                    contains("the body of a scan cannot assign a Variable"));
  CHECK_FALSE(is_tracing());
}

TEST_CASE("building a scan takes the same nodes for any number of steps") {
  const auto count = [](Index steps) {
    const Tensor w = numbers({2, 2}, 1);
    const auto result = scan(
        [&](const Tensors& c, const Tensors& x) {
          const Tensor h = tanh(matmul(c[0], w) + x[0]);
          return Carried{{h}, {h}};
        },
        {numbers({2}, 2)}, {numbers({steps, 2}, 3)});
    const Tensor d = grad(sum(result.ys[0]), w);
    return Program(trace([&](const Tensors&) { return Tensors{d}; }, {})).print().size();
  };
  CHECK(count(900) == Approx(static_cast<double>(count(9000))).margin(40));
}
