#pragma once

#include <sluice/graph/variable.h>

#include <fmt/format.h>

#include <string_view>

namespace sluice::nn::detail {

/// Throws ShapeError unless the last axis of x has the length of this vector, and x the dtype of the scale.
/// A norm without a scale, which nn::to cannot change, takes any floating dtype.
inline void require_normed(std::string_view who, const Tensor& x, const Variable& scale, const Spec& vector) {
  DType dtype = vector.dtype;
  if (scale.defined()) {
    dtype = scale.dtype();
  } else if (x.defined() && is_floating(x.dtype())) {
    dtype = x.dtype();
  }
  if (x.defined() && x.rank() >= 1 && x.shape().back() == vector.shape.back() && x.dtype() == dtype) return;
  throw ShapeError(fmt::format(
      "[{}] takes x {}[..., {}]: got {}; make the layer with the length and dtype of the last axis", who,
      name_of(dtype), vector.shape.back(), x.defined() ? x.spec().text() : "an undefined tensor"));
}

}  // namespace sluice::nn::detail
