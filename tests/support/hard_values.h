#pragma once

#include <sluice/graph/tensor.h>

#include <cmath>
#include <functional>
#include <limits>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "support/catch.h"
#include "support/edges.h"

namespace sluice::test {

/// References are computed in a type with a wider range and more digits than what they are compared with.
using Real = long double;
using Reals = std::vector<Real>;
inline constexpr Real real_inf = std::numeric_limits<Real>::infinity();
inline constexpr Real real_nan = std::numeric_limits<Real>::quiet_NaN();

/// Numbers of a floating type at which functions go wrong: zeros, infinities, NaN, the smallest and the
/// largest, some between them. The `few` are for functions of several numbers.
Reals hard_values(DType dtype);
Reals few_hard_values(DType dtype);

/// How close a result must be: relatively, and for results near zero absolutely. What is below the smallest
/// normal number need not be exact.
struct Closeness {
  double relative = 1e-5;
  double absolute = 0;
};

/// An elementwise function at every combination of hard values, in float32 and float64, evaluated and
/// compiled: its values and its gradients, with dy = 1, against references of its operands in Real, rounded
/// to the dtype.
struct HardFunction {
  std::string name;
  int operands;
  std::function<Tensor(const Tensors&)> call;
  std::function<Real(const Reals&)> value;
  std::vector<std::function<Real(const Reals&)>> slopes;  ///< one per operand; none: no gradient is asked for
  Closeness value_close = {};
  Closeness slope_close = {};
  /// Whether the rule leaves the results for these operands open.
  std::function<bool(const Reals&)> open = {};
};
void check_hard_values(const HardFunction& function);

/// A function along an axis at every row of three hard values, along axis 1 and, transposed, along axis 0:
/// its values against a reference of the row, and the gradient of sum(weights * y) against another.
/// References give all outputs of the row, and one gradient per element. They see the weights of the
/// outputs.
struct HardRows {
  std::string name;
  std::function<Tensor(const Tensor& x, Index axis)> call;
  std::function<Reals(const Reals& row)> value;
  std::function<Reals(const Reals& row, const Reals& weights)> slope;
  /// Whether the rule leaves the values of this row open, or the gradients; the reason stands beside it.
  std::function<bool(const Reals& row, DType)> open_value = {};
  std::function<bool(const Reals& row, DType)> open_slope = {};
  Closeness value_close = {};
  Closeness slope_close = {};
};
void check_hard_rows(const HardRows& function);

/// A function that copies and adds elements, y = A x + b with whole numbers in A, at hard values: an
/// element that is not read has no part in a result, nor has its gradient in another's, and elements that
/// are copied are the same numbers. A and b are found by asking the function.
struct HardLinear {
  std::string name;
  Shape shape;
  std::function<Tensor(const Tensor&)> call;
};
void check_hard_linear(const HardLinear& function);

/// A function of int32 at every combination of 0, 1, -1, 2, -7, 46341 and the ends, evaluated and compiled.
struct HardIntegers {
  std::string name;
  int operands;
  std::function<Tensor(const Tensors&)> call;
  std::function<std::int64_t(const std::vector<std::int64_t>&)> value;
};
void check_hard_integers(const HardIntegers& function);

/// `got` is what `expected` rounds to, or close. A failure tells `what` was computed; there are too many
/// results for an assertion each.
void check_hard(double got, Real expected, DType dtype, const Closeness& closeness,
                const std::function<std::string()>& what = {});

/// The ops that were found in the graphs of these checks, each under its own name.
std::set<std::string>& driven_ops();
/// Takes down `name` if an op of that name is among those that made one of the ys.
void note_driven(std::string_view name, const Tensors& ys);

}  // namespace sluice::test
