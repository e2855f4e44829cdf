#include <sluice/graph/arithmetic.h>
#include <sluice/graph/call.h>
#include <sluice/nn/ctc.h>
#include <sluice/ops/cast.h>
#include <sluice/ops/maximum.h>
#include <sluice/nn/reduce.inl>

namespace sluice::nn {

Tensor ctc_loss(const Operand& logits, const Operand& targets, const Operand& input_lengths,
                const Operand& target_lengths, const CtcOptions& options) {
  const sluice::detail::Call call("ctc_loss", logits.where());
  const Tensor losses = sluice::ctc_loss(logits, targets, input_lengths, target_lengths,
                                         {.blank = options.blank, .infeasible = options.infeasible});
  if (options.reduction != Reduction::mean) return detail::reduce(losses, {}, options.reduction);
  const Tensor labels = maximum(target_lengths.tensor(DType::int32), 1);
  return detail::reduce(losses / cast(labels, losses.dtype()), {}, Reduction::mean);
}

}  // namespace sluice::nn
