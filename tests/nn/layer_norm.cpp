#include <sluice/nn/layer_norm.h>

#include <cmath>

#include "support/catch.h"
#include "support/close.h"

using namespace sluice;
using namespace sluice::test;

TEST_CASE("LayerNorm gives each vector mean 0 and variance 1, scaled and shifted") {
  const nn::LayerNorm norm(4, {.epsilon = 1e-12, .dtype = DType::float64});
  const Tensor x = tensor({1.0, 2.0, 3.0, 4.0, -8.0, 8.0, -8.0, 8.0}, {2, 4});
  const double s = std::sqrt(1.25);
  check_close(norm(x), {-1.5 / s, -0.5 / s, 0.5 / s, 1.5 / s, -1, 1, -1, 1}, 1e-10);
  norm.scale.assign(tensor({1.0, 2.0, 3.0, 4.0}));
  norm.shift.assign(full({4}, 10, DType::float64));
  check_close(norm(x), {10 - 1.5 / s, 10 - 1 / s, 10 + 1.5 / s, 10 + 6 / s, 9, 12, 7, 14}, 1e-10);
  CHECK(norm.count() == 8);

  const nn::LayerNorm plain(4, {.affine = false});
  CHECK(plain.variables().empty());
}

TEST_CASE("LayerNorm says what it takes") {
  const nn::LayerNorm norm(4);
  CHECK_THROWS_WITH(norm(zeros({4, 3})),
                    contains("[layer_norm] takes x f32[..., 4]: got f32[4, 3]; make the layer with "
                             "the length and dtype of the last axis"));
  CHECK_THROWS_WITH(nn::LayerNorm(0),
                    contains("[layer_norm] size is at least 1 and epsilon positive: got size 0"));
  CHECK_THROWS_AS(nn::LayerNorm(2, {.epsilon = 0}), Error);
}
