#pragma once

#include <sluice/graph/trace.h>

#include <functional>
#include <limits>
#include <vector>

namespace sluice::test {

using Elements = std::vector<double>;
inline constexpr float inf = std::numeric_limits<float>::infinity();
inline constexpr float quiet_nan = std::numeric_limits<float>::quiet_NaN();

/// The results of a function at its edges, as doubles; the compiled function must give the same numbers, NaN
/// for NaN.
std::vector<std::vector<double>> at_edges(const std::function<Tensors(const Tensors&)>& function,
                                          const Tensors& arguments);

/// The value of f(x) and the gradient of its sum.
struct ValueAndSlope {
  std::vector<double> value;
  std::vector<double> slope;
};
ValueAndSlope value_and_slope(const std::function<Tensor(const Tensor&)>& f, const Tensor& x);

}  // namespace sluice::test
