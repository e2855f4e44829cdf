// Custom gradients in loops, in other functions that are traced, and of a loop: implicit differentiation.

#include <sluice/check/compiled.h>
#include <sluice/check/gradcheck.h>
#include <sluice/compile/compile.h>
#include <sluice/graph/evaluate.h>
#include <sluice/graph/grad.h>
#include <sluice/graph/variable.h>
#include <sluice/ops/ops.h>

#include <cmath>

#include "support/catch.h"
#include "support/close.h"

using namespace sluice;
using namespace sluice::test;

namespace {

using Numbers = std::vector<double>;

Tensor waves(const Shape& shape, double seed) {
  Numbers values(static_cast<std::size_t>(shape.size()));
  for (std::size_t i = 0; i < values.size(); ++i)
    values[i] = 0.5 * std::sin(seed + 1.7 * static_cast<double>(i));
  return tensor(values, shape);
}

/// tanh(x w + h u), from x, h, w and u: its true gradient, times `scale`.
Tensor cell(const Tensors& all, double scale) {
  return custom_gradient(
      [](const Tensors& a) { return tanh(matmul(a[0], a[2]) + matmul(a[1], a[3])); },
      [scale](const Tensors& a, const Tensor& y, const Tensor& dy) {
        const Tensor d = scale * dy * (1 - square(y));
        return Tensors{matmul(d, a[2], {.transpose_b = true}), matmul(d, a[3], {.transpose_b = true}),
                       matmul(a[0], d, {.transpose_a = true}), matmul(a[1], d, {.transpose_a = true})};
      },
      all);
}

Tensor plain_cell(const Tensors& a) { return tanh(matmul(a[0], a[2]) + matmul(a[1], a[3])); }

/// The weighted states of a loop over a[0], [T, B, I], with h0, w and u.
Tensor loop(const Tensors& a, const std::function<Tensor(const Tensors&)>& step, const ScanOptions& options) {
  const Carried run = scan(
      [&](const Tensors& carry, const Tensors& x) {
        const Tensor h = step({x[0], carry[0], a[2], a[3]});
        return Carried{{h}, {h}};
      },
      {a[1]}, {a[0]}, options);
  return sum(run.ys[0] * waves(run.ys[0].shape(), 3)) + sum(run.carry[0]);
}

Tensors loop_arguments() {
  return {waves({7, 2, 3}, 1), waves({2, 4}, 2), waves({3, 4}, 4), waves({4, 4}, 5)};
}

ScanOptions options_of(bool reverse, Index checkpoint) {
  ScanOptions options;
  options.reverse = reverse;
  options.checkpoint = checkpoint;
  return options;
}

/// The x with x = tanh(x w + b), found by steps of that; its gradient solves u = dy + J u, J = d step / d x.
Tensor fixed_point(const Tensor& w, const Tensor& b) {
  const auto step = [](const Tensor& x, const Tensors& wb) { return tanh(matmul(x, wb[0]) + wb[1]); };
  return custom_gradient(
      [&](const Tensors& wb) {
        return scan(
                   [&](const Tensors& x, const Tensors&) {
                     return Carried{{step(x[0], wb)}, {}};
                   },
                   {zeros_like(wb[1])}, {}, {.length = 80})
            .carry[0];
      },
      [&](const Tensors& wb, const Tensor& x, const Tensor& dx) {
        const Tensor next = step(x, wb);
        const Tensor u = scan(
                             [&](const Tensors& sum, const Tensors&) {
                               return Carried{{dx + vjp({next}, {sum[0]}, {x})[0]}, {}};
                             },
                             {dx}, {}, {.length = 80})
                             .carry[0];
        return vjp({next}, {u}, wb);
      },
      {w, b});
}

}  // namespace

TEST_CASE("custom gradients in loops: forwards, backwards, with checkpoints") {
  const Tensors a = loop_arguments();
  for (const bool reverse : {false, true}) {
    for (const Index checkpoint : {0, 3, 7}) {
      INFO(reverse << " " << checkpoint);
      const ScanOptions options = options_of(reverse, checkpoint);
      const auto own = [&](const Tensors& x) {
        return loop(
            x, [](const Tensors& all) { return cell(all, 1); }, options);
      };
      const auto plain = [&](const Tensors& x) { return loop(x, plain_cell, options); };
      const Tensors got = grad(own(a), a);
      const Tensors expected = grad(plain(a), a);
      for (std::size_t i = 0; i < a.size(); ++i) check_close(got[i], expected[i], 1e-13);
      check_compiled([&](const Tensors& x) { return Tensors{own(x)}; }, a);
      // Second derivatives, through the loop's gradient.
      const auto curvature = [&](const auto& f) {
        Tensor total = sum(zeros_like(a[1]));
        for (const Tensor& slope : grad(f(a), a)) total = total + sum(square(slope));
        return grad(total, a);
      };
      const Tensors second = curvature(own);
      const Tensors second_expected = curvature(plain);
      for (std::size_t i = 0; i < a.size(); ++i) check_close(second[i], second_expected[i], 1e-12);
    }
  }
}

TEST_CASE("each step of a loop has the gradient of its own") {
  const Tensors a = loop_arguments();
  // The last state only: d h_T / d h_0 is multiplied at each of the 7 steps.
  const auto last = [&](double scale) {
    const Carried run = scan(
        [&](const Tensors& carry, const Tensors& x) {
          return Carried{{cell({x[0], carry[0], a[2], a[3]}, scale)}, {}};
        },
        {a[1]}, {a[0]});
    return grad(sum(run.carry[0]), a[1]);
  };
  check_close(last(2), numbers(128 * last(1)), 1e-13);
}

TEST_CASE("custom gradients inside custom gradients and compiled functions") {
  const Tensor x = tensor({0.5, -1.0});
  // The inner backward captures a tensor of the outer function.
  const auto nested = [](const Tensor& t) {
    return custom_gradient(
        [](const Tensor& outer) {
          const Tensor twice = 2 * outer;
          return custom_gradient([](const Tensor& inner) { return inner * 3; },
                                 [&](const Tensor&, const Tensor&, const Tensor& dy) { return dy * twice; },
                                 outer);
        },
        [](const Tensor& outer, const Tensor&, const Tensor& dy) {
          const auto of_inner = [&](const Tensor& inner) {
            return custom_gradient(
                [](const Tensor& s) { return exp(s); },
                [&](const Tensor&, const Tensor&, const Tensor& d) { return d * outer * dy; }, inner);
          };
          return dy * of_inner(outer);
        },
        t);
  };
  const Tensor slope = grad(sum(nested(x)), x);
  check_close(nested(x), {1.5, -3}, 1e-15);
  check_close(slope, {std::exp(0.5), std::exp(-1.0)}, 1e-15);
  check_close(grad(sum(slope), x), {0.5, -1}, 1e-15);  // exp has the gradient outer * dy, with dy = 1
  check_compiled([&](const Tensors& t) { return Tensors{nested(t[0])}; }, {x});

  const auto inner = compile([&](const Tensor& t) { return nested(t) * t; });
  const auto outer = compile([&](const Tensor& t) { return grad(sum(inner(t)), t); });
  check_close(outer(x), {std::exp(0.5) * 0.5 + 1.5, -std::exp(-1.0) - 3}, 1e-15);
}

TEST_CASE("a step of training with a custom gradient does the same eager and compiled") {
  const auto train = [](const auto& make_step) {
    const Variable w(waves({3, 3}, 1));
    const auto step = make_step([&](const Tensor& x) {
      const Tensor y = custom_gradient(
          [](const Tensors& a) { return sign(matmul(a[0], a[1])); },
          [](const Tensors& a, const Tensor&, const Tensor& dy) {
            const Tensor d = clamp(dy, -0.5, 0.5);
            return Tensors{matmul(d, a[1], {.transpose_b = true}), matmul(a[0], d, {.transpose_a = true})};
          },
          {x, w});
      const Tensor loss = sum(square(y - x));
      w.assign(w - 0.1 * grad(loss, w));
      return loss;
    });
    for (int i = 0; i < 3; ++i) step(waves({2, 3}, 7));
    return numbers(w);
  };
  const auto eager = train([](const auto& f) { return f; });
  const auto compiled = train([](const auto& f) { return compile(f); });
  CHECK(eager != numbers(waves({3, 3}, 1)));
  check_close(tensor(compiled, {9}), eager, 1e-14);
}

TEST_CASE("implicit differentiation of a fixed point") {
  const Tensor w = waves({3, 3}, 2);
  const Tensor b = waves({1, 3}, 4);
  const auto f = [](const Tensors& wb) { return fixed_point(wb[0], wb[1]); };
  check_close(f({w, b}), tanh(matmul(f({w, b}), w) + b), 1e-14);
  CHECK(gradcheck(f, {w, b}).entries == 36);
  // No step of the search is kept: the gradient needs w, b and x.
  gradgradcheck(f, {w, b});
}
