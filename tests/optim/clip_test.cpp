#include <sluice/graph/arithmetic.h>
#include <sluice/graph/evaluate.h>

#include "optim/problem.h"
#include "support/catch.h"

#include <cmath>
#include <limits>

using namespace sluice;
using namespace sluice::test;

TEST_CASE("the global norm is that of all gradients as one vector, whatever their dtypes") {
  const Tensor norm = evaluate(optim::global_norm({tensor({3.f, 0.f}), tensor({0.0, 4.0}), full({}, 12)}));
  CHECK(norm.dtype() == DType::float64);
  CHECK(norm.item() == Approx(13));
}

TEST_CASE("clipping by global norm leaves small gradients alone and scales large ones") {
  const Tensors gradients{tensor({3.f}), tensor({4.0})};
  const Tensors small = evaluate(optim::clip_by_global_norm(gradients, 6));
  CHECK(elements(small[0]) == std::vector<double>{3});
  CHECK(elements(small[1]) == std::vector<double>{4});
  const Tensors large = evaluate(optim::clip_by_global_norm(gradients, 1));
  CHECK(large[0].dtype() == DType::float32);
  CHECK(elements(large[0])[0] == Approx(0.6));
  CHECK(elements(large[1])[0] == Approx(0.8));
  const Tensors none = evaluate(optim::clip_by_global_norm({tensor({0.f, 0.f})}, 1));
  CHECK(elements(none[0]) == std::vector<double>{0, 0});
}

TEST_CASE("a NaN in one gradient reaches all when clipped by norm") {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const Tensors clipped = evaluate(optim::clip_by_global_norm({tensor({nan, 1.f}), tensor({1.f})}, 1));
  CHECK(std::isnan(elements(clipped[1])[0]));
}

TEST_CASE("clipping by value limits each element and keeps NaN") {
  const float inf = std::numeric_limits<float>::infinity();
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const auto clipped =
      elements(evaluate(optim::clip_by_value({tensor({-3.f, -0.5f, 2.f, inf, nan})}, 1)).front());
  CHECK(std::vector<double>(clipped.begin(), clipped.end() - 1) == std::vector<double>{-1, -0.5, 1, 1});
  CHECK(std::isnan(clipped.back()));
}

TEST_CASE("an optimiser clips by value first, then by norm, and reports the norm before both") {
  const Variable p(tensor({0.0, 0.0}));
  optim::SGD sgd({{"p", p}}, {.learning_rate = 1, .clip_norm = 1, .clip_value = 3});
  CHECK(sgd.apply({tensor({6.0, 8.0})}).item() == Approx(10));
  CHECK(elements(p)[0] == Approx(-std::sqrt(0.5)));
  CHECK(elements(p)[1] == Approx(-std::sqrt(0.5)));
}
