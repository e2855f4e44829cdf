#include <sluice/nn/dropout.h>
#include <sluice/ops/random.h>
#include <sluice/nn/wrapping.inl>

namespace sluice::nn {

Dropout::Dropout(double rate, Location where) : rate_(rate) {
  detail::require_drop_rate("dropout", rate, where);
}

Tensor Dropout::operator()(const Tensor& x, Mode mode, const Tensor& key, Location where) const {
  const sluice::detail::Call call("dropout", where);
  if (mode == Mode::evaluate || rate_ == 0) return x;
  const Tensor& drawn_by = detail::key_in_training("dropout", key, rate_);
  return detail::drop(x, random::bernoulli(drawn_by, 1 - rate_, x.shape()), rate_);
}

}  // namespace sluice::nn
