#include <sluice/graph/arithmetic.h>
#include <sluice/nn/residual.h>
#include <sluice/nn/run_around.inl>

namespace sluice::nn {

Residual::Residual(Part<SequenceLayer> layer, Location where) : layer_(std::move(layer)) {
  detail::require_layer("residual", layer_, where);
}

Sequence Residual::operator()(const Tensor& x, const RecurrentCall& call, Location where) const {
  const sluice::detail::Call under_way("residual", where);
  detail::require_layer("residual", layer_, Location{});
  Sequence run = (*layer_)(x, call, Location{});
  detail::require_same_shape("residual", x, run);
  static_cast<Tensor&>(run) = run + detail::only_present(x, detail::present(call.lengths, x));
  return run;
}

Sequence Residual::step(const Tensor& x, const States& state, const StepContext& context,
                        Location where) const {
  const sluice::detail::Call under_way("residual", where);
  detail::require_layer("residual", layer_, Location{});
  Sequence run = layer_->step(x, state, context, Location{});
  detail::require_same_shape("residual", x, run);
  static_cast<Tensor&>(run) = run + x;
  return run;
}

States Residual::initial(Index batch, DType dtype, Location where) const {
  const sluice::detail::Call call("residual", where);
  detail::require_layer("residual", layer_, Location{});
  return layer_->initial(batch, dtype, Location{});
}

void Residual::members(const Members& m) const { m("layer", layer_); }

}  // namespace sluice::nn
