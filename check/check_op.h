#pragma once

#include <sluice/graph/trace.h>

#include <functional>
#include <string>
#include <vector>

namespace sluice {

/// What check_op is told besides a function and its inputs.
struct CheckOpOptions {
  /// The value by an independent formula: the elements of all outputs, one output after the other.
  std::function<std::vector<double>(const Arrays& inputs)> reference = {};
  double value_tolerance = 1e-12;  ///< |value - reference| is at most this times 1 + |reference|

  /// The same op with other members, for the same inputs: they must not be taken for each other.
  std::vector<std::function<Tensor(const Tensors&)>> others = {};

  bool gradient = true;  ///< false for an op that has none
  /// Part of the text of the Error with which an op without second derivatives, and hence without forward
  /// mode, refuses them.
  std::string second_refused = {};

  bool float32 = true;            ///< false for an op that takes no f32
  double float_tolerance = 1e-4;  ///< |float32 - float64| is at most this times 1 + |float64|

  /// Whether ops are also tried in a process of their own, between guarded pages: what finds memory touched
  /// that is not theirs. False where no process can start, or for ops that start threads of their own.
  bool isolated = true;
};

/// What was compared.
struct CheckOpReport {
  Index values = 0;  ///< elements compared with the reference
  Index first = 0;   ///< entries of the Jacobian
  Index second = 0;  ///< and of that of the vector-Jacobian product
};

/// Checks everything that an op promises, in one call: what a test of an op needs.
///
///     check_op([](const Tensors& x) { return softsign(x[0]); }, {tensor({0.5, -2.0, 3.0})});
///
/// Every op that `function` uses, also those of its gradient:
/// * touches no memory but its own, survives operands without elements, skips outputs that nobody reads;
/// * is pure: writes every element, whatever was there, changes no operand, gives the same bits again, on 1,
///   2 and 3 threads, and called by two threads at once; its may_throw is true if it throws;
/// * compiled by itself gives the bits of the interpreter, with all passes and with none;
/// * answers the compiler what it does (check/answers.h), and has attributes that tell it from others;
/// * gives the same gradients whichever are asked for.
/// The function:
/// * has the values of the reference, if there is one, to the tolerance;
/// * compiled gives the values and gradients of the interpreter, as it is and in loops, on several threads and
///   with some passes only (check/compiled.h);
/// * has the right Jacobian in reverse and in forward mode, and the right second derivatives
///   (check/gradcheck.h), or refuses them with an Error;
/// * gives for float32 what it gives for float64, to the tolerance.
///
/// Inputs are float64, or int32 and bool, which are held fixed; as for gradcheck, small and away from kinks.
/// Two or more rows along axis 0, and elements that all differ, find the most. The number of threads, which
/// is the whole process's, changes meanwhile.
///
/// Throws Error that names the op, the member that is wrong, both values, and what to do.
CheckOpReport check_op(const TensorFunction& function, const Tensors& inputs,
                       const CheckOpOptions& options = {}, Location where = Location::current());
CheckOpReport check_op(const std::function<Tensor(const Tensors&)>& function, const Tensors& inputs,
                       const CheckOpOptions& options = {}, Location where = Location::current());

}  // namespace sluice
