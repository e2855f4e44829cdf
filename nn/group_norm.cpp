#include <sluice/nn/group_norm.h>
#include <sluice/ops/group_norm.h>
#include <sluice/nn/norm.inl>

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
  detail::require_normed("group_norm", x, scale, vector_);
  if (!affine_) return sluice::group_norm(x, groups_, epsilon_);
  return sluice::group_norm(x, groups_, scale, shift, epsilon_);
}

void GroupNorm::members(const Members& m) const {
  if (!affine_) return;
  m("scale", scale);
  m("shift", shift);
}

}  // namespace sluice::nn
