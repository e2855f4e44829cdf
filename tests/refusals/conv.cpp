#include "refusals/refusal.h"
#include "support/catch.h"

#include <sluice/sluice.h>

using namespace sluice;

TEST_CASE("what convolutions, pools and normalisations refuse") {
  const Tensor x = ones({4, 2, 3});
  const Tensor w = ones({2, 3, 5});
  const Tensor i = ones({4, 2, 3}, DType::int32);
  const Tensor lengths = tensor({4, 2}, {2});
  refuses("conv1d", "got f32[4, 2, 3] and f32[2, 3]", [&] { conv1d(x, ones({2, 3})); });
  refuses("conv1d", "got i32[4, 2, 3] and i32[2, 3, 5]", [&] { conv1d(i, ones({2, 3, 5}, DType::int32)); });
  refuses("conv1d", "got x f32[4, 2, 3], w f32[2, 2, 5]", [&] { conv1d(x, ones({2, 2, 5})); });
  refuses("conv1d", "got 0, 1 and 1", [&] { conv1d(x, w, {.stride = 0}); });
  refuses("conv1d", "got ConvPadding::same with stride 2",
          [&] { conv1d(x, w, {.padding = ConvPadding::same, .stride = 2}); });
  refuses("conv1d", "got an undefined Tensor", [&] { conv1d(Tensor(), w); });
  refuses("conv1d_time", "got -1 steps", [&] { conv1d_time(-1, 2); });
  refuses("max_pool", "got window 0", [&] { max_pool(x, 0); });
  refuses("mean_pool", "got i32[4, 2, 3]", [&] { mean_pool(i, 2); });
  refuses("max_pool", "takes numbers: got bool[4]",
          [&] { max_pool(zeros({4}, DType::boolean), 1, {.stride = 2}); });
  refuses("pooled_lengths", "got f32[4, 2, 3]", [&] { pooled_lengths(x, 2); });
  refuses("mean_over_time", "got f32[4, 2, 3] and f32[4, 2, 3]", [&] { mean_over_time(x, x); });
  refuses("max_over_time", "got i32[4, 2, 3]", [&] { max_over_time(i, lengths); });
  refuses("last_step", "got f32[2] and i32[2]", [&] { last_step(ones({2}), lengths); });
  refuses("rms_norm", "got a scalar", [&] { rms_norm(ones({})); });
  refuses("rms_norm", "got -1", [&] { rms_norm(x, -1); });
  refuses("rms_norm", "got [2] for [4, 2, 3]", [&] { rms_norm(x, ones({2})); });
  refuses("group_norm", "got 2 groups for f32[4, 2, 3]", [&] { group_norm(x, 2); });
  refuses("group_norm", "got [2] and [3] for [4, 2, 3]", [&] { group_norm(x, 3, ones({2}), ones({3})); });
}

TEST_CASE("what convolutions over sequences and their norms refuse") {
  const Tensor key = random::key(1);
  const nn::Conv1d conv(3, 4, 2, key, {.padding = ConvPadding::causal});
  const nn::Conv1d valid(3, 4, 2, key);
  const Tensor x = ones({4, 2, 3});
  refuses("conv1d", "got 0 in", [&] { nn::Conv1d(0, 4, 2, key); });
  refuses("conv1d", "got 3 in and 4 out for 2 groups", [&] { nn::Conv1d(3, 4, 2, key, {.groups = 2}); });
  refuses("conv1d", "got f32[4, 2]", [&] { conv(ones({4, 2})); });
  refuses("conv1d", "got reverse", [&] { conv(x, {.reverse = true}); });
  refuses("conv1d", "got resets", [&] { valid(x, {.resets = zeros({4, 2}, DType::boolean)}); });
  refuses("conv1d", "got 0 states", [&] { conv.step(x[0], {}); });
  refuses("conv1d", "that is not causal", [&] { valid.step(x[0], {}); });
  refuses("conv1d", "got -1", [&] { conv.initial(-1); });
  refuses("rms_norm", "got size 0", [&] { nn::RMSNorm(0); });
  refuses("rms_norm", "got f32[4, 2, 3]", [&] { nn::RMSNorm(2)(x); });
  refuses("group_norm", "got 2 groups of 3 channels", [&] { nn::GroupNorm(2, 3); });
  refuses("group_norm", "got f32[4, 2, 3]", [&] { nn::GroupNorm(2, 4)(x); });
}
