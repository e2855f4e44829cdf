#pragma once

#include <sluice/graph/variable.h>

#include <functional>

namespace sluice {

/// Calls `function` with each Variable standing for the tensor at its place in `values`, as if it were an
/// argument: a read of variables[i] inside, also by modules and in the bodies of scans, gives values[i].
/// Gradients flow to the values and to what they were made from, which assignments prevent. So a model's loss
/// after a training step is a function of the parameters before the step:
///
///     auto inner = loss(model);
///     auto stepped = w - 0.1 * grad(inner, w);
///     auto outer = with_values({w}, {stepped}, [&] { return Tensors{loss(model)}; });
///     auto meta = grad(outer[0], w);  // through the step
///
/// Compiled functions called inside are traced into the surrounding graph. Calls nest; the innermost counts.
/// Throws ShapeError for a wrong number or specs of values, Error for an undefined Variable, and, inside, for
/// value() of or an assignment to a Variable that stands for a tensor.
Tensors with_values(const std::vector<Variable>& variables, const Tensors& values,
                    const std::function<Tensors()>& function, Location where = Location::current());

namespace detail {

/// The Variables that stand for tensors on this thread, for the lifetime of this object.
class Standing {
 public:
  Standing(const std::vector<Variable>& variables, const Tensors& values);
  ~Standing();
  Standing(const Standing&) = delete;
  Standing& operator=(const Standing&) = delete;

  /// The tensor that a Variable stands for now; null if it stands for none.
  static const Tensor* tensor(const Slot* slot);
  /// Whether some Variable stands for a tensor on this thread.
  static bool any();

 private:
  const std::vector<Variable>& variables_;
  const Tensors& values_;
  const Standing* outer_;
};

}  // namespace detail

}  // namespace sluice
