#include "examples/ops/causal_conv.h"

#include <sluice/check/check_op.h>
#include <sluice/ops/scan.h>
#include <sluice/ops/slice.h>

#include "example_ops/both.h"
#include "support/check_op.h"

using namespace sluice;
using namespace sluice::test;
using example_ops::some;

namespace {

std::vector<double> by_definition(const Tensor& x, const Tensor& w, bool ahead) {
  const Index steps = x.dim(-2), channels = x.dim(-1), length = w.dim(0);
  const std::vector<double> from = numbers(x), kernel = numbers(w);
  std::vector<double> result;
  for (Index row = 0; row < x.size() / std::max<Index>(channels, 1); ++row) {
    for (Index c = 0; c < channels; ++c) {
      double total = 0;
      for (Index k = 0; k < length; ++k) {
        const Index other = row % steps + (ahead ? k : -k);
        if (other < 0 || other >= steps) continue;
        const Index at = (row - row % steps + other) * channels + c;
        total += kernel[static_cast<std::size_t>(k * channels + c)] * from[static_cast<std::size_t>(at)];
      }
      result.push_back(total);
    }
  }
  return result;
}

Tensor conv(const Tensors& x) { return causal_conv(x[0], x[1]); }

}  // namespace

TEST_CASE("a causal convolution is its definition") {
  for (const bool ahead : {false, true}) {
    for (const Index length : {0, 1, 3, 9}) {
      for (const Shape& shape : {Shape{5, 3}, Shape{2, 7, 16}, Shape{2, 2, 4, 35}, Shape{3, 1, 2}}) {
        const Tensor x = some(shape, 1), w = some({length, shape.back()}, 2);
        check_close(causal_conv(x, w, ahead), by_definition(x, w, ahead), 1e-14);
      }
    }
  }
  for (const Shape& shape : {Shape{0, 4, 2}, Shape{3, 0, 2}, Shape{3, 4, 0}}) {
    CHECK(evaluate(causal_conv(zeros(shape), zeros({2, shape.back()}))).shape() == shape);
    const Tensor w = zeros({2, shape.back()});
    check_close(grad(sum(causal_conv(zeros(shape), w)), w), w, 0);
  }
}

TEST_CASE("a causal convolution hears no later step") {
  const Tensor x = some({6, 3}, 1), w = some({6, 3}, 2);
  const Tensor gradient = grad(sum(slice(causal_conv(x, w), 0, 2, 3)), x);
  for (std::size_t i = 9; i < 18; ++i) CHECK(numbers(gradient)[i] == 0);
}

TEST_CASE("a causal convolution's derivatives, compiled and in loops") {
  check_op(conv, {some({2, 4, 3}, 1), some({3, 3}, 2)});
  check_op(conv, {some({3, 2}, 1), some({5, 2}, 2)});
  check_op([](const Tensors& x) { return causal_conv(x[0], x[1], true); },
           {some({2, 3, 2}, 1), some({2, 2}, 2)});
  example_ops::check_float_and_threads(conv, {some({6, 40, 19}, 3), some({40, 19}, 4)}, 1e-5);
}

TEST_CASE("a causal convolution in a loop becomes one for all steps") {
  const Tensor x = some({4, 2, 5, 3}, 1), w = some({3, 3}, 2);
  const auto loop = [](const Tensors& in) {
    const auto step = [&](const Tensors&, const Tensors& now) {
      return Carried{{}, {causal_conv(now[0], in[1])}};
    };
    return scan(step, {}, {in[0]}).ys;
  };
  const auto compiled = compile(loop);
  CHECK(compiled.program(Tensors{x, w})->print().find("scan") == std::string::npos);
  check_close(compiled(Tensors{x, w})[0], causal_conv(x, w), 0);
}

TEST_CASE("a causal convolution refuses") {
  check_error(conv, {f32({4}), f32({2, 4})},
              "[causal_conv] x must be [..., time, channels] and the kernel "
              "[length, channels]: got f32[4] and f32[2, 4]; transpose");
  check_error(conv, {f32({3, 4}), f32({2, 3})}, "got f32[3, 4] and f32[2, 3]; transpose or reshape");
  check_error(conv, {f32({3, 4}), f64({2, 4})}, "[causal_conv] ");
  check_error(conv, {i32({3, 4}), i32({2, 4})}, "[causal_conv] ");
}
