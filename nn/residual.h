#pragma once

#include <sluice/nn/sequence_layer.h>

#include <concepts>
#include <memory>
#include <utility>
#include <vector>

namespace sluice::nn {

/// Layers with a path around them: y_t = x_t + f(x)_t, so that deep stacks begin as the identity plus
/// something small. The output of f has the size of x. States and step are those of f. With lengths, outputs
/// in the padding are zero. He et al., "Deep residual learning for image recognition", 2016.
///
///     nn::Stack deep(nn::Residual(nn::LSTM(1, 256, 256, key)), nn::Residual(nn::LSTM(1, 256, 256, key2)));
class Residual : public SequenceLayer {
 public:
  template <std::derived_from<SequenceLayer> L>
  requires(!std::same_as<L, Residual>) explicit Residual(L layer, Location where = Location::current())
      : Residual(Part<SequenceLayer>(std::make_shared<const L>(std::move(layer))), where) {}
  /// Around layers whose type is chosen at run time. Throws Error for a null pointer.
  explicit Residual(Part<SequenceLayer> layer, Location where = Location::current());

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

  /// Names f "layer".
  void members(const Members& m) const override;

  const SequenceLayer& layer(Location where = Location::current()) const;

 private:
  Part<SequenceLayer> layer_;
};

}  // namespace sluice::nn
