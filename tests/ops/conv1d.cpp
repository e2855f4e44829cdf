#include <sluice/graph/evaluate.h>
#include <sluice/graph/grad.h>
#include <sluice/kernels/threads.h>
#include <sluice/ops/cast.h>
#include <sluice/ops/conv1d.h>
#include <sluice/ops/random.h>

#include <cstdint>
#include <vector>

#include "support/catch.h"
#include "support/check_op.h"
#include "support/close.h"

using namespace sluice;
using namespace sluice::test;

namespace {

/// The sum in conv1d.h, term by term.
std::vector<double> plain_convolution(const Values& x, const Values& w, const Conv1dOptions& o) {
  const Index time = x.shape[0], taps = w.shape[0], in = w.shape[1];
  const Index span = (taps - 1) * o.dilation + 1;
  const Index before = o.padding == ConvPadding::causal ? span - 1
                       : o.padding == ConvPadding::same ? (span - 1) / 2
                                                        : 0;
  const Index padded = o.padding == ConvPadding::same     ? time + span - 1
                       : o.padding == ConvPadding::causal ? time + before
                                                          : time;
  const Index steps = time == 0 || padded < span ? 0 : (padded - span) / o.stride + 1;
  const Index batch = x.shape[1], out = w.shape[2];
  std::vector<double> y;
  for (Index at = 0; at < steps * batch * out; ++at) {
    const Index t = at / out / batch, b = at / out % batch, channel = at % out;
    const Index first = channel / (out / o.groups) * in;  // of its group
    double sum = 0;
    for (Index k = 0; k < taps; ++k) {
      const Index from = t * o.stride - before + k * o.dilation;
      if (from < 0 || from >= time) continue;
      const Index row = (from * batch + b) * in * o.groups + first;
      for (Index i = 0; i < in; ++i) sum += x[row + i] * w[(k * in + i) * out + channel];
    }
    y.push_back(sum);
  }
  return y;
}

void check_conv(const Conv1dOptions& options, const Samples& samples) {
  check_op(
      "conv1d", [=](const Tensors& x) { return conv1d(x[0], x[1], options); }, samples,
      {.reference = [=](const std::vector<Values>& x) { return plain_convolution(x[0], x[1], options); }});
}

Tensor drawn(int seed, const Shape& shape, DType dtype = DType::float32) {
  return evaluate(random::normal(random::key(static_cast<std::uint64_t>(seed)), shape, 0, 1, dtype));
}

}  // namespace

TEST_CASE("conv1d is the sum over its taps") {
  check_conv(
      {}, {{{4, 2, 2}, {2, 2, 3}}, {{2, 1, 2}, {3, 2, 2}}, {{0, 2, 1}, {1, 1, 2}}, {{3, 0, 2}, {2, 2, 2}}});
  check_conv(
      {.padding = ConvPadding::causal},
      {{{4, 2, 2}, {3, 2, 1}}, {{2, 1, 1}, {5, 1, 2}}, {{3, 1, 0}, {2, 0, 2}}, {{3, 1, 2}, {2, 2, 0}}});
  check_conv({.padding = ConvPadding::same},
             {{{3, 2, 2}, {2, 2, 9}}, {{3, 1, 2}, {3, 2, 1}}, {{1, 2, 1}, {4, 1, 1}}});
  check_conv({.padding = ConvPadding::same, .dilation = 2}, {{{5, 1, 2}, {3, 2, 2}}});
}

TEST_CASE("conv1d takes a stride and groups") {
  check_conv({.stride = 2}, {{{5, 2, 2}, {2, 2, 2}}, {{5, 1, 2}, {3, 2, 1}}});
  check_conv({.padding = ConvPadding::causal, .stride = 2, .dilation = 3}, {{{5, 2, 1}, {2, 1, 2}}});
  check_conv({.padding = ConvPadding::causal, .stride = 4, .dilation = 2}, {{{6, 2, 1}, {3, 1, 1}}});
  check_conv({.padding = ConvPadding::causal, .groups = 2}, {{{3, 2, 4}, {2, 2, 2}}, {{3, 1, 2}, {2, 1, 4}}});
  check_conv({.stride = 2, .groups = 2}, {{{4, 2, 4}, {2, 2, 2}}});
  check_conv({.padding = ConvPadding::same, .groups = 3}, {{{3, 2, 3}, {3, 1, 3}}});
  check_conv({.padding = ConvPadding::causal, .stride = 2, .groups = 17}, {{{3, 1, 17}, {2, 1, 17}}});
}

TEST_CASE("the gradients of conv1d are convolutions, too") {
  struct Case {
    Shape x, w;
    Conv1dOptions options;
  };
  const Case cases[] = {
      {{3, 2, 2}, {2, 2, 3}, {.padding = ConvPadding::causal}},
      {{4, 1, 2}, {3, 2, 1}, {.padding = ConvPadding::same}},
      {{5, 2, 1}, {2, 1, 2}, {.stride = 2}},
      {{6, 1, 2}, {3, 2, 2}, {.padding = ConvPadding::causal, .stride = 2, .dilation = 2}},
      {{5, 1, 1}, {3, 1, 2}, {.padding = ConvPadding::causal, .stride = 4, .dilation = 6}},
      {{3, 2, 4}, {2, 2, 2}, {.padding = ConvPadding::causal, .groups = 2}},
      {{4, 2, 3}, {2, 1, 3}, {.stride = 2, .groups = 3}},
      {{2, 2, 2}, {3, 2, 2}, {}},  // too short for a tap, here and below
      {{2, 1, 3}, {3, 1, 3}, {.groups = 3}},
      {{2, 1, 4}, {3, 2, 4}, {.groups = 2}},
      {{0, 2, 2}, {3, 2, 2}, {.padding = ConvPadding::causal}},
  };
  // A convolution is linear in x and in w, so its gradients may be asked for at any.
  for (const Case& c : cases) {
    const Shape y = conv1d(zeros(c.x), zeros(c.w), c.options).shape();
    const Tensor any_x = zeros(c.x, DType::float64), any_w = zeros(c.w, DType::float64);
    const auto for_x = [=](const Tensors& in) {
      const Tensor x = cast(any_x, in[0].dtype());
      return vjp({conv1d(x, in[1], c.options)}, {in[0]}, {x})[0];
    };
    const auto for_w = [=](const Tensors& in) {
      const Tensor w = cast(any_w, in[0].dtype());
      return vjp({conv1d(in[0], w, c.options)}, {in[1]}, {w})[0];
    };
    check_op("conv1d_transposed", for_x, {{y, c.w}});
    check_op("conv1d_weight", for_w, {{c.x, y}});
  }
}

TEST_CASE("conv1d of larger sizes, in blocks and on several threads") {
  struct Case {
    Index time, batch, in, taps, out;
    Conv1dOptions options;
  };
  const Case cases[] = {
      {40, 9, 24, 3, 33, {.padding = ConvPadding::causal}},
      {61, 3, 16, 5, 40, {.padding = ConvPadding::same, .dilation = 3}},
      {50, 4, 16, 3, 17, {.stride = 2}},
      {90, 1, 24, 4, 18, {.padding = ConvPadding::causal, .stride = 3}},
      {30, 5, 64, 3, 64, {.padding = ConvPadding::causal, .groups = 4}},
      {80, 3, 40, 4, 40, {.padding = ConvPadding::same, .groups = 40}},
  };
  for (const Case& c : cases) {
    const Tensor x = drawn(1, {c.time, c.batch, c.in});
    const Tensor w = drawn(2, {c.taps, c.in / c.options.groups, c.out});
    CAPTURE(x.shape(), w.shape());
    const Tensor y = conv1d(x, w, c.options);
    check_close(y, plain_convolution({x.shape(), numbers(x)}, {w.shape(), numbers(w)}, c.options), 3e-5);
    // The gradients are sums of the same terms in another order.
    const Tensor dy = drawn(3, y.shape());
    const auto all = [&] {
      const Tensors slopes = vjp({y}, {dy}, {x, w});
      return evaluate(Tensors{y, slopes[0], slopes[1]});
    };
    const Tensors once = all();
    const auto form = [](const Tensor& a, const Tensor& b) {
      const auto u = numbers(a), v = numbers(b);
      double sum = 0;
      for (std::size_t i = 0; i < u.size(); ++i) sum += u[i] * v[i];
      return sum;
    };
    CHECK(form(once[1], x) == Approx(form(once[0], dy)).epsilon(1e-4));
    CHECK(form(once[2], w) == Approx(form(once[0], dy)).epsilon(1e-4));
    const int threads = kernels::threads();
    for (const int other : {1, 3}) {
      kernels::set_threads(other);
      const Tensors again = all();
      for (std::size_t i = 0; i < again.size(); ++i) CHECK(numbers(again[i]) == numbers(once[i]));
    }
    kernels::set_threads(threads);
  }
}

TEST_CASE("conv1d says what it takes") {
  const auto plain = [](const Tensors& x) { return conv1d(x[0], x[1]); };
  check_error(plain, {f32({2, 3}), f32({1, 3, 2})},
              "[conv1d] takes x [time, batch, in] and w [taps, in / groups, out] with a tap at least: got "
              "f32[2, 3] and f32[1, 3, 2]; transpose or reshape them");
  check_error(plain, {f32({2, 3, 4}), f32({0, 4, 2})}, "[conv1d] takes x [time, batch, in]");
  check_error(plain, {f32({2, 3, 4}), f64({1, 4, 2})}, "[conv1d] x and w have the same floating dtype");
  check_error(plain, {i32({2, 3, 4}), i32({1, 4, 2})}, "[conv1d] x and w have the same floating dtype");
  check_error(
      plain, {f32({2, 3, 4}), f32({1, 3, 2})},
      "[conv1d] w [taps, in / groups, out] has the channels of a group of x, and out is a multiple of "
      "the groups: got x f32[2, 3, 4], w f32[1, 3, 2] and 1 groups; make w for these channels");
  const auto with = [](const Conv1dOptions& options) {
    return [=](const Tensors& x) { return conv1d(x[0], x[1], options); };
  };
  check_error(with({.groups = 2}), {f32({2, 3, 4}), f32({1, 2, 3})}, "multiple of the groups: got x f32");
  check_error(with({.stride = 0}), {f32({2, 3, 4}), f32({1, 4, 2})},
              "[conv1d] stride, dilation and groups are from 1 to 2^24: got 0, 1 and 1; 1 is usual");
  check_error(with({.dilation = -1}), {f32({2, 3, 4}), f32({1, 4, 2})}, "got 1, -1 and 1");
  check_error(with({.groups = Index{1} << 25}), {f32({2, 3, 4}), f32({1, 4, 2})}, "from 1 to 2^24");
  check_error(with({.padding = ConvPadding::same, .stride = 2}), {f32({2, 3, 4}), f32({1, 4, 2})},
              "[conv1d] as many outputs as steps have no stride: got ConvPadding::same with stride 2");
}

TEST_CASE("conv1d_time counts the outputs") {
  CHECK(conv1d_time(7, 3) == 5);
  CHECK(conv1d_time(2, 3) == 0);
  CHECK(conv1d_time(8, 3, {.stride = 2, .dilation = 2}) == 2);
  CHECK(conv1d_time(7, 3, {.padding = ConvPadding::same}) == 7);
  CHECK(conv1d_time(7, 3, {.padding = ConvPadding::causal, .stride = 3}) == 3);
  CHECK_THROWS_WITH(conv1d_time(-1, 3), contains("[conv1d_time] time is not negative"));
  CHECK_THROWS_WITH(conv1d_time(1, 0), contains("got 1 steps and 0 taps"));
}
