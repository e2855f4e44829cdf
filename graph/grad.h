#pragma once

#include <sluice/graph/trace.h>

namespace sluice {

/// Reverse mode. The gradients of y, which must have exactly one element, with respect to tensors or
/// Variables that it was computed from: d_i = dy / d wrt_i, of the shape of wrt_i. They are ordinary tensors:
/// print them, compile them, differentiate them again. For a Variable that has been assigned since y was
/// made, the gradient is with respect to the newest value that y was made from. The gradient is zero if y
/// does not depend on the tensor, or depends on it only through an assignment or an integer, such as argmax.
/// Throws Error if an operation in between has no gradient and for a tensor from the body of a scan,
/// ShapeError if y does not have one element or a wrt is not floating-point.
Tensors grad(const Tensor& y, const Tensors& wrt, Location where = Location::current());
Tensor grad(const Tensor& y, const Tensor& wrt, Location where = Location::current());

/// The vector-Jacobian product, on which grad is built: sum_j sum(dys_j * d ys_j / d wrt_i) for any ys.
/// `dys` have the shapes of `ys`; an undefined one counts as zero. An entry of the result is undefined
/// rather than zero if no y depends on the tensor. Throws ShapeError for a wrong number or specs of `dys`.
///
/// Elements not selected by where, maximum, minimum, clamp, relu, max, min or multiply_no_nan have the
/// gradient zero, and it stays zero further down, even if it meets an infinite or NaN slope (see
/// Op::chooses).
Tensors vjp(const Tensors& ys, const Tensors& dys, const Tensors& wrt, Location where = Location::current());

namespace detail {

/// vjp. With `chosen`, zeros in `dys` may be of elements that a later step of a loop did not choose.
Tensors vjp(const Tensors& ys, const Tensors& dys, const Tensors& wrt, bool chosen, Location where);

}  // namespace detail

/// A scalar function's value and its gradients with respect to all arguments. The arguments count as
/// independent of each other, even if one was computed from another or is given twice.
struct ValueAndGrad {
  Tensor value;
  Tensors gradients;
};
ValueAndGrad value_and_grad(const std::function<Tensor(const Tensors&)>& function, const Tensors& arguments,
                            Location where = Location::current());

/// Forward mode: a function's values and the product of its Jacobian with `tangents`, the directional
/// derivative along them. It is the gradient of the vjp with respect to its seed, so no op needs a second
/// rule. The arguments count as independent, as for value_and_grad.
struct ValuesAndTangents {
  Tensors values;
  Tensors tangents;
};
ValuesAndTangents jvp(const TensorFunction& function, const Tensors& arguments, const Tensors& tangents,
                      Location where = Location::current());

}  // namespace sluice
