#pragma once

#include <sluice/graph/evaluate.h>

#include <algorithm>
#include <cmath>
#include <concepts>
#include <string>
#include <vector>

#include "support/catch.h"
#include "support/golden.h"

namespace sluice::test {

/// A golden array as a constant of f32, f64 or i32.
inline Tensor constant(const Array& array, DType dtype = DType::float64) {
  const Shape shape{std::span<const Index>(array.shape)};
  if (dtype == DType::int32) return tensor(array.as<std::int32_t>(), shape);
  return dtype == DType::float32 ? tensor(array.as<float>(), shape) : tensor(array.as<double>(), shape);
}

/// The elements of a tensor of any dtype, as doubles.
inline std::vector<double> numbers(const Tensor& x) {
  const Tensor y = evaluate(x);
  std::vector<double> result;
  for (Index i = 0; i < y.size(); ++i) result.push_back(y.value().element(i));
  return result;
}

/// Checks that all of x is near `expected`: |x - e| <= tolerance * max(1, |e|), and finite where e is.
inline void check_close(const Tensor& x, const std::vector<double>& expected, double tolerance) {
  const std::vector<double> got = numbers(x);
  REQUIRE(got.size() == expected.size());
  double worst = 0;
  for (std::size_t i = 0; i < got.size(); ++i) {
    const double error = std::abs(got[i] - expected[i]) / std::max(1.0, std::abs(expected[i]));
    worst = std::isfinite(error) ? std::max(worst, error) : INFINITY;
  }
  CHECK(worst <= tolerance);
}

/// The same for a tensor or Variable, whose shape must be equal too.
template <std::convertible_to<Tensor> T>
void check_close(const Tensor& x, const T& expected, double tolerance) {
  CHECK(x.shape() == expected.shape());
  check_close(x, numbers(expected), tolerance);
}

}  // namespace sluice::test
