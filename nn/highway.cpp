#include <sluice/graph/arithmetic.h>
#include <sluice/nn/highway.h>
#include <sluice/nn/init.h>
#include <sluice/ops/sigmoid.h>
#include <sluice/nn/run_around.inl>
#include <sluice/nn/wrapping.inl>

namespace sluice::nn {

namespace {

Linear highway_gate(Index size, const Tensor& key, const HighwayOptions& options, Location where) {
  const sluice::detail::Call call("highway", where);
  LinearOptions linear;
  linear.bias_init = init::constant(options.gate_bias);
  linear.init = options.init;
  linear.dtype = options.dtype;
  return Linear(size, size, key, linear, Location{});
}

}  // namespace

Highway::Highway(Part<SequenceLayer> layer, Index size, const Tensor& key, const HighwayOptions& options,
                 Location where)
    : gate(highway_gate(size, key, options, where)),
      layer_(detail::wrapped("highway", std::move(layer), where)) {}

Sequence Highway::operator()(const Tensor& x, const RecurrentCall& call, Location where) const {
  const sluice::detail::Call under_way("highway", where);
  Sequence run = detail::held("highway", layer_)(x, call, Location{});
  detail::require_same_shape("highway", x, run);
  // The output of the layers is zero in the padding, and so is this x.
  static_cast<Tensor&>(run) =
      merged(detail::only_present(x, detail::present("highway", call.lengths, x)), run);
  return run;
}

Sequence Highway::step(const Tensor& x, const States& state, const StepContext& context,
                       Location where) const {
  const sluice::detail::Call under_way("highway", where);
  Sequence run = detail::held("highway", layer_).step(x, state, context, Location{});
  detail::require_same_shape("highway", x, run);
  static_cast<Tensor&>(run) = merged(x, run);
  return run;
}

States Highway::initial(Index batch, DType dtype, Location where) const {
  const sluice::detail::Call call("highway", where);
  return detail::held("highway", layer_).initial(batch, dtype, Location{});
}

const SequenceLayer& Highway::layer(Location where) const { return detail::held("highway", layer_, where); }

void Highway::members(const Members& m) const {
  m("layer", layer_);
  m("gate", gate);
}

Tensor Highway::merged(const Tensor& x, const Tensor& output) const {
  const Tensor g = sigmoid(gate(x, Location{}));
  return g * output + (1 - g) * x;
}

}  // namespace sluice::nn
