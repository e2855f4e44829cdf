#pragma once

#include <sluice/optim/optim.h>

#include "support/golden.h"

#include <memory>

namespace sluice::test {

/// The objective of optim.json (tests/golden/README.md) with its two parameters, in float64 or float32.
struct Problem {
  explicit Problem(const Record& record, DType dtype = DType::float64);

  Tensor loss() const;
  NamedVariables parameters() const { return {{"p1", p1}, {"p2", p2}}; }

  Variable p1;
  Variable p2;
  Tensor a;
  Tensor b;
  Tensor c;
  Tensor corner;  ///< 1 at [0, 0], else 0: picks p1[0, 0]
};

/// A Problem that needs no file: three parameters (a matrix, a vector, a scalar) and a smooth loss.
struct SmallProblem {
  explicit SmallProblem(DType dtype = DType::float64);

  Tensor loss() const;
  NamedVariables parameters() const { return {{"w", w}, {"b", b}, {"s", s}}; }

  Variable w;
  Variable b;
  Variable s;
};

/// Golden numbers as a constant.
Tensor constant_of(const Array& golden, DType dtype = DType::float64);

/// The elements of a Variable, whatever its dtype.
std::vector<double> elements(const Variable& variable);
std::vector<double> elements(const Tensor& tensor);

/// The largest |x - y| / max(|y|, floor).
double relative_error(const std::vector<double>& x, const std::vector<double>& y, double floor = 1e-3);

/// The values of all Variables, one after the other, for comparing bits.
std::vector<double> snapshot(const NamedVariables& variables);

}  // namespace sluice::test
