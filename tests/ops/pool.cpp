#include <sluice/graph/arithmetic.h>
#include <sluice/graph/evaluate.h>
#include <sluice/graph/grad.h>
#include <sluice/ops/over_time.h>
#include <sluice/ops/pool.h>
#include <sluice/ops/sum.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <vector>

#include "support/catch.h"
#include "support/check_op.h"
#include "support/close.h"

using namespace sluice;
using namespace sluice::test;

namespace {

using Position = std::vector<Index>;
constexpr double not_there = std::numeric_limits<double>::quiet_NaN();

/// f of the numbers of each window.
template <class F>
auto of_windows(Index window, Index stride, F f) {
  return [=](const std::vector<Values>& x) {
    const Index time = x[0].shape[0];
    return filled(x[0].shape.with(0, time < window ? 0 : (time - window) / stride + 1), [&](Position at) {
      std::vector<double> numbers;
      at[0] *= stride;
      for (Index k = 0; k < window; ++k, ++at[0]) numbers.push_back(x[0].at(at));
      return f(numbers);
    });
  };
}
double largest(const std::vector<double>& x) { return *std::max_element(x.begin(), x.end()); }
double average(const std::vector<double>& x) {
  double sum = 0;
  for (const double v : x) sum += v;
  return sum / static_cast<double>(x.size());
}

Tensor lengths_of(const std::vector<std::int32_t>& n) { return tensor(n, {static_cast<Index>(n.size())}); }

/// f of the numbers of each sequence that are there, 0 for none.
template <class F>
auto of_sequences(const std::vector<std::int32_t>& lengths, F f) {
  return [=](const std::vector<Values>& x) {
    return filled(x[0].shape.erased(0), [&](Position at) {
      std::vector<double> numbers;
      const Index n = lengths[static_cast<std::size_t>(at[0])];
      at.insert(at.begin(), 0);
      for (; at[0] < n; ++at[0]) numbers.push_back(x[0].at(at));
      return numbers.empty() ? 0.0 : f(numbers);
    });
  };
}

}  // namespace

TEST_CASE("pools give the largest and the mean of each window") {
  struct Case {
    Index window, stride;
    Samples samples;
  };
  const Case cases[] = {{2, 2, {{{5, 1, 2}}, {{1, 2, 2}}, {{4}}}},
                        {3, 1, {{{5, 1}}, {{2, 1, 2}}, {{3, 0}}}},
                        {2, 3, {{{6, 1}}}},
                        {1, 1, {{{3}}}}};
  for (const Case& c : cases) {
    const PoolOptions options{.stride = c.stride == c.window ? 0 : c.stride};
    check_op("max_pool", [=](const Tensors& x) { return max_pool(x[0], c.window, options); }, c.samples,
             {.reference = of_windows(c.window, c.stride, largest), .composite = true});
    check_op("mean_pool", [=](const Tensors& x) { return mean_pool(x[0], c.window, options); }, c.samples,
             {.reference = of_windows(c.window, c.stride, average), .composite = true});
  }
}

TEST_CASE("pools of lengths count the windows that are whole") {
  CHECK(numbers(pooled_lengths(lengths_of({0, 1, 2, 3, 7}), 2)) == std::vector<double>{0, 0, 1, 1, 3});
  CHECK(numbers(pooled_lengths(lengths_of({0, 2, 3, 4, 5}), 3, {.stride = 2})) ==
        std::vector<double>{0, 0, 1, 1, 2});
  CHECK(numbers(pooled_lengths(lengths_of({0, 2, 7}), 3, {.stride = 4})) == std::vector<double>{0, 0, 2});
  const Index widest = (Index{1} << 31) - 1;
  CHECK(numbers(pooled_lengths(lengths_of({0, 5}), 1, {.stride = widest})) == std::vector<double>{0, 1});
  CHECK(max_pool(zeros({3, 2}), widest, {.stride = 1}).shape() == Shape{0, 2});  // at once
}

TEST_CASE("pools say what they take") {
  check_error([](const Tensors& x) { return max_pool(x[0], 2); }, {f32({})},
              "[max_pool] takes x [time, ...]: got a scalar");
  check_error(
      [](const Tensors& x) { return max_pool(x[0], 0); }, {f32({3})},
      "[max_pool] a window has a step at least, and the stride is not negative: got window 0 and stride 0");
  check_error([](const Tensors& x) { return mean_pool(x[0], 2, {.stride = -1}); }, {f32({3})},
              "[mean_pool] a window has a step at least, and the stride is not negative: got window 2 and "
              "stride -1");
  check_error([](const Tensors& x) { return mean_pool(x[0], 2); }, {i32({3})},
              "[mean_pool] needs a floating tensor: got i32[3]");
  check_error([](const Tensors& x) { return max_pool(x[0], 2); }, {boolean({4})}, "[max_pool]");
  check_error([](const Tensors& x) { return pooled_lengths(x[0], 2); }, {f32({3})},
              "[pooled_lengths] takes one length per sequence, i32[batch]: got f32[3]");
}

TEST_CASE("the mean, the largest and the last over time are of the steps that are there") {
  const std::vector<std::int32_t> n{3, 0, 2};
  const Samples samples = {{{{3, 3}}, {lengths_of(n)}}, {{{4, 3, 1, 2}}, {lengths_of(n)}}};
  const auto last = [](const std::vector<double>& x) { return x.back(); };
  check_op("mean_over_time", [](const Tensors& x) { return mean_over_time(x[0], x[1]); }, samples,
           {.reference = of_sequences(n, average), .composite = true});
  check_op("max_over_time", [](const Tensors& x) { return max_over_time(x[0], x[1]); }, samples,
           {.reference = of_sequences(n, largest), .composite = true});
  check_op("last_step", [](const Tensors& x) { return last_step(x[0], x[1]); }, samples,
           {.reference = of_sequences(n, last), .composite = true});
  for (const auto& f : {mean_over_time, max_over_time, last_step}) {
    CHECK(numbers(f(zeros({0, 2, 2}), lengths_of({0, 0}))) == std::vector<double>(4, 0));
    // What is not there, NaN here, is not heard, nor has it a gradient that is not 0.
    const Tensor x = tensor({-1.0, not_there, -2.0, not_there, not_there, not_there}, {3, 2, 1});
    const Tensor y = f(x, lengths_of({2, 0}));
    CHECK(numbers(y)[0] == (f == mean_over_time ? -1.5 : f == max_over_time ? -1 : -2));
    CHECK(numbers(y)[1] == 0);
    const auto slope = numbers(grad(sum(y * y), x));
    CHECK(slope[0] + slope[2] == 2 * numbers(y)[0]);
    for (const std::size_t i : {1, 3, 4, 5}) CHECK(slope[i] == 0);
  }
}

TEST_CASE("reductions over time say what they take") {
  check_error([](const Tensors& x) { return mean_over_time(x[0], x[1]); }, {f32({2, 3}), i32({2})},
              "[mean_over_time] takes x [time, batch, ...] and one length per sequence, i32[batch]: got "
              "f32[2, 3] and i32[2]");
  check_error([](const Tensors& x) { return max_over_time(x[0], x[1]); }, {f32({2}), i32({2})},
              "[max_over_time] takes x [time, batch, ...]");
  check_error([](const Tensors& x) { return last_step(x[0], x[1]); }, {i32({2, 2}), i32({2})},
              "[last_step] needs a floating tensor: got i32[2, 2]");
  check_error(
      [](const Tensors& x) {
        return last_step(x[0], lengths_of({3, 1})) + x[0][0];
      },
      Tensors{zeros({2, 2})}, "a length is in [0, 2], the padded time: got 3 of sequence 0");
}
