#include <sluice/graph/arithmetic.h>
#include <sluice/nn/dropout.h>
#include <sluice/ops/cast.h>
#include <sluice/ops/multiply_no_nan.h>
#include <sluice/ops/random.h>

#include <fmt/format.h>

namespace sluice::nn {

Dropout::Dropout(double rate, Location where) : rate_(rate) {
  if (!(rate >= 0 && rate < 1)) {
    throw Error(
        fmt::format("[dropout] a rate is in [0, 1): got {}; 0 drops nothing, 0.5 every other value", rate),
        where);
  }
}

Tensor Dropout::operator()(const Tensor& x, Mode mode, const Tensor& key, Location where) const {
  const sluice::detail::Call call("dropout", where);
  if (mode == Mode::evaluate || rate_ == 0) return x;
  if (!key.defined()) {
    throw Error(fmt::format(
        "[dropout] training at rate {} takes a random key: got none; pass one, new for every step "
        "(random::fold_in(key, step))",
        rate_));
  }
  const Tensor kept = random::bernoulli(key, 1 - rate_, x.shape());
  return multiply_no_nan(x, cast(kept, x.dtype()) * (1 / (1 - rate_)));  // a dropped infinity is 0
}

}  // namespace sluice::nn
