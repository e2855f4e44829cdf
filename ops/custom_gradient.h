#pragma once

#include <sluice/graph/tensor.h>
#include <sluice/graph/trace.h>

#include <functional>

namespace sluice {

/// The gradient of a function y = f(x), as its author knows it: given x, y and dy, the gradient of a scalar
/// with respect to y, returns that with respect to x. Made of ops. An undefined Tensor stands for zero.
using Backward = std::function<Tensor(const Tensor& x, const Tensor& y, const Tensor& dy)>;
/// The same for y = f(xs): one tensor per x, of its shape and dtype.
using BackwardOfSeveral = std::function<Tensors(const Tensors& xs, const Tensor& y, const Tensor& dy)>;
/// The same for ys = f(xs). The dy of an integer or boolean y is undefined.
using BackwardOfAll = std::function<Tensors(const Tensors& xs, const Tensors& ys, const Tensors& dys)>;

/// f(x), with the gradient that `backward` gives in place of that of the ops which f is made of:
///
///   // The identity, which reverses its gradient.
///   auto y = custom_gradient([](const Tensor& x) { return x; },
///                            [](const Tensor&, const Tensor&, const Tensor& dy) { return -dy; }, x);
///
/// As jax.custom_vjp, tf.custom_gradient and torch.autograd.Function. Both functions are called once, here,
/// to be recorded, also if nobody asks for the gradient; so the rules of a traced function apply: no values,
/// no assignments. A program contains the ops of f and of `backward` and nothing else, fused like any others.
/// Second derivatives are those of `backward`, in which y again has this gradient. Forward mode needs a
/// `backward` that is linear in dy, which clipping, say, is not.
///
/// Gradients flow to x only. What f uses besides is a constant to them: asking for a gradient with respect to
/// something that f has captured is an Error, which names it; pass it as one of the xs, or wrap it in
/// stop_gradient. `backward` may use any tensor: y does not depend on it, but second derivatives do.
///
/// Throws Error for an x or y that is missing or undefined, ShapeError if `backward` returns another number
/// of gradients than there are xs, or one of another shape or dtype than its x; an x that is not
/// floating-point has none. Errors of f and of `backward` say in which of them they arose.
Tensor custom_gradient(const std::function<Tensor(const Tensor&)>& f, const Backward& backward,
                       const Tensor& x, Location where = Location::current());
/// The same for several arguments:
///
///   auto y = custom_gradient([](const Tensors& x) { return matmul(x[0], x[1]); },
///                            [](const Tensors& x, const Tensor&, const Tensor& dy) {
///                              return Tensors{matmul(dy, x[1], {.transpose_b = true}), Tensor()};
///                            },
///                            {a, b});
Tensor custom_gradient(const std::function<Tensor(const Tensors&)>& f, const BackwardOfSeveral& backward,
                       const Tensors& xs, Location where = Location::current());
/// The same for several arguments and several results.
Tensors custom_gradient(const TensorFunction& f, const BackwardOfAll& backward, const Tensors& xs,
                        Location where = Location::current());

}  // namespace sluice
