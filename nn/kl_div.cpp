#include <sluice/graph/arithmetic.h>
#include <sluice/nn/kl_div.h>
#include <sluice/ops/compare.h>
#include <sluice/ops/exp.h>
#include <sluice/ops/expand_dims.h>
#include <sluice/ops/log.h>
#include <sluice/ops/multiply_no_nan.h>
#include <sluice/ops/sum.h>
#include <sluice/ops/where.h>
#include <sluice/nn/reduce.inl>

namespace sluice::nn {

Tensor kl_div(const Operand& log_q, const Operand& p, const KlDivOptions& options) {
  const sluice::detail::Call call("kl_div", log_q.where());
  const auto [found, given] = detail::same_shapes("kl_div", log_q, p);
  if (found.rank() == 0) {
    throw ShapeError(
        "[kl_div] a distribution is on the last axis, [..., classes]: got scalars; give it an axis with "
        "expand_dims");
  }
  const Shape examples = found.shape().erased(found.rank() - 1);
  const Tensor mask = detail::mask_of("kl_div", options.mask, examples);
  const Tensor target = mask.defined() ? detail::only_counted(given, expand_dims(mask, -1)) : given;
  const Tensor probability = options.log_target ? exp(target) : target;
  // Of p = 0 the logarithm has no finite slope, and its term no part in the loss.
  const Tensor log_p =
      options.log_target ? target : log(sluice::where(equal(target, 0), ones_like(target), target));
  return detail::reduce(sum(multiply_no_nan(log_p - found, probability), {-1}), mask, options.reduction);
}

}  // namespace sluice::nn
