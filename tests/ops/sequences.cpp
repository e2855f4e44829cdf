// Ops over padded sequences of different lengths.

#include <sluice/ops/clamp.h>
#include <sluice/ops/reverse_sequences.h>
#include <sluice/ops/scan.h>
#include <sluice/ops/sequence_mask.h>

#include "support/catch.h"
#include "support/check_op.h"
#include "support/close.h"
#include "support/hard_values.h"
#include "support/run_compiled.h"

using namespace sluice;
using namespace sluice::test;

namespace {

Tensor lengths_of(const std::vector<std::int32_t>& values) {
  return tensor(values, Shape{static_cast<Index>(values.size())});
}

}  // namespace

TEST_CASE("reverse_sequences turns each sequence round within its length") {
  const auto reverse = [](const Tensors& x) { return reverse_sequences(x[0], x[1]); };
  const auto reference = [](const std::vector<Values>& x) {
    return filled(x[0].shape, [&](std::vector<Index> at) {
      const auto length = static_cast<Index>(x[1][at[1]]);
      if (at[0] < length) at[0] = length - 1 - at[0];
      return x[0].at(at);
    });
  };
  check_op("reverse_sequences", reverse,
           {Sample({{4, 3, 2}}, {lengths_of({4, 2, 3})}), Sample({{4, 3}}, {lengths_of({0, 1, 4})}),
            Sample({{3, 2, 2, 2}}, {lengths_of({2, 3})}), Sample({{1, 1}}, {lengths_of({1})}),
            Sample({{1, 2, 3}}, {lengths_of({0, 1})}), Sample({{0, 2, 3}}, {lengths_of({0, 0})}),
            Sample({{3, 0, 2}}, {lengths_of({})}), Sample({{3, 2, 0}}, {lengths_of({1, 3})}),
            Sample({{5, 1, 4}}, {lengths_of({5})}), Sample({{2, 5, 1}}, {lengths_of({2, 1, 0, 2, 2})})},
           {.reference = reference});
  const Tensor x = tensor({1, 2, 3, 4, 5, 6}, {3, 2});
  CHECK(numbers(reverse_sequences(x, lengths_of({2, 3}))) == std::vector<double>{3, 6, 1, 4, 5, 2});
  const Tensor flags = tensor({true, false, false}, {3, 1});
  CHECK(numbers(reverse_sequences(flags, lengths_of({3}))) == std::vector<double>{0, 0, 1});
}

TEST_CASE("reverse_sequences runs for all steps of a loop at once") {
  const Tensor x = tensor({1., 2., 3., 4., 5., 6., 7., 8., 9., 10., 11., 12.}, {2, 3, 2});
  const Tensor lengths = tensor({3, 1, 2, 3}, {2, 2});
  const auto by_step = [](const Tensors& in) -> Tensor {
    return scan(
               [](const Tensors&, const Tensors& now) -> Carried {
                 return {{}, {reverse_sequences(now[0], now[1])}};
               },
               {}, in)
        .ys[0];
  };
  const std::vector<double> expected{5, 2, 3, 4, 1, 6, 9, 12, 7, 10, 11, 8};
  check_close(by_step({x, lengths}), expected, 0);
  const Graph graph =
      trace([&](const Tensors& in) -> Tensors { return {by_step(in)}; }, {x.spec(), lengths.spec()});
  check_close(run_compiled(graph, {x, lengths})[0], expected, 0);
}

TEST_CASE("reverse_sequences says what does not fit") {
  const auto reverse = [](const Tensors& x) { return reverse_sequences(x[0], x[1]); };
  check_error(reverse, {f32({3}), i32({1})},
              "[reverse_sequences] takes x [time, batch, ...]: got f32[3]; time is axis 0");
  check_error(reverse, {f32({3, 2}), i32({3})},
              "[reverse_sequences] takes one length per sequence, i32[2] for x f32[3, 2]: got i32[3]");
  check_error(reverse, {f32({3, 2}), f32({2})}, "i32[2] for x f32[3, 2]: got f32[2]");
  check_error(reverse, Tensors{ones({3, 2}), lengths_of({1, 4})},
              "[reverse_sequences] a length is in [0, 3], the padded time: got 4 of sequence 1");
  check_error(reverse, Tensors{ones({3, 2}), lengths_of({-1, 3})}, "got -1 of sequence 0");
}

TEST_CASE("sequence_mask says which steps are there") {
  Samples samples;
  for (const std::vector<std::int32_t>& lengths : std::vector<std::vector<std::int32_t>>{
           {}, {0}, {4}, {2}, {1, 3}, {4, 0, 2}, {4, 4, 4, 4}, {0, 1, 2, 3, 4}}) {
    samples.push_back(Sample({}, {lengths_of(lengths)}));
  }
  check_op("sequence_mask", [](const Tensors& x) { return sequence_mask(x[0], 4); }, samples,
           {.reference =
                [](const std::vector<Values>& x) {
                  return filled({4, x[0].shape[0]}, [&](const std::vector<Index>& at) {
                    return static_cast<double>(at[0]) < x[0][at[1]] ? 1.0 : 0.0;
                  });
                },
            .gradient = false});
  CHECK(sequence_mask(lengths_of({0, 0}), 0).shape() == Shape{0, 2});
  const auto mask = [](const Tensors& x) { return sequence_mask(x[0], 4); };
  check_error(mask, {f32({2})}, "[sequence_mask] takes one length per sequence, i32[batch]: got f32[2]");
  check_error(mask, {i32({2, 1})}, "got i32[2, 1]");
  check_error(mask, Tensors{lengths_of({5})}, "a length is in [0, 4], the padded time: got 5 of sequence 0");
  check_error([](const Tensors& x) { return sequence_mask(x[0], -1); }, {i32({2})},
              "[sequence_mask] the time cannot be negative: got -1");
}

TEST_CASE("reverse_sequences and sequence_mask of hard values") {
  check_hard_linear({"reverse_sequences", {3, 2}, [](const Tensor& x) {
                       return reverse_sequences(x, lengths_of({2, 3}));
                     }});
  check_hard_integers(
      {"sequence_mask", 1, [](const Tensors& x) { return sequence_mask(clamp(x[0], 0, 1), 1); },
       [](const std::vector<std::int64_t>& x) { return static_cast<std::int64_t>(x[0] >= 1); }});
}
