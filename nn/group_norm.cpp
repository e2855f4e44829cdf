#include <sluice/nn/group_norm.h>
#include <sluice/ops/group_norm.h>

#include <fmt/format.h>

#include <cmath>

namespace sluice::nn {

GroupNorm::GroupNorm(Index groups, Index channels, const GroupNormOptions& options, Location where)
    : groups_(groups), epsilon_(options.epsilon), affine_(options.affine) {
  const sluice::detail::Call call("group_norm", where);
  if (groups < 1 || channels < 1 || channels % groups != 0 || !(options.epsilon > 0) ||
      std::isinf(options.epsilon)) {
    throw Error(fmt::format(
        "[group_norm] there is one group at least, channels are a multiple of the groups, and epsilon is "
        "positive: got {} groups of {} channels and epsilon {}; pass a divisor and a small number such as "
        "1e-5",
        groups, channels, options.epsilon));
  }
  vector_ = {options.dtype, Shape({channels}, where)};
  if (options.affine) {
    scale = Variable(ones(vector_.shape, vector_.dtype));
    shift = Variable(zeros(vector_.shape, vector_.dtype));
  }
}

Tensor GroupNorm::operator()(const Tensor& x, Location where) const {
  const sluice::detail::Call call("group_norm", where);
  if (affine_) detail::require_made("group_norm", scale);
  DType dtype = vector_.dtype;  // as it was made: nn::to changes that of the Variables
  if (affine_) {
    dtype = scale.dtype();
  } else if (x.defined() && is_floating(x.dtype())) {
    dtype = x.dtype();
  }
  if (!x.defined() || x.rank() < 1 || x.shape().back() != vector_.shape.back() || x.dtype() != dtype) {
    throw ShapeError(fmt::format(
        "[group_norm] takes x {}[..., {}]: got {}; make the layer with the channels and dtype of the last "
        "axis",
        name_of(dtype), vector_.shape.back(), x.defined() ? x.spec().text() : "an undefined tensor"));
  }
  if (!affine_) return sluice::group_norm(x, groups_, epsilon_);
  return sluice::group_norm(x, groups_, scale, shift, epsilon_);
}

void GroupNorm::members(const Members& m) const {
  if (!affine_) return;
  m("scale", scale);
  m("shift", shift);
}

}  // namespace sluice::nn
