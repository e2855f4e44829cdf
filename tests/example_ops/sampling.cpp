#include "examples/ops/fake_quantize.h"
#include "examples/ops/gumbel_softmax.h"

#include <sluice/check/check_op.h>
#include <sluice/check/compiled.h>
#include <sluice/nn/recurrent.h>
#include <sluice/ops/mean.h>
#include <sluice/ops/min.h>
#include <sluice/ops/scan.h>
#include <sluice/ops/square.h>
#include <sluice/optim/adam.h>

#include <set>

#include "example_ops/both.h"
#include "support/check_op.h"

using namespace sluice;
using namespace sluice::test;
using example_ops::some;

namespace {

constexpr double inf = std::numeric_limits<double>::infinity(),
                 nan_ = std::numeric_limits<double>::quiet_NaN();

}  // namespace

TEST_CASE("Gumbel-softmax draws with the probabilities of softmax") {
  const Index draws = 40000;
  const Tensor logits = tensor({0.0, 1.0, -1.0, -inf}), p = evaluate(softmax(logits));
  for (const double temperature : {0.1, 1.0, 5.0}) {
    const Tensor y =
        gumbel_softmax(random::key(7), logits + zeros({draws, 4}, DType::float64), temperature, true);
    for (const double one : numbers(sum(y, -1))) REQUIRE(one == 1);
    check_close(mean(y, 0), numbers(p), 0.01);
  }
  const Tensor soft = evaluate(gumbel_softmax(random::key(7), logits, 0.5));
  check_close(sum(soft), {1}, 1e-15);
  CHECK(numbers(soft)[3] == 0);
  // The same key, the same sample; another key, another one.
  CHECK(numbers(gumbel_softmax(random::key(7), logits, 0.5)) == numbers(soft));
  CHECK(numbers(gumbel_softmax(random::key(8), logits, 0.5)) != numbers(soft));
}

TEST_CASE("Gumbel noise is finite and has its mean and variance") {
  for (const DType dtype : {DType::float32, DType::float64}) {
    const std::vector<double> g = numbers(gumbel(random::key(3), {200000}, dtype));
    double mean = 0, squares = 0;
    for (const double x : g) {
      REQUIRE(std::isfinite(x));
      mean += x / 200000, squares += x * x / 200000;
    }
    CHECK(mean == Approx(0.577216).margin(0.01));
    CHECK(squares - mean * mean == Approx(1.644934).margin(0.03));
  }
  // This key makes a uniform number that is zero.
  const Shape many{1 << 20};
  REQUIRE(numbers(min(random::uniform(random::key(33), many)))[0] == 0);
  CHECK(numbers(min(gumbel(random::key(33), many, DType::float32)))[0] ==
        Approx(-std::log(126 * std::log(2))));
}

TEST_CASE("Gumbel-softmax's derivatives, hard and soft, compiled and in loops") {
  const auto f = [](const Tensors& x) { return gumbel_softmax(random::key(5), x[0], x[1]); };
  const Tensors inputs = {some({2, 3}, 1), tensor({0.7}, {})};
  check_op(f, inputs, {.float32 = false});  // whose random numbers are others
  const auto hard = [](const Tensors& x) { return gumbel_softmax(random::key(5), x[0], x[1], true); };
  check_compiled([&](const Tensors& x) { return Tensors{hard(x)}; }, inputs);
  const Tensors soft = evaluate(example_ops::with_gradients(f, inputs));
  const Tensors drawn = evaluate(example_ops::with_gradients(hard, inputs));
  check_close(drawn[1], soft[1], 0);
  check_close(drawn[2], soft[2], 0);
  for (const double y : numbers(drawn[0])) CHECK((y == 0 || y == 1));
  // Steps of a loop draw with keys of their own.
  const auto loop = [](const Tensors& x) {
    const auto step = [&](const Tensors& t, const Tensors&) {
      return Carried{{t[0] + 1}, {gumbel_softmax(random::fold_in(random::key(9), t[0]), x[0])}};
    };
    return scan(step, {tensor({0}, {})}, {}, {.length = 3}).ys[0];
  };
  const std::vector<double> all = numbers(compile(loop)(Tensors{tensor({0.5, 0.25})}));
  CHECK(std::set<double>(all.begin(), all.end()).size() == 6);
  check_close(compile(loop)(Tensors{tensor({0.5, 0.25})}), loop({tensor({0.5, 0.25})}), 0);
}

TEST_CASE("Gumbel-softmax refuses") {
  const auto f = [](const Tensors& x) { return gumbel_softmax(random::key(1), x[0]); };
  check_error(f, {i32({3})},
              "[gumbel_softmax] logits must be floating-point and have an axis: got i32[3]; cast");
  check_error(f, {f32({})}, "[gumbel_softmax] logits must be floating-point and have an axis: got f32[]");
  for (const double t : {0.0, -1.0, nan_}) {
    check_error([&](const Tensors& x) { return gumbel_softmax(random::key(1), x[0], t); }, {f32({3})},
                "[gumbel_softmax] the temperature must be above 0: got ");
  }
}

TEST_CASE("fake quantisation: levels, ties, ends") {
  const Tensor x = tensor({-9.0, -1.01, -0.75, -0.25, 0.0, 0.25, 0.26, 0.75, 1.01, 9.0, inf, -inf});
  // Two bits are the levels -1, -0.5, 0, 0.5 of a step of 0.5; of two that are equally near, the even one.
  check_close(fake_quantize(x, 0.5, 2), {-1, -1, -1, 0, 0, 0, 0.5, 0.5, 0.5, 0.5, 0.5, -1}, 0);
  CHECK(std::isnan(numbers(fake_quantize(tensor({nan_}), 0.5, 2))[0]));
  check_close(fake_quantize(tensor({0.1f, 1e9f}), 0.001, 16), {0.1, 32.767}, 1e-6);
  CHECK(evaluate(fake_quantize(zeros({0, 3}), 1, 8)).shape() == Shape({0, 3}));
}

TEST_CASE("fake quantisation's gradients for the numbers and for the step") {
  const Tensor x = tensor({-9.0, -0.6, 0.3, 0.4, 9.0}), step = tensor({0.5}, {}),
               dy = tensor({1.0, 2.0, 4.0, 8.0, 16.0});
  const Tensors g = evaluate(sl::grad(sum(fake_quantize(x, step, 2) * dy), {x, step}));
  check_close(g[0], {0, 2, 4, 8, 0}, 0);
  // round(v) - v between the ends, v beyond: v = -2 | -1.2, 0.6, 0.8 | 1.
  check_close(g[1], {-2 + 2 * 0.2 + 4 * 0.4 + 8 * 0.2 + 16}, 1e-12);
  check_compiled([](const Tensors& in) { return Tensors{fake_quantize(in[0], in[1], 3)}; },
                 {some({4, 3}, 1, 3), step});
  example_ops::check_float_and_threads([](const Tensors& in) { return fake_quantize(in[0], 0.25, 4); },
                                       {some({50, 30}, 2, 3)}, 1e-5);
}

TEST_CASE("a cell with quantised weights learns, and runs as it is, compiled") {
  const nn::Recurrent<QuantizedCell> rnn(1, 2, 8, random::key(1), {.cell = {.bits = 4}});
  const Tensor x = cast(some({6, 5, 2}, 1), DType::float32),
               target = cast(some({6, 5, 8}, 2, 0.5), DType::float32);
  check_close(compile([&](const Tensor& in) { return Tensor(rnn(in)); })(x), rnn(x), 1e-6);

  optim::Adam adam(nn::variables({{"rnn", rnn}}), {.learning_rate = 0.02});
  const auto train = compile([&](const Tensor& in, const Tensor& out) {
    auto loss = mean(square(rnn(in) - out));
    adam.update(loss);
    return loss;
  });
  const double first = train(x, target).item();
  double last = first;
  for (int i = 0; i < 200; ++i) last = train(x, target).item();
  CHECK(last < 0.9 * first);
}

TEST_CASE("fake quantisation refuses") {
  for (const int bits : {-1, 1, 17}) {
    check_error([&](const Tensors& x) { return fake_quantize(x[0], 0.5, bits); }, {f32({3})},
                "[fake_quantize] there are from 2 to 16 bits: got ");
  }
  for (const double step : {0.0, -1.0, inf, nan_}) {
    check_error([&](const Tensors& x) { return fake_quantize(x[0], step, 4); }, {f32({3})},
                "[fake_quantize] a step must be above 0 and finite: got ");
  }
  const auto f = [](const Tensors& x) { return fake_quantize(x[0], x[1], 4); };
  const std::string rule = "[fake_quantize] x and the step must be floating-point, of one dtype: got ";
  check_error(f, {f32({3}), f64({})}, rule + "f32[3] and f64[]; cast one of them");
  check_error(f, {i32({3}), i32({})}, rule);
}
