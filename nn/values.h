#pragma once

#include <sluice/nn/replacement.h>

#include <concepts>

namespace sluice::nn {

/// Gives the Variables of `to` the values that those of the same names have in `from`: a target network, the
/// best weights so far. All change at one moment; inside a traced function the assignments are recorded.
/// Throws ShapeError, which lists all of them, for Variables that one of the two does not have and for other
/// shapes or dtypes; then nothing changes.
void copy(const Module& from, const Module& to, Location where = Location::current());

/// to = to + amount * (from - to), for each floating-point Variable; others get the value of `from`. For
/// averages of weights (amount 1 - decay) and Polyak targets. `amount` is a number or a floating-point
/// scalar. Otherwise as copy; throws ShapeError if the amount is no scalar, too.
void lerp(const Module& from, const Module& to, const Operand& amount);

/// A model of the same type with Variables of its own, of equal values and as frozen as those of the model.
/// Tied Variables are tied in the clone. What members() lists is cloned, also what it passes as a
/// std::shared_ptr or Part; what it does not list is copied as C++ copies it. Members must not be const.
/// Throws Error for members held by reference or raw pointer, which a copy shares, for a part whose type is
/// not known (see Part), and inside a traced function.
template <std::copy_constructible M>
requires std::derived_from<M, Module> M clone(const M& model, Location where = Location::current()) {
  const sluice::detail::Call call("clone", where);
  detail::Replacement replacement("clone", model, nullptr);
  M copy = model;  // shares the Variables until they are replaced
  replacement.apply(copy);
  return copy;
}

/// A clone whose floating-point Variables are of `dtype`: float64 to check gradients. Throws as clone does,
/// and Error for a dtype that is not floating-point.
template <std::copy_constructible M>
requires std::derived_from<M, Module> M to(const M& model, DType dtype,
                                           Location where = Location::current()) {
  const sluice::detail::Call call("to", where);
  detail::Replacement replacement("to", model, &dtype);
  M copy = model;
  replacement.apply(copy);
  return copy;
}

}  // namespace sluice::nn
