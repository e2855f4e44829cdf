#include <sluice/graph/arithmetic.h>
#include <sluice/nn/residual.h>
#include <sluice/nn/run_around.inl>
#include <sluice/nn/wrapping.inl>

namespace sluice::nn {

Residual::Residual(Part<SequenceLayer> layer, Location where)
    : layer_(detail::wrapped("residual", std::move(layer), where)) {}

Sequence Residual::operator()(const Tensor& x, const RecurrentCall& call, Location where) const {
  const sluice::detail::Call under_way("residual", where);
  Sequence run = detail::held("residual", layer_)(x, call, Location{});
  detail::require_same_shape("residual", x, run);
  static_cast<Tensor&>(run) = run + detail::only_present(x, detail::present("residual", call.lengths, x));
  return run;
}

Sequence Residual::step(const Tensor& x, const States& state, const StepContext& context,
                        Location where) const {
  const sluice::detail::Call under_way("residual", where);
  Sequence run = detail::held("residual", layer_).step(x, state, context, Location{});
  detail::require_same_shape("residual", x, run);
  static_cast<Tensor&>(run) = run + x;
  return run;
}

States Residual::initial(Index batch, DType dtype, Location where) const {
  const sluice::detail::Call call("residual", where);
  return detail::held("residual", layer_).initial(batch, dtype, Location{});
}

const SequenceLayer& Residual::layer(Location where) const { return detail::held("residual", layer_, where); }

void Residual::members(const Members& m) const { m("layer", layer_); }

}  // namespace sluice::nn
