#pragma once

#include <sluice/graph/tensor.h>

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sluice {

/// A value on its way through a tap. Its memory is that of the run: name and value are valid during the call
/// only.
struct Tapped {
  std::string_view name;
  View value;

  const Spec& spec() const { return value.spec; }
  /// The elements in row-major order. Throws Error unless T is the C++ type of the dtype (see with_type).
  template <class T>
  std::span<const T> values() const {
    require(dtype_of<T>);
    return {static_cast<const T*>(value.data), static_cast<std::size_t>(value.size())};
  }
  /// A constant with a copy of the value, which may be kept.
  Tensor tensor() const;
  /// The step of each scan that surrounds the tap, outermost first: the index along time, so those of a
  /// reversed scan count down. Empty outside of scans.
  std::vector<Index> steps() const;

 private:
  void require(DType dtype) const;
};

/// x itself; whenever it is computed, `function` is called with `name` and the value, evaluated or compiled:
/// a look into a running program, as jax.debug.callback and PyTorch's forward hooks.
///
///     h = tap(h, "h", [&](const Tapped& t) { largest = std::max(largest, t.values<float>()[0]); });
///
/// Called once in every run that computes a result made of it; in the body of a scan once per step, in the
/// order of the steps. What no result needs is not computed: use the tensor that tap returns. In a body, the
/// tap of a tensor made outside of it belongs to the outside, and is called once. Which of two taps of one
/// step comes first is open, unless one is made of the other. A scan with checkpoints computes its steps
/// again for the gradient; taps are not called again.
///
/// No pass removes, joins, repeats or moves a tap. Ops on both sides of it are not fused, nor are the rows of
/// a loop around it divided over threads; all else is compiled as without it. The gradient passes through and
/// is not tapped; to see it, tap the dy of a custom_gradient. Calls come from the thread that runs the
/// program, of programs on several threads from all of these.
///
/// What the function throws ends the run as an Error of any op does: with the line of the tap and the step of
/// the scan, and no Variable is changed. It may not use Variables, which is an Error: the run holds them.
///
/// Throws Error for an empty function.
Tensor tap(const Operand& x, std::string name, std::function<void(const Tapped&)> function);

}  // namespace sluice
