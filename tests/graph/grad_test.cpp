#include "support/catch.h"

#include <sluice/graph/arithmetic.h>
#include <sluice/graph/evaluate.h>
#include <sluice/graph/grad.h>
#include <sluice/ops/matmul.h>
#include <sluice/ops/sum.h>
#include <sluice/ops/tanh.h>

#include <cmath>

using namespace sluice;

namespace {
double value(const Tensor& t) { return evaluate(t).item(); }
Tensor scalar(double x) { return full({}, x, DType::float64); }
}  // namespace

TEST_CASE("the gradient of a product is the other factor") {
  const Tensor x = scalar(3);
  const Tensor y = scalar(5);
  const Tensors d = grad(x * y, Tensors{x, y});
  CHECK(value(d[0]) == 5);
  CHECK(value(d[1]) == 3);
}

TEST_CASE("contributions of several uses are summed") {
  const Tensor x = scalar(3);
  CHECK(value(grad(x * x + x, x)) == 7);
}

TEST_CASE("broadcasting is undone in the gradient") {
  const Tensor row = full({3}, 2, DType::float64);
  const Tensor matrix = full({4, 3}, 5, DType::float64);
  const Tensors d = grad(sum(row * matrix), Tensors{row, matrix});
  CHECK(evaluate(d[0]).to_vector<double>() == std::vector<double>(3, 20));
  CHECK(evaluate(d[1]).to_vector<double>() == std::vector<double>(12, 2));
}

TEST_CASE("second and third derivatives, mixed") {
  const Tensor x = scalar(0.4);
  const Tensor y = scalar(0.7);
  const Tensor f = tanh(x * y);
  const double t = std::tanh(0.28);
  const double first = 1 - t * t;
  const Tensor fx = grad(f, x);
  const Tensor fxy = grad(fx, y);
  const Tensor fxyy = grad(fxy, y);
  CHECK(value(fx) == Approx(0.7 * first));
  CHECK(value(fxy) == Approx(first - 2 * t * first * 0.28));
  // d/dy of (s - 2 t s x y) with s = 1 - t^2, s' = -2 t s x, t' = s x
  const double ds = -2 * t * first * 0.4;
  CHECK(value(fxyy) == Approx(ds - 2 * (first * 0.4 * first * 0.28 + t * ds * 0.28 + t * first * 0.4)));
}

TEST_CASE("gradients with respect to anything in the graph, also what the loss does not use") {
  const Tensor x = scalar(2);
  const Tensor inner = x * x;
  const Tensor unused = full({2}, 1, DType::float64);
  const Tensors d = grad(inner * 3, Tensors{inner, unused});
  CHECK(value(d[0]) == 3);
  CHECK(evaluate(d[1]).to_vector<double>() == std::vector<double>{0, 0});
}

TEST_CASE("a variable's gradient is that of its current value") {
  const Variable w(full({}, 4, DType::float64));
  CHECK(value(grad(w * w, Tensors{w}).front()) == 8);
}

TEST_CASE("jvp is the directional derivative") {
  const auto f = [](const Tensors& x) { return Tensors{matmul(x[0], x[1]), tanh(x[0])}; };
  const Tensor a = tensor({1.0, 2.0, 3.0, 4.0}, {2, 2});
  const Tensor b = tensor({0.5, -1.0, 0.25, 2.0}, {2, 2});
  const Tensor da = tensor({1.0, 0.0, 0.0, 0.0}, {2, 2});
  const Tensor db = zeros({2, 2}, DType::float64);
  const auto [values, tangents] = jvp(f, {a, b}, {da, db});
  CHECK(evaluate(tangents[0]).to_vector<double>() == std::vector<double>{0.5, -1.0, 0, 0});
  CHECK(evaluate(tangents[1]).to_vector<double>()[0] == Approx(1 - std::tanh(1.0) * std::tanh(1.0)));
  CHECK_THROWS_WITH(jvp(f, {a, b}, {da}), contains("got 2 arguments and 1 tangents"));
  CHECK_THROWS_WITH(jvp(f, {a, b}, {da, zeros({2})}), contains("got f32[2] for f64[2, 2]"));
}

TEST_CASE("value_and_grad gives both from one graph") {
  const auto [y, d] = value_and_grad([](const Tensors& x) { return x[0] * x[1]; }, {scalar(2), scalar(9)});
  CHECK(value(y) == 18);
  CHECK(value(d[0]) == 9);
}

TEST_CASE("a function's arguments are independent, however they were made") {
  const auto product = [](const Tensors& x) { return x[0] * x[1]; };
  const Tensor x = scalar(3);
  for (const Tensor& other : {x, x * 2}) {
    const auto [y, d] = value_and_grad(product, {x, other});
    CHECK(value(d[0]) == value(other));
    CHECK(value(d[1]) == 3);
    const auto products = [&](const Tensors& a) { return Tensors{product(a)}; };
    CHECK(value(jvp(products, {x, other}, {scalar(1), scalar(0)}).tangents[0]) == value(other));
  }
  // From outside, the chain of dependence is whole: d(x * 2 x) / dx = 4 x.
  CHECK(value(grad(value_and_grad(product, {x, x * 2}).value, x)) == 12);
}

TEST_CASE("seeds that do not fit, and undefined tensors, are refused with the line") {
  const Tensor x = zeros({2});
  const Tensor y = tanh(x);
  CHECK_THROWS_WITH(vjp({y}, {}, {x}),
                    contains("got 1 results and 0 gradients") && contains("grad_test.cpp"));
  CHECK_THROWS_WITH(vjp({y}, {zeros({5})}, {x}), contains("got f32[5] for f32[2]"));
  CHECK_THROWS_WITH(vjp({y}, {y}, {Tensor()}), contains("undefined") && contains("grad_test.cpp"));
  CHECK_THROWS_WITH(grad(Tensor(), x), contains("undefined") && contains("grad_test.cpp"));
}

TEST_CASE("an op whose gradient does not fit is named") {
  struct Crooked final : Op {
    explicit Crooked(Tensor answer) : answer(std::move(answer)) {}
    std::string_view name() const override { return "crooked"; }
    void members(Attributes& a) const override { a("answer", answer); }
    Specs infer(std::span<const Spec> inputs) const override { return {inputs[0]}; }
    void run(std::span<const View>, std::span<const MutableView>) const override {}
    Tensors gradient(const Tensor&, const Tensor&) const override { return {answer}; }
    Tensor answer;
  };
  const Tensor x = zeros({1, 1});
  for (const Tensor& answer : {zeros({7}), zeros({1, 1}, DType::float64)}) {
    const Tensor y = make(std::make_shared<Crooked>(answer), {x});
    CHECK_THROWS_WITH(grad(y, x), contains("in the gradient of 'crooked'") && contains("grad_test.cpp"));
  }
}

TEST_CASE("what has no gradient is refused") {
  CHECK_THROWS_WITH(grad(zeros({2}) * 2, zeros({2})),
                    contains("[grad] only a floating scalar can be differentiated"));
  CHECK_THROWS_WITH(grad(scalar(1) * 2, arange(3)),
                    contains("only floating tensors have a gradient: got i32[3]"));
}

TEST_CASE("a chain of a million nodes builds, differentiates, runs and is freed") {
  const Tensor x = scalar(1);
  Tensor y = x;
  for (int i = 0; i < 1'000'000; ++i) y = -y;
  const Tensor d = grad(y, x);
  CHECK(value(d) == 1);
  CHECK(value(y) == 1);
}
