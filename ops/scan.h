#pragma once

#include <sluice/graph/tensor.h>

#include <functional>

namespace sluice {

/// The result of a step of a scan, and of the whole scan.
struct Carried {
  Tensors carry;  ///< handed to the next step; of the scan: after the last one
  Tensors ys;     ///< one value per step; of the scan: all of them, stacked along a new axis 0
};

struct ScanOptions {
  static constexpr Index automatic = -1;

  Index length = -1;     ///< number of steps; needed only without xs
  bool reverse = false;  ///< iterates backwards; indices of xs and ys are unchanged
  /// For long sequences: the forward pass keeps only the carries at the beginning of every segment of so many
  /// steps, and the backward pass recomputes one segment at a time. Memory for T steps in segments of k is
  /// that of T/k + k steps instead of T, for one extra forward pass; `automatic` takes k = sqrt(T), 0 keeps
  /// everything. Values and gradients stay the same up to rounding.
  Index checkpoint = 0;
};

using ScanBody = std::function<Carried(const Tensors& carry, const Tensors& x)>;

/// Runs a body once per step of a sequence, passing carries from step to step.
///
///   scan : ((carry, x) -> (carry, y)), carry, [x] -> (carry, [y])
///
/// Time is axis 0 of xs and ys. Equivalent to this loop:
///
///   for (Index t : reverse ? T-1, ..., 0 : 0, ..., T-1) {
///     auto [next, y] = body(carry, {xs[0][t], xs[1][t], ...});
///     carry = next;
///     ys[0][t] = y[0]; ys[1][t] = y[1]; ...
///   }
///   return {carry, ys};
///
/// but the body is traced once, so building, differentiating and compiling take the same time for any T,
/// including 0. The body may use any tensor or Variable from outside; it may not assign Variables. A carry
/// keeps its shape and dtype. Scans nest. The gradient is another scan, in the other direction. Throws
/// ShapeError if lengths of xs differ, a carry changes its spec, or there are neither xs nor a length, and
/// Error for a negative checkpoint; errors of the body name the shapes a step sees. Tensors inside a body
/// have at most Shape::max_rank - 1 axes, with checkpoint one less.
Carried scan(const ScanBody& body, const Tensors& carry, const Tensors& xs, const ScanOptions& options = {},
             Location where = Location::current());

}  // namespace sluice
