// Values and gradients at the edges of what floats can hold: infinities, what overflows on the way, long
// sums.

#include <sluice/graph/arithmetic.h>
#include <sluice/graph/evaluate.h>
#include <sluice/graph/grad.h>
#include <sluice/graph/trace.h>
#include <sluice/ops/ops.h>

#include <algorithm>
#include <cmath>
#include <functional>

#include "support/catch.h"
#include "support/check_op.h"
#include "support/close.h"
#include "support/edges.h"
#include "support/run_compiled.h"

using namespace sluice;
using namespace sluice::test;

namespace {

double item(const Tensor& x) { return evaluate(x).item(); }

}  // namespace

TEST_CASE("multiply_no_nan is a product in which 0 on the right wins") {
  const auto call = [](const Tensors& x) { return multiply_no_nan(x[0], x[1]); };
  check_op("multiply_no_nan", call, binary_samples(),
           {.scalar = [](const Elements& x) { return x[0] * x[1]; }});
  check_error(call, {f32({2}), f64({2})}, "[multiply_no_nan] dtypes must be equal: got f32[2] and f64[2]");
  check_error(call, {i32({2}), i32({2})}, "[multiply_no_nan]");
  check_error(call, {f32({2}), f32({3})}, "[multiply_no_nan] shapes must be equal or 1");
  const Tensor x = tensor({inf, -inf, quiet_nan, 3.f, inf, quiet_nan});
  const Tensor y = tensor({0.f, -0.f, 0.f, 0.f, 2.f, 1.f});
  const Elements products = numbers(multiply_no_nan(x, y));
  CHECK(Elements(products.begin(), products.begin() + 5) == Elements{0, 0, 0, 0, inf});
  CHECK(std::isnan(products[5]));
  // In second derivatives, too, 0 wins.
  const Tensor slope = vjp({multiply_no_nan(x, y)}, {tensor({1.f, 1.f, 1.f, 1.f, 0.f, 0.f})}, {x, y})[1];
  CHECK(numbers(slope)[3] == 3);
  CHECK(numbers(slope)[4] == 0);
  CHECK(numbers(slope)[5] == 0);
}

TEST_CASE("divide_keep_zeros is a quotient in which 0 on the left wins") {
  const auto call = [](const Tensors& x) { return detail::divide_keep_zeros(x[0], x[1]); };
  check_op("divide_keep_zeros", call, binary_samples(),
           {.scalar = [](const Elements& x) { return x[0] / x[1]; }, .low = 0.5});
  check_error(call, {f32({2}), f64({2})}, "[divide_keep_zeros] dtypes must be equal: got f32[2] and f64[2]");
  check_error(call, {i32({2}), i32({2})}, "[divide_keep_zeros]");
  check_error(call, {f32({2}), f32({3})}, "[divide_keep_zeros] shapes must be equal or 1");
}

TEST_CASE("activations have their limits at infinity, and so have their slopes") {
  const Tensor x = tensor({-inf, inf});
  for (const auto& f : {std::function<Tensor(const Tensor&)>([](const Tensor& t) { return silu(t); }),
                        {[](const Tensor& t) { return gelu(t); }},
                        {[](const Tensor& t) { return gelu(t, GeluForm::tanh); }},
                        {[](const Tensor& t) { return relu(t); }},
                        {[](const Tensor& t) { return softplus(t); }}}) {
    for (const Tensor& at : {x, evaluate(cast(x, DType::float64))}) {
      const ValueAndSlope got = value_and_slope(f, at);
      CHECK(got.value == Elements{0, inf});
      CHECK(got.slope == Elements{0, 1});
    }
  }
}

TEST_CASE("log_softmax keeps what is far below one") {
  // log1p of the rest, in long double.
  const double right = -2.0611536203e-9;
  CHECK(numbers(log_softmax(tensor({20.f, 0.f})))[0] == Approx(right).epsilon(1e-6));
  CHECK(numbers(log_softmax(tensor({0.f, 20.f})))[1] == Approx(right).epsilon(1e-6));
  CHECK(numbers(log_softmax(tensor({20.f, 0.f}, {2, 1}), 0))[0] == Approx(right).epsilon(1e-6));
  CHECK(numbers(logsumexp(tensor({-1e-9f, -20.f})))[0] == Approx(1.0611536224e-9).epsilon(1e-6));
  // Rows with several largest numbers, and those beyond one block.
  CHECK(item(logsumexp(zeros({1000}))) == Approx(std::log(1000.0)).epsilon(1e-6));
  const Tensor long_row = concat({full({3000}, -30), tensor({5.f}), full({2000}, -30)}, 0);
  CHECK(numbers(log_softmax(long_row))[3000] == Approx(-std::log1p(5000 * std::exp(-35.0))).epsilon(1e-5));
  for (const Shape& shape : {Shape{3}, Shape{3, 1}}) {
    const Index axis = 0;
    CHECK(numbers(softmax(reshape(tensor({-inf, 0.f, -inf}), shape), axis)) == Elements{0, 1, 0});
    CHECK(item(reshape(logsumexp(reshape(tensor({-inf, -inf, -inf}), shape), axis), {})) == -inf);
    CHECK(item(reshape(logsumexp(reshape(tensor({0.f, inf, -inf}), shape), axis), {})) == inf);
    CHECK(std::isnan(item(reshape(logsumexp(reshape(tensor({0.f, quiet_nan, inf}), shape), axis), {}))));
    CHECK(std::isnan(item(reshape(logsumexp(reshape(tensor({quiet_nan, 0.f, 1.f}), shape), axis), {}))));
  }
}

TEST_CASE("the gradient of a product neither divides by zero nor overflows on the way") {
  const auto slope = [](const Tensor& x) {
    return value_and_slope([](const Tensor& t) { return prod(t); }, x).slope;
  };
  CHECK(slope(tensor({0.f, 0.f, 1e20f, 1e20f})) == Elements{0, 0, 0, 0});
  CHECK(slope(tensor({0.f, 2.f, -3.f})) == Elements{-6, 0, 0});
  CHECK(slope(tensor({1e-30f, 1e-30f, 1e30f, 1e30f, 5.f}))[4] == Approx(1).epsilon(1e-5));
  CHECK(slope(tensor({inf, 2.f, 3.f})) == Elements{6, inf, inf});
  CHECK(slope(tensor({inf, -2.f, 3.f})) == Elements{-6, inf, -inf});
  const Elements mixed = slope(tensor({inf, 0.f, 3.f}));
  CHECK(mixed[0] == 0);
  CHECK(mixed[1] == inf);
  CHECK(std::isnan(mixed[2]));
  CHECK(slope(tensor({1e200, 1e200, 1e-200, 1e-200}))[0] == Approx(1e-200).epsilon(1e-12));
  CHECK(std::isnan(slope(tensor({quiet_nan, 1.f}))[1]));
}

TEST_CASE("layer_norm of numbers whose squares overflow or vanish") {
  const auto close = [](const Tensor& y, const Elements& expected) { check_close(y, expected, 1e-5); };
  close(layer_norm(tensor({1e20f, -1e20f})), {1, -1});
  close(layer_norm(tensor({3e38f, 1e38f, 2e38f, 3e38f})),
        numbers(layer_norm(tensor({3.f, 1.f, 2.f, 3.f}), 0)));
  close(layer_norm(tensor({1e-30f, -1e-30f}), 0), {1, -1});
  close(layer_norm(tensor({1e-30f, -1e-30f})), {0, 0});
  close(layer_norm(tensor({1e200, -1e200})), {1, -1});
  close(layer_norm(full({4}, 3e38)), {0, 0, 0, 0});
  const ValueAndSlope got = value_and_slope(
      [](const Tensor& x) {
        return layer_norm(x) * tensor({1.f, 2.f});
      },
      tensor({1e20f, -1e20f}));
  CHECK(got.slope == Elements{0, 0});
  CHECK(std::isnan(numbers(layer_norm(tensor({inf, 1.f})))[1]));
}

TEST_CASE("norm is right for large, small and no numbers") {
  const auto call = [](const Tensors& x) { return norm(x[0]); };
  check_op("norm", call, unary_samples(),
           {.reference =
                [](const std::vector<Values>& x) {
                  double sum = 0;
                  for (const double v : x[0].data) sum += v * v;
                  return Elements{std::sqrt(sum)};
                },
            .low = 0.5});
  check_error(call, {i32({2})}, "[norm] needs a floating tensor: got i32[2]");
  CHECK(norm(tensor({3.f})).dtype() == DType::float64);
  CHECK(item(norm(tensor({3e19f, 4e19f}))) == Approx(5e19));
  CHECK(item(norm(tensor({3e-24f, 4e-24f}))) == Approx(5e-24));
  CHECK(item(norm(tensor({3e200, 4e200}))) == Approx(5e200));
  CHECK(item(norm(tensor({3e-200, 4e-200}))) == Approx(5e-200));
  CHECK(item(norm(tensor({inf, 1.f}))) == inf);
  CHECK(std::isnan(item(norm(tensor({quiet_nan, 1e-30f})))));
  CHECK(item(norm(zeros({0}))) == 0);
  CHECK(item(norm(ones({1000000}))) == Approx(1000));
  CHECK(value_and_slope([](const Tensor& x) { return norm(x); }, tensor({3e19f, 4e19f})).slope[0] ==
        Approx(0.6));
  CHECK(value_and_slope([](const Tensor& x) { return norm(x); }, tensor({0.f, 0.f})).slope == Elements{0, 0});
}

TEST_CASE("long sums along any axis are as exact as sums of all") {
  constexpr Index n = 20'000'000;
  const auto is_close = [](const Tensor& got, double expected) {
    double worst = 0;
    for (const double v : numbers(got)) worst = std::max(worst, std::abs(v / expected - 1));
    CHECK(worst <= 1e-6);
  };
  const Tensor pairs = full({n, 2}, 0.1);
  const double tenth = 0.1f;
  is_close(sum(pairs, 0), n * tenth);
  is_close(sum(pairs, -1), 2 * tenth);
  is_close(sum(reshape(pairs, {n / 4, 2, 4}), {0, 2}), n * tenth);
  is_close(mean(pairs, 0), tenth);
  is_close(logsumexp(zeros({n, 1}), 0), std::log(static_cast<double>(n)));
  is_close(logsumexp(zeros({n})), std::log(static_cast<double>(n)));
  is_close(softmax(zeros({n / 10, 2}), 0), 10.0 / n);
  const Tensor ids = zeros({n / 2}, DType::int32);
  is_close(index_sum(ids, full({n / 2, 2}, 0.1), 0, 1), n / 2 * tenth);
  is_close(matmul(ones({50'000'000}), ones({50'000'000})), 5e7);
}

TEST_CASE("gradients of biases and embeddings add many rows without loss") {
  constexpr Index rows = 20'000'000;
  const auto check = [&](const std::function<Tensors(const Tensors&)>& gradient, const Tensor& parameter) {
    const Tensors compiled = run_compiled(trace(gradient, Specs{parameter.spec()}), {parameter});
    for (const Tensor& got : {gradient({parameter})[0], compiled[0]}) {
      for (const double v : numbers(got)) CHECK(v == Approx(rows).epsilon(1e-6));
    }
  };
  check([&](const Tensors& in) { return grad(sum(zeros({rows, 2}) + in[0]), Tensors{in[0]}); }, zeros({2}));
  const Tensor ids = zeros({rows}, DType::int32);
  check([&](const Tensors& in) { return grad(sum(take(in[0], ids, 0)), Tensors{in[0]}); }, zeros({1, 2}));
}

TEST_CASE("the error of a product grows no further than with 65536 terms") {
  // 0.1 is rounded upwards, again and again, by a running sum of the same numbers.
  for (const Index k : {1000, 65536, 1'000'000, 30'000'000}) {
    const Tensor row = full({1, k}, 0.1);
    const double exact = static_cast<double>(k) * 0.1f * 0.1f;
    const double bound = static_cast<double>(std::min<Index>(k, 65536)) * std::ldexp(1.0, -24) * exact;
    CAPTURE(k);
    CHECK(std::abs(item(reshape(matmul(row, row, {.transpose_b = true}), {})) - exact) <= bound);
  }
  // Compiled, where right operands are packed, too.
  const auto product = [](const Tensors& in) { return Tensors{matmul(in[0], in[1])}; };
  at_edges(product, {full({64, 200'000}, 0.1), full({200'000, 3}, 0.1)});
  // Every form of product, with integers that are exact in any order; beside more rows and columns.
  constexpr Index k = 200'000;
  const Tensor a = cast(reshape(arange(3 * k), {3, k}) < 3 * k / 2, DType::float32);
  const Tensor b = ones({k, 20});
  const Elements expected = numbers(matmul(cast(a, DType::float64), cast(b, DType::float64)));
  CHECK(numbers(matmul(a, b)) == expected);
  CHECK(numbers(matmul(transpose(a), b, {.transpose_a = true})) == expected);
  CHECK(numbers(matmul(a, transpose(b), {.transpose_b = true})) == expected);
  CHECK(numbers(matmul(transpose(a), transpose(b), {.transpose_a = true, .transpose_b = true})) == expected);
  const Tensor wide = matmul(ones({40, k}), b);
  CHECK(numbers(wide) == Elements(800, static_cast<double>(k)));
}
