#pragma once

#include <sluice/graph/trace.h>

#include <functional>
#include <initializer_list>
#include <map>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::test {

/// The inputs of one check: shapes that get random values, and tensors that stay as they are (ids, masks),
/// which come behind them. `Sample({{2, 3}, {3}})`, `Sample({{4, 2}}, {ids})`.
struct Sample {
  Sample(std::initializer_list<Shape> random) : shapes(random) {}
  Sample(std::vector<Shape> random, Tensors held) : shapes(std::move(random)), fixed(std::move(held)) {}

  std::vector<Shape> shapes;
  Tensors fixed;
};
using Samples = std::vector<Sample>;

/// Eight or more shapes of one input, or of two that broadcast: scalars, single elements, empty ones, several
/// axes.
Samples unary_samples();
Samples binary_samples();

/// An input or a result in double, for reference formulas.
struct Values {
  Shape shape;
  std::vector<double> data;

  double operator[](Index i) const { return data[static_cast<std::size_t>(i)]; }
  /// The element at these positions, one per axis.
  double at(const std::vector<Index>& position) const;
};

/// f at each position of a shape, in row-major order: a result for a reference formula.
std::vector<double> filled(const Shape& shape, const std::function<double(const std::vector<Index>&)>& f);

struct CheckOptions {
  /// The value by an independent formula, for elementwise functions: of one element of each input, which
  /// broadcast.
  std::function<double(const std::vector<double>&)> scalar = {};
  /// The same for whole tensors: all outputs one after the other; the fixed inputs are among the arguments.
  std::function<std::vector<double>(const std::vector<Values>&)> reference = {};
  /// Random inputs are uniform in [low, high), or what `draw` makes for the i-th input.
  double low = -2;
  double high = 2;
  std::function<double(std::mt19937&, std::size_t)> draw = {};
  bool gradient = true;             ///< false for ops that have none: values, dtypes, printing only
  std::string second_refused = {};  ///< part of the Error of an op that has no second derivatives
  double value_tolerance = 1e-12;   ///< relative, of float64 against the formula
  double float_tolerance = 1e-4;    ///< relative, of float32 against float64
  bool composite = false;           ///< made of other ops, hence no node of this name
};

/// Everything an op promises, for each sample: its value in float64 against the formula, its whole Jacobian
/// in reverse and in forward mode against differences, its second derivatives, float32 against float64 for
/// values and gradients, the compiled graph against the interpreted one, its name in the printed graph.
/// Failures name the op and the sample.
void check_op(std::string_view name, const TensorFunction& function, const Samples& samples,
              const CheckOptions& options = {});
void check_op(std::string_view name, const std::function<Tensor(const Tensors&)>& function,
              const Samples& samples, const CheckOptions& options = {});

/// The ops that check_op was asked for, and the number of samples in whose graphs it has found them so far.
const std::map<std::string, int>& checked_ops();

/// Specs for check_error: f32({2, 3}).
Spec f32(const Shape& shape);
Spec f64(const Shape& shape);
Spec i32(const Shape& shape);
Spec boolean(const Shape& shape);

/// The function refuses inputs of these specs (filled with zeros) or these inputs, when the graph is built or
/// when it runs, with an Error whose text contains `text` and names a line of the tests.
void check_error(const TensorFunction& function, const Specs& specs, const std::string& text);
void check_error(const std::function<Tensor(const Tensors&)>& function, const Specs& specs,
                 const std::string& text);
void check_error(const TensorFunction& function, const Tensors& inputs, const std::string& text);
void check_error(const std::function<Tensor(const Tensors&)>& function, const Tensors& inputs,
                 const std::string& text);

}  // namespace sluice::test
