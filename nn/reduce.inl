#pragma once

#include <sluice/graph/arithmetic.h>
#include <sluice/nn/loss.h>
#include <sluice/ops/cast.h>
#include <sluice/ops/maximum.h>
#include <sluice/ops/mean.h>
#include <sluice/ops/sum.h>

/// How losses of examples become one number.
namespace sluice::nn::detail {

inline Tensor reduce(const Tensor& losses, Reduction reduction) {
  switch (reduction) {
    case Reduction::sum:
      return sum(losses);
    case Reduction::mean:
      return mean(losses);
    case Reduction::none:
      break;
  }
  return losses;
}

/// The reduction of losses of which only those marked in `counted` count; the others are 0.
inline Tensor reduce_counted(const Tensor& losses, const Tensor& counted, Reduction reduction) {
  if (reduction != Reduction::mean) return reduce(losses, reduction);
  return sum(losses) / maximum(sum(cast(counted, losses.dtype())), 1);
}

}  // namespace sluice::nn::detail
