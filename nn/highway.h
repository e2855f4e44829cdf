#pragma once

#include <sluice/nn/init.h>
#include <sluice/nn/linear.h>
#include <sluice/nn/sequence_layer.h>

#include <concepts>
#include <memory>
#include <utility>
#include <vector>

namespace sluice::nn {

struct HighwayOptions {
  /// The bias of the gate, at first: below zero, so that x passes until there is something to add.
  double gate_bias = -1;
  /// Initialiser of W; by default that of Linear.
  init::Initializer init = {};
  DType dtype = DType::float32;
};

/// Layers with a gated path around them:
///
///   y_t = g_t f(x)_t + (1 - g_t) x_t,   g_t = sigmoid(x_t W + b)
///
/// The output of f has the size of x, and so has g. States and step are those of f. With lengths, outputs in
/// the padding are zero. Srivastava et al., "Training very deep networks", 2015.
///
///     nn::Highway layer(nn::GRU(1, 256, 256, key), 256, key2);
class Highway : public SequenceLayer {
 public:
  /// Around layers from `size` to `size` channels; `key` draws W. Throws Error for a size below 1.
  template <std::derived_from<SequenceLayer> L>
  Highway(L layer, Index size, const Tensor& key, const HighwayOptions& options = {},
          Location where = Location::current())
      : Highway(Part<SequenceLayer>(std::make_shared<const L>(std::move(layer))), size, key, options, where) {
  }
  /// Around layers whose type is chosen at run time. Throws Error for a null pointer too.
  Highway(Part<SequenceLayer> layer, Index size, const Tensor& key, const HighwayOptions& options = {},
          Location where = Location::current());

  /// Throws as f does, and ShapeError if its output has another shape than x.
  Sequence operator()(const Tensor& x, const RecurrentCall& call = {},
                      Location where = Location::current()) const override;
  Sequence step(const Tensor& x, const States& state, const StepContext& context = {},
                Location where = Location::current()) const override;
  States initial(Index batch, DType dtype = DType::float32,
                 Location where = Location::current()) const override;
  bool takes_extra() const override { return layer_ != nullptr && layer_->takes_extra(); }
  std::vector<RecurrentWeight> recurrent_weights() const override {
    return layer_ != nullptr ? layer_->recurrent_weights() : std::vector<RecurrentWeight>();
  }

  /// Names f "layer", and the Linear of g "gate".
  void members(const Members& m) const override;

  const SequenceLayer& layer(Location where = Location::current()) const;
  Linear gate;

 private:
  Tensor merged(const Tensor& x, const Tensor& output) const;

  Part<SequenceLayer> layer_;
};

}  // namespace sluice::nn
