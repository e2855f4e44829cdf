#include <sluice/graph/arithmetic.h>
#include <sluice/ops/cast.h>
#include <sluice/ops/clamp.h>
#include <sluice/ops/minimum.h>
#include <sluice/ops/norm.h>
#include <sluice/ops/stack.h>
#include <sluice/optim/clip.h>

#include <fmt/format.h>

namespace sluice::optim {

namespace {

void require_positive(std::string_view who, std::string_view name, double value, Location where) {
  if (value > 0) return;
  throw Error(
      fmt::format("[{}] {} must be positive: got {}; leave the call out for no limit", who, name, value),
      where);
}

}  // namespace

Tensor global_norm(const Tensors& gradients, Location where) {
  const sluice::detail::Call call("global_norm", where);
  if (gradients.empty()) throw Error("[global_norm] a norm needs gradients: got none; pass at least one");
  Tensors norms;
  for (const Tensor& gradient : gradients) norms.push_back(norm(gradient));
  return norms.size() == 1 ? norms[0] : norm(stack(norms));
}

Tensors clip_by_global_norm(const Tensors& gradients, double max_norm, Location where) {
  const sluice::detail::Call call("clip_by_global_norm", where);
  return clip_by_global_norm(gradients, global_norm(gradients), max_norm);
}

Tensors clip_by_global_norm(const Tensors& gradients, const Tensor& norm, double max_norm, Location where) {
  const sluice::detail::Call call("clip_by_global_norm", where);
  require_positive("clip_by_global_norm", "max_norm", max_norm, where);
  const Tensor scale = minimum(max_norm / (norm + 1e-6), 1);
  Tensors clipped;
  for (const Tensor& gradient : gradients) clipped.push_back(gradient * cast(scale, gradient.dtype()));
  return clipped;
}

Tensors clip_by_value(const Tensors& gradients, double limit, Location where) {
  const sluice::detail::Call call("clip_by_value", where);
  require_positive("clip_by_value", "limit", limit, where);
  Tensors clipped;
  for (const Tensor& gradient : gradients) clipped.push_back(clamp(gradient, -limit, limit));
  return clipped;
}

}  // namespace sluice::optim
