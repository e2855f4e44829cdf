#include <sluice/nn/layer_norm.h>
#include <sluice/ops/layer_norm.h>
#include <sluice/nn/norm.inl>

#include <fmt/format.h>

#include <cmath>

namespace sluice::nn {

LayerNorm::LayerNorm(Index size, const LayerNormOptions& options, Location where)
    : epsilon_(options.epsilon), affine_(options.affine) {
  const sluice::detail::Call call("layer_norm", where);
  if (size < 1 || !(options.epsilon > 0) || std::isinf(options.epsilon)) {
    throw Error(fmt::format(
        "[layer_norm] size is at least 1 and epsilon positive: got size {} and epsilon {}; pass the "
        "length of the last axis and a small number such as 1e-5",
        size, options.epsilon));
  }
  vector_ = {options.dtype, Shape({size}, where)};
  if (options.affine) {
    scale = Variable(ones(vector_.shape, vector_.dtype));
    shift = Variable(zeros(vector_.shape, vector_.dtype));
  }
}

Tensor LayerNorm::operator()(const Tensor& x, Location where) const {
  const sluice::detail::Call call("layer_norm", where);
  if (affine_) detail::require_made("layer_norm", scale);
  detail::require_normed("layer_norm", x, scale, vector_);
  if (!affine_) return sluice::layer_norm(x, epsilon_);
  return sluice::layer_norm(x, scale, shift, epsilon_);
}

void LayerNorm::members(const Members& m) const {
  if (!affine_) return;
  m("scale", scale);
  m("shift", shift);
}

}  // namespace sluice::nn
