#pragma once

#include <sluice/graph/tensor.h>

#include <functional>

namespace sluice {

/// What a step of a scan returns, and what the whole scan returns.
struct Carried {
  Tensors carry;  ///< handed to the next step; of the scan: after the last one
  Tensors ys;     ///< one value per step; of the scan: all of them, stacked along a new axis 0
};

struct ScanOptions {
  static constexpr Index automatic = -1;

  Index length = -1;     ///< number of steps; needed only where there are no xs
  bool reverse = false;  ///< walks time from the last step to the first; xs and ys keep their places
  /// For long sequences: the way back keeps only the carries at every so many steps and computes the steps
  /// between them again, one such segment at a time. Memory for T steps in segments of k is that of T/k + k
  /// steps in place of T, for about the time of one more way forward. `automatic` takes k = sqrt(T); 0 keeps
  /// everything. Values and gradients stay the same up to rounding.
  Index checkpoint = 0;
};

using ScanBody = std::function<Carried(const Tensors& carry, const Tensors& x)>;

/// Runs a body once per step of a sequence, handing values from step to step.
///
///   scan : ((carry, x) -> (carry, y)), carry, [x] -> (carry, [y])
///
/// Time is axis 0 of xs and ys. It means exactly this loop:
///
///   for (Index t : reverse ? T-1, ..., 0 : 0, ..., T-1) {
///     auto [next, y] = body(carry, {xs[0][t], xs[1][t], ...});
///     carry = next;
///     ys[0][t] = y[0]; ys[1][t] = y[1]; ...
///   }
///   return {carry, ys};
///
/// but the body is traced once, so building, differentiating and compiling take the same time for any T, also
/// 0. The body may use any tensor or Variable from outside; it may not assign Variables. A carry keeps its
/// shape and dtype. Scans nest. The gradient is another scan, walking the other way. Throws ShapeError when
/// lengths of xs differ, a carry changes its spec, or there are neither xs nor a length, and Error for a
/// negative checkpoint; errors of the body name the shapes a step sees. Tensors inside a body have at most
/// Shape::max_rank - 1 axes, with checkpoint one less.
Carried scan(const ScanBody& body, const Tensors& carry, const Tensors& xs, const ScanOptions& options = {},
             Location where = Location::current());

}  // namespace sluice
