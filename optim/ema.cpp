#include <sluice/graph/arithmetic.h>
#include <sluice/ops/compare.h>
#include <sluice/ops/pow.h>
#include <sluice/ops/where.h>
#include <sluice/optim/ema.h>
#include <sluice/optim/optimizer.h>

namespace sluice::optim {

EMA::EMA(const NamedVariables& parameters, const EMAOptions& options, Location where)
    : WeightAverage("ema", parameters, where), options_(options) {
  detail::require_fraction("ema", "decay", options.decay, where);
}

Tensor EMA::weight(const Tensor& n) const {
  const double newest = 1 - options_.decay;
  if (options_.correct_bias) return newest / (1 - pow(full({}, options_.decay, DType::float64), n));
  return where(equal(n, 1), 1, full({}, newest, DType::float64));
}

}  // namespace sluice::optim
