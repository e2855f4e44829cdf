#pragma once

#include <sluice/graph/tensor.h>
#include <sluice/graph/trace.h>

#include <functional>
#include <optional>
#include <vector>

namespace sluice {

struct VmapOptions {
  /// The axis of each argument along which its examples lie; none for an argument that is the same for all:
  /// `{.axes = {0, std::nullopt}}`. Axis 0 of all arguments by default.
  std::vector<std::optional<Index>> axes = {};
};

/// A function of one example, applied to many. The arguments hold the examples along an axis, which f does
/// not see; the results hold theirs along axis 0:
///
///   ys[j][i] = f(xs[0][i], xs[1][i], ...)[j]
///
///   // An ensemble: weights [K, in, out], each for the same x [batch, in].
///   const Tensor y = vmap([&](const Tensor& w) { return matmul(x, w); }, weights);
///   // The gradient of the loss for each example.
///   const Tensors g = vmap([&](const Tensors& t) { return grad(loss(w, t[0], t[1]), Tensors{w}); }, {x, y});
///
/// As jax.vmap and torch.vmap. It is a scan without a carry, so what scan says holds: f is traced once, may
/// use any tensor or Variable from outside, may not assign Variables, and sees tensors of at most
/// Shape::max_rank - 1 axes; gradients flow through it, vmaps nest. The interpreter runs one by one. A
/// compiled program computes all examples at once by ops with one more axis, without a loop, as far as f is
/// made of ops that can (Op::at_all_steps); what depends on others stays in a loop over the examples.
///
/// Throws Error for an empty f, for no arguments and if none of them has an axis; ShapeError if the numbers
/// of axes and of arguments, or the lengths of the axes, differ, and for an axis out of range.
Tensors vmap(const TensorFunction& f, const Tensors& xs, const VmapOptions& options = {},
             Location where = Location::current());
/// The same for a function with one result.
Tensor vmap(const std::function<Tensor(const Tensors&)>& f, const Tensors& xs,
            const VmapOptions& options = {}, Location where = Location::current());
/// The same for a function of one tensor, whose examples lie along this axis.
Tensor vmap(const std::function<Tensor(const Tensor&)>& f, const Tensor& x, Index axis = 0,
            Location where = Location::current());

}  // namespace sluice
