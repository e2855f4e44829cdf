// Functions with a gradient of their author's own: values, gradients, second derivatives, straight_through.

#include <sluice/check/compiled.h>
#include <sluice/graph/evaluate.h>
#include <sluice/graph/grad.h>
#include <sluice/graph/print.h>
#include <sluice/graph/variable.h>
#include <sluice/ops/ops.h>

#include <cmath>
#include <limits>

#include "support/catch.h"
#include "support/check_op.h"
#include "support/close.h"
#include "support/hard_values.h"

using namespace sluice;
using namespace sluice::test;

namespace {

using Numbers = std::vector<double>;

constexpr double infinity = std::numeric_limits<double>::infinity();

Tensor same(const Tensor& x) { return x; }

/// The identity, whose gradient is multiplied by -2.
Tensor reversed(const Tensor& x) {
  return custom_gradient(
      same, [](const Tensor&, const Tensor&, const Tensor& dy) { return -2 * dy; }, x);
}

/// The identity, whose gradient is clipped to [-1, 1].
Tensor clipped_back(const Tensor& x) {
  return custom_gradient(
      same, [](const Tensor&, const Tensor&, const Tensor& dy) { return clamp(dy, -1, 1); }, x);
}

/// exp with its true gradient, from y.
Tensor own_exp(const Tensor& x) {
  return custom_gradient([](const Tensor& t) { return exp(t); },
                         [](const Tensor&, const Tensor& y, const Tensor& dy) { return dy * y; }, x);
}

/// Sine and cosine with their true gradients.
Tensors sin_and_cos(const Tensor& x) {
  return custom_gradient(
      [](const Tensors& xs) {
        return Tensors{sin(xs[0]), cos(xs[0])};
      },
      [](const Tensors&, const Tensors& ys, const Tensors& dys) {
        return Tensors{dys[0] * ys[1] - dys[1] * ys[0]};
      },
      {x});
}

/// x / y with its true gradient, for two tensors that broadcast.
Tensor quotient(const Tensor& x, const Tensor& y) {
  return custom_gradient(
      [](const Tensors& xs) { return xs[0] / xs[1]; },
      [](const Tensors& xs, const Tensor& q, const Tensor& dq) {
        return Tensors{sum_to(dq / xs[1], xs[0].shape()), sum_to(-dq * q / xs[1], xs[1].shape())};
      },
      {x, y});
}

Numbers slope_of(const std::function<Tensor(const Tensor&)>& f, const Tensor& x) {
  return numbers(grad(sum(f(x)), x));
}

double away_from_zero(std::mt19937& random, std::size_t) {
  return std::uniform_real_distribution<double>(0.5, 2)(random);
}

}  // namespace

TEST_CASE("custom_gradient of true gradients is right in every way that an op is") {
  check_op("custom_gradient", [](const Tensors& x) { return own_exp(x[0]); }, unary_samples(),
           {.scalar = [](const Numbers& x) { return std::exp(x[0]); }});
  check_op("custom_gradient", [](const Tensors& x) { return quotient(x[0], x[1]); }, binary_samples(),
           {.scalar = [](const Numbers& x) { return x[0] / x[1]; }, .draw = away_from_zero});
  check_op("custom_gradient", [](const Tensors& x) { return sin_and_cos(x[0]); }, unary_samples(),
           {.reference = [](const std::vector<Values>& x) {
             Numbers both;
             for (const double v : x[0].data) both.push_back(std::sin(v));
             for (const double v : x[0].data) both.push_back(std::cos(v));
             return both;
           }});
}

TEST_CASE("custom_gradient and straight_through at hard values") {
  check_hard_linear({"custom_gradient", {3, 2}, [](const Tensor& x) {
                       return custom_gradient(
                           [](const Tensor& t) { return transpose(t); },
                           [](const Tensor&, const Tensor&, const Tensor& dy) { return transpose(dy); }, x);
                     }});
  check_hard_linear({"custom_gradient", {3, 2}, [](const Tensor& x) { return straight_through(x, x); }});
}

TEST_CASE("the value is that of the function, bit for bit, and the gradient that of backward") {
  const auto f = [](const Tensor& t) { return sin(t) * 3 + t / 7; };
  const auto backward = [](const Tensor& x, const Tensor& y, const Tensor& dy) { return dy * x + y; };
  const Tensor x = tensor({0.3f, -1.7f, 1e-30f, 40.f});
  const Tensor y = custom_gradient(f, backward, x);
  CHECK(evaluate(y).to_vector() == evaluate(f(x)).to_vector());
  CHECK(numbers(grad(sum(y * 2), x)) == numbers(2 * x + f(x)));
  CHECK(slope_of(reversed, x) == Numbers{-2, -2, -2, -2});
  CHECK(numbers(grad(sum(clipped_back(x) * tensor({3.f, -0.5f, -9.f, 1.f})), x)) == Numbers{1, -0.5, -1, 1});
}

TEST_CASE("custom_gradient with several arguments and results") {
  const Tensor x = tensor({1.0, 2.0});
  const Tensor ids = tensor({1, 0});
  const auto call = [&](const Tensor& unused) {
    return custom_gradient(
        [](const Tensors& xs) {
          return Tensors{take(xs[0], xs[1]), xs[1] + 1, xs[0]};
        },
        [](const Tensors& xs, const Tensors& ys, const Tensors& dys) {
          CHECK(xs.size() == 3);
          CHECK(ys[1].dtype() == DType::int32);
          CHECK_FALSE(dys[1].defined());
          return Tensors{dys[0] + 10 * dys[2], Tensor(), Tensor()};
        },
        {x, ids, unused});
  };
  const Tensor unused = tensor({5.0});
  const Tensors ys = call(unused);
  CHECK(numbers(ys[0]) == Numbers{2, 1});
  CHECK(evaluate(ys[1]).to_vector<std::int32_t>() == std::vector<std::int32_t>{2, 1});
  const Tensors both = grad(sum(ys[0] * 3 + ys[2]), {x, unused});
  CHECK(numbers(both[0]) == Numbers{13, 13});
  CHECK(numbers(both[1]) == Numbers{0});
  CHECK(numbers(grad(sum(ys[0]), x)) == Numbers{1, 1});  // no gradient arrives at ys[2]
}

TEST_CASE("second derivatives are those of backward") {
  const Tensor x = tensor({2.0, -1.0});
  // Its gradient is said to be 5 x^2, and so its second derivative is 10 x.
  const Tensor y =
      custom_gradient([](const Tensor& t) { return t * t * t; },
                      [](const Tensor& t, const Tensor&, const Tensor& dy) { return 5 * square(t) * dy; }, x);
  const Tensor slope = grad(sum(y), x);
  CHECK(numbers(slope) == Numbers{20, 5});
  CHECK(numbers(grad(sum(slope), x)) == Numbers{20, -10});
  CHECK(slope_of([](const Tensor& t) { return grad(sum(grad(sum(own_exp(t)), t)), t); }, tensor({0.0})) ==
        Numbers{1});
  // The y that backward sees has this gradient, too: y, and not 3 x^2.
  const Tensor cube =
      custom_gradient([](const Tensor& t) { return t * t * t; },
                      [](const Tensor&, const Tensor& value, const Tensor& dy) { return value * dy; }, x);
  CHECK(numbers(grad(sum(grad(sum(cube), x)), x)) == Numbers{8, -1});
}

TEST_CASE("what backward captures has second derivatives, and no first") {
  const Variable scale(tensor({3.0}));
  const Tensor x = tensor({2.0});
  const Tensor y = custom_gradient(
      same, [&](const Tensor&, const Tensor&, const Tensor& dy) { return square(scale) * dy; }, x);
  CHECK(numbers(grad(sum(y), scale)) == Numbers{0});
  const Tensor slope = grad(sum(y), x);
  CHECK(numbers(slope) == Numbers{9});
  CHECK(numbers(grad(sum(slope), scale)) == Numbers{6});
  scale.assign(tensor({1.0}));
  CHECK(numbers(slope) == Numbers{9});  // the value that it had
}

TEST_CASE("a gradient with respect to what the function captured is refused, and names it") {
  const Tensor x = tensor({2.0});
  const Tensor w = tensor({3.0, 4.0});
  const auto call = [&](const Tensor& factor) {
    return sum(
        custom_gradient([&](const Tensor& t) { return t * factor; },
                        [](const Tensor&, const Tensor&, const Tensor& dy) { return sum(dy, 0, true); }, x));
  };
  CHECK(numbers(call(w)) == Numbers{14});
  CHECK(numbers(grad(call(w), x)) == Numbers{2});
  CHECK_THROWS_WITH(
      grad(call(w), w),
      contains("[custom_gradient] a gradient flows to the arguments of the function only: got one "
               "with respect to what a tensor f64[2] is made from, which the function captured, "
               "the result of 'constant'; pass it as one of the xs, or wrap it in stop_gradient"));
  CHECK_THROWS_WITH(grad(call(exp(w)), w), contains("the result of 'exp' (ops/custom_gradient.cpp:"));
  CHECK(numbers(grad(call(stop_gradient(w)), w)) == Numbers{0, 0});
  CHECK(numbers(grad(call(square(stop_gradient(w))) * sum(w), w)) == Numbers{50, 50});
  // Without its argument the function captures x itself.
  const Tensor captured = custom_gradient(
      [&](const Tensor&) { return x; }, [](const Tensor&, const Tensor&, const Tensor& dy) { return dy; }, x);
  CHECK_THROWS_WITH(grad(sum(captured), x), contains("pass it as one of the xs"));
}

TEST_CASE("both functions are called once, to be recorded") {
  int forward = 0;
  int backward = 0;
  const Tensor x = tensor({1.0, 2.0});
  const Tensor y =
      custom_gradient([&](const Tensor& t) { return ++forward, t * 2; },
                      [&](const Tensor&, const Tensor&, const Tensor& dy) { return ++backward, dy * 3; }, x);
  CHECK(numbers(grad(sum(y), x)) == Numbers{3, 3});
  CHECK(numbers(grad(sum(square(y)), x)) == Numbers{12, 24});
  CHECK(forward == 1);
  CHECK(backward == 1);
}

TEST_CASE("forward mode follows a backward that is linear") {
  const Tensor x = tensor({0.5, -1.0});
  const auto along =
      jvp([](const Tensors& t) { return Tensors{own_exp(reversed(t[0]))}; }, {x}, {tensor({1.0, 10.0})});
  check_close(along.tangents[0], {-2 * std::exp(0.5), -20 * std::exp(-1.0)}, 1e-15);
}

TEST_CASE("zeros of what was not selected pass a custom gradient, and those that it makes stay") {
  const Tensor x = tensor({0.0, 4.0});
  // The slope of sqrt is infinite at 0.
  const auto above = [](const Tensor& t) { return where(t > 0, reversed(sqrt(t)), 0.0); };
  CHECK(slope_of(above, x) == Numbers{0, -0.5});
  const auto own_choice = [](const Tensor& t) {
    return custom_gradient(
        same, [](const Tensor& s, const Tensor&, const Tensor& dy) { return where(s > 0, dy, 0.0); },
        sqrt(t));
  };
  CHECK(slope_of(own_choice, x) == Numbers{0, 0.25});
  const auto product = [](const Tensor& t) {
    const Tensor slope = custom_gradient(
        same, [](const Tensor& s, const Tensor&, const Tensor& dy) { return dy / s; }, t);
    return where(t > 0, slope, 0.0);
  };
  CHECK(slope_of(product, x) == Numbers{0, 0.25});
}

TEST_CASE("straight_through has the bits of one tensor and the gradient of the other") {
  const Tensor x = tensor({0.1f, 0.7f, -1e9f, 3e-9f});
  const auto rounded = [](const Tensor& t) { return floor(t + 0.5); };
  const Tensor y = straight_through(rounded(x), x);
  CHECK(evaluate(y).to_vector() == evaluate(rounded(x)).to_vector());
  CHECK(numbers(grad(sum(y * tensor({1.f, 2.f, 3.f, 4.f})), x)) == Numbers{1, 2, 3, 4});
  CHECK(slope_of([](const Tensor& t) { return straight_through(sign(t), t); }, x) == Numbers{1, 1, 1, 1});
  CHECK(slope_of([](const Tensor& t) { return straight_through(exp(t), square(t)); }, tensor({3.0})) ==
        Numbers{6});
  // What is usually written loses the last bits.
  const Tensor third = tensor({1.f / 3});
  const Tensor far = tensor({1e4f});
  CHECK(evaluate(far + stop_gradient(third - far)).item() != evaluate(third).item());
  CHECK(evaluate(straight_through(third, far)).item() == evaluate(third).item());
  CHECK(numbers(straight_through(tensor({1.0}), tensor({infinity}))) == Numbers{1});
  CHECK(numbers(straight_through(1, tensor(std::vector<double>{2}, Shape{}))) == Numbers{1});
}

TEST_CASE("a printed graph shows the function and, below it, its gradient") {
  const Graph graph = trace([](const Tensors& x) { return Tensors{own_exp(x[0])}; }, {f64({2})});
  CHECK(to_text(graph) ==
        "graph(a0: f64[2]) {\n"
        "  %0 = exp(a0)  f64[2]\n"
        "  %1 = custom_gradient(a0, %0, xs=1, ys=1)  f64[2]\n"
        "    graph(a0: f64[2], a1: f64[2], a2: f64[2]) {\n"
        "      %0 = multiply(a2, a1)  f64[2]\n"
        "      return %0\n"
        "    }\n"
        "  return %1\n"
        "}\n");
}

TEST_CASE("custom_gradient says what backward may not return, and where") {
  const Tensor x = ones({2, 3});
  const Tensor ids = tensor({1, 0});
  const auto returning = [&](const Tensors& gradients) {
    return [&x, &ids, gradients](const Tensors&) {
      return Tensors{custom_gradient([](const Tensors& xs) { return xs[0]; },
                                     [&](const Tensors&, const Tensor&, const Tensor&) { return gradients; },
                                     {x, ids})};
    };
  };
  check_error(
      returning({x}), Tensors{},
      "[custom_gradient] backward returns one gradient per x: got 1 for 2; return an undefined Tensor "
      "where there is none; in the backward of a custom_gradient, which sees xs (f32[2, 3], i32[2]), ys "
      "(f32[2, 3]) and dys (f32[2, 3])");
  check_error(returning({ones({3}), Tensor()}), Tensors{},
              "[custom_gradient] a gradient has the shape and dtype of its x: got f32[3] for x 0, f32[2, 3]; "
              "reshape it, or sum or broadcast it");
  check_error(returning({ones({2, 3}, DType::float64), Tensor()}), Tensors{},
              "got f64[2, 3] for x 0, f32[2, 3]; cast it");
  check_error(
      returning({x, ids}), Tensors{},
      "[custom_gradient] only a floating-point x has a gradient: got i32[2] for x 1, i32[2]; return an "
      "undefined Tensor for it");
}

TEST_CASE("errors of the functions keep their text and say where they arose") {
  const Tensor x = ones({2, 3});
  const auto backward = [](const Tensor&, const Tensor&, const Tensor& dy) { return dy; };
  check_error(
      [&](const Tensors&) {
        return custom_gradient([](const Tensor& t) { return matmul(t, t); }, backward, x);
      },
      Tensors{}, "; in the function of a custom_gradient, which sees (f32[2, 3])");
  check_error(
      [&](const Tensors&) {
        return custom_gradient(
            same, [](const Tensor& t, const Tensor&, const Tensor& dy) { return matmul(dy, t); }, x);
      },
      Tensors{}, "[matmul] the columns of the left must be as many as the rows of the right: got f32[2, 3]");
  const Variable v(x);
  check_error(
      [&](const Tensors&) {
        return custom_gradient([&](const Tensor& t) { return v.assign(t), t; }, backward, x);
      },
      Tensors{}, "the functions of custom_gradient cannot assign a Variable");
  check_error(
      [&](const Tensors&) {
        return custom_gradient([&](const Tensor& t) { return t * t.item(); }, backward, x);
      },
      Tensors{}, "in the inside of a custom_gradient (ops/custom_gradient.cpp:");
  Tensor kept;
  custom_gradient([&](const Tensor& t) { return kept = exp(t); }, backward, x);
  check_error([&](const Tensors&) { return kept + 1; }, Tensors{},
              "a tensor of the inside of a custom_gradient");
  CHECK_THROWS_AS(
      custom_gradient([](const Tensor&) -> Tensor { throw std::runtime_error("mine"); }, backward, x),
      std::runtime_error);
}
