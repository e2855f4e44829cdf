#include <sluice/nn/rms_norm.h>
#include <sluice/ops/rms_norm.h>
#include <sluice/nn/norm.inl>

#include <fmt/format.h>

#include <cmath>

namespace sluice::nn {

RMSNorm::RMSNorm(Index size, const RMSNormOptions& options, Location where)
    : epsilon_(options.epsilon), affine_(options.affine) {
  const sluice::detail::Call call("rms_norm", where);
  if (size < 1 || !(options.epsilon > 0) || std::isinf(options.epsilon)) {
    throw Error(fmt::format(
        "[rms_norm] size is at least 1 and epsilon positive: got size {} and epsilon {}; pass the "
        "length of the last axis and a small number such as 1e-5",
        size, options.epsilon));
  }
  vector_ = {options.dtype, Shape({size}, where)};
  if (options.affine) scale = Variable(ones(vector_.shape, vector_.dtype));
}

Tensor RMSNorm::operator()(const Tensor& x, Location where) const {
  const sluice::detail::Call call("rms_norm", where);
  if (affine_) detail::require_made("rms_norm", scale);
  detail::require_normed("rms_norm", x, scale, vector_);
  return affine_ ? sluice::rms_norm(x, scale, epsilon_) : sluice::rms_norm(x, epsilon_);
}

void RMSNorm::members(const Members& m) const {
  if (affine_) m("scale", scale);
}

}  // namespace sluice::nn
