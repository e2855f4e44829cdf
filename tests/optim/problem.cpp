#include "optim/problem.h"

#include <sluice/graph/arithmetic.h>
#include <sluice/graph/evaluate.h>
#include <sluice/ops/sin.h>
#include <sluice/ops/square.h>
#include <sluice/ops/sum.h>
#include <sluice/ops/tanh.h>

#include <algorithm>
#include <cmath>

namespace sluice::test {

Tensor constant_of(const Array& golden, DType dtype) {
  const Shape shape(std::span<const Index>(golden.shape.data(), golden.shape.size()));
  if (dtype == DType::float64) return tensor(golden.data, shape);
  return tensor(golden.as<float>(), shape);
}

namespace {

Array first_of(const Shape& shape) {
  Array picked{{shape.begin(), shape.end()}, std::vector<double>(static_cast<std::size_t>(shape.size()), 0)};
  picked.data.front() = 1;
  return picked;
}

}  // namespace

Problem::Problem(const Record& record, DType dtype)
    : p1(constant_of(record.array("p1"), dtype)),
      p2(constant_of(record.array("p2"), dtype)),
      a(constant_of(record.array("A"), dtype)),
      b(constant_of(record.array("B"), dtype)),
      c(constant_of(record.array("c"), dtype)),
      corner(constant_of(first_of(p1.shape()), dtype)) {}

Tensor Problem::loss() const {
  return sum(sin(p1) * a) + 0.5 * sum(square(p1) * b) + sum(square(tanh(p2 * c))) +
         sum(sum(p1 * corner) * p2);
}

SmallProblem::SmallProblem(DType dtype) {
  const auto like = [&](std::vector<double> values, const Shape& shape) {
    if (dtype == DType::float64) return Variable(tensor(values, shape));
    return Variable(tensor(std::vector<float>(values.begin(), values.end()), shape));
  };
  w = like({0.5, -1.25, 2, 0.75, -0.5, 1.5}, {2, 3});
  b = like({1, -2, 0.25}, {3});
  s = like({1.5}, {});
}

Tensor SmallProblem::loss() const {
  const Tensor y = tanh(w + b) * s;
  return sum(square(y - 0.5)) + 0.1 * sum(square(w)) + 0.1 * square(s);
}

std::vector<double> elements(const Tensor& tensor) {
  const sluice::Array& array = tensor.value();
  std::vector<double> result;
  for (Index i = 0; i < array.shape().size(); ++i) result.push_back(array.element(i));
  return result;
}

std::vector<double> elements(const Variable& variable) { return elements(variable.value()); }

double relative_error(const std::vector<double>& x, const std::vector<double>& y, double floor) {
  if (x.size() != y.size()) return INFINITY;
  double worst = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double error = std::abs(x[i] - y[i]) / std::max(std::abs(y[i]), floor);
    if (!(error <= worst)) worst = error;  // NaN too
  }
  return worst;
}

std::vector<double> snapshot(const NamedVariables& variables) {
  std::vector<double> all;
  for (const NamedVariable& named : variables) {
    for (double value : elements(named.variable)) all.push_back(value);
  }
  return all;
}

}  // namespace sluice::test
