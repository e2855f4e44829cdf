#include <sluice/nn/group_norm.h>
#include <sluice/nn/rms_norm.h>
#include <sluice/nn/values.h>

#include <cmath>

#include "support/catch.h"
#include "support/close.h"

using namespace sluice;
using namespace sluice::test;

TEST_CASE("RMSNorm gives each vector a mean square of 1, scaled") {
  const nn::RMSNorm norm(2, {.epsilon = 1e-14, .dtype = DType::float64});
  const Tensor x = tensor({3.0, -4.0, 1.0, 1.0}, {2, 2});
  const double s = std::sqrt(12.5);
  check_close(norm(x), {3 / s, -4 / s, 1, 1}, 1e-10);
  norm.scale.assign(tensor({2.0, -1.0}));
  check_close(norm(x), {6 / s, 4 / s, 2, -1}, 1e-10);
  CHECK(norm.count() == 2);
  CHECK(nn::to(norm, DType::float32)(zeros({3, 2})).dtype() == DType::float32);
  const nn::RMSNorm plain(2, {.affine = false});
  CHECK(plain.variables().empty());
  check_close(plain(tensor({5.0F, 5.0F})), {1, 1}, 1e-6);
}

TEST_CASE("GroupNorm gives the groups of each step mean 0 and variance 1, scaled and shifted") {
  const nn::GroupNorm norm(2, 4, {.epsilon = 1e-14, .dtype = DType::float64});
  const Tensor x = tensor({1.0, 3.0, -8.0, 8.0, 5.0, 4.0, 1.0, 2.0}, {2, 1, 4});
  check_close(norm(x), {-1, 1, -1, 1, 1, -1, -1, 1}, 1e-10);
  norm.scale.assign(tensor({1.0, 2.0, 3.0, 4.0}));
  norm.shift.assign(full({4}, 10, DType::float64));
  check_close(norm(x), {9, 12, 7, 14, 11, 8, 7, 14}, 1e-10);
  CHECK(norm.count() == 8);
  CHECK(norm.groups() == 2);
  const nn::GroupNorm plain(1, 2, {.affine = false});
  CHECK(plain.variables().empty());
  check_close(plain(tensor({5.0F, 7.0F})), {-1, 1}, 1e-4);
}

TEST_CASE("RMSNorm and GroupNorm say what they take") {
  const nn::RMSNorm rms(4);
  CHECK_THROWS_WITH(rms(zeros({4, 3})),
                    contains("[rms_norm] takes x f32[..., 4]: got f32[4, 3]; make the layer"));
  CHECK_THROWS_WITH(nn::RMSNorm(0),
                    contains("[rms_norm] size is at least 1 and epsilon positive: got size 0"));
  CHECK_THROWS_AS(nn::RMSNorm(2, {.epsilon = 0}), Error);
  const nn::GroupNorm norm(2, 4);
  CHECK_THROWS_WITH(norm(zeros({4, 4}, DType::float64)),
                    contains("[group_norm] takes x f32[..., 4]: got f64[4, 4]; make the layer"));
  CHECK_THROWS_WITH(
      nn::GroupNorm(3, 4),
      contains("[group_norm] there is one group at least, channels are a multiple of the groups, and "
               "epsilon is positive: got 3 groups of 4 channels"));
  CHECK_THROWS_AS(nn::GroupNorm(0, 4), Error);
  CHECK_THROWS_AS(nn::GroupNorm(2, 4, {.epsilon = -1}), Error);
}
