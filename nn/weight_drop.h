#pragma once

#include <sluice/nn/sequence_layer.h>

#include <concepts>
#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace sluice::nn {

/// Layers around any others, whose recurrent weights are dropped at random in training, one mask for a whole
/// call: each step of each sequence sees the same weights.
///
///   W' = W * mask / (1 - rate) for the rows of W that the state is multiplied with,
///   mask ~ Bernoulli(1 - rate)                                                           Mode::train
///
/// In Mode::evaluate the layers are as they are. Merity, Keskar and Socher, "Regularizing and optimizing LSTM
/// language models", 2018; DropConnect by Wan et al., "Regularization of neural networks using DropConnect",
/// 2013.
///
///     const nn::WeightDrop rnn(nn::LSTM(2, 64, 128, key), 0.5);
///     auto y = rnn(x, {.mode = nn::Mode::train, .key = random::fold_in(key, step)});
///
/// Which weights are dropped the layers say, by recurrent_weights(): each cell of RecurrentLayers its own.
/// The optimiser still sees the Variables, with gradients of what was not dropped.
class WeightDrop : public SequenceLayer {
 public:
  /// Tells of a Variable of the layers, by its name there ("0.forget.weight"), the first row to be dropped;
  /// nothing of one that is left alone.
  using Choice = std::function<std::optional<Index>(const NamedVariable&)>;

  /// Around these layers; with a choice, that is asked in place of the layers. Throws Error for a null
  /// pointer, a rate outside of [0, 1), nothing to drop, or a row that a chosen Variable does not have.
  WeightDrop(Part<SequenceLayer> layer, double rate, Choice choice = {},
             Location where = Location::current());
  template <std::derived_from<SequenceLayer> L>
  WeightDrop(const L& layer, double rate, Choice choice = {}, Location where = Location::current())
      : WeightDrop(Part<SequenceLayer>(std::make_shared<const L>(layer)), rate, std::move(choice), where) {}

  /// The layers, in training with masked weights. The same key draws the same masks; what the layers draw
  /// themselves does not depend on them. Throws as the layers do, and Error in Mode::train without a key.
  Sequence operator()(const Tensor& x, const RecurrentCall& call = {},
                      Location where = Location::current()) const override;

  /// One step of the layers. In training with the key of a whole sequence, its masks.
  Sequence step(const Tensor& x, const States& state, const StepContext& context = {},
                Location where = Location::current()) const override;

  States initial(Index batch, DType dtype = DType::float32,
                 Location where = Location::current()) const override;  ///< the layers'
  bool takes_extra() const override;                                    ///< as the layers
  std::vector<RecurrentWeight> recurrent_weights() const override;      ///< those that are dropped
  /// Names the layers "layer".
  void members(const Members& m) const override;

  const SequenceLayer& layer(Location where = Location::current()) const;
  double rate() const { return rate_; }

 private:
  Sequence with_masks(Mode mode, const Tensor& key, const std::function<Sequence()>& run) const;

  Part<SequenceLayer> layer_;
  double rate_;
  Choice choice_;
};

}  // namespace sluice::nn
