#pragma once

#include <sluice/nn/recurrent.h>

namespace sluice::nn {

/// The states of recurrent layers, kept from one window of a long sequence to the next (truncated
/// backpropagation through time). They are Variables, so a checkpoint of all Variables holds them too:
///
///     nn::CarriedState carried(rnn, batch);
///     auto step = compile([&](const Tensor& x, const Tensor& y) {
///       auto run = rnn(x, carried.read());
///       carried.assign(run.state);
///       ...
///     });
///     carried.reset();                             // before the next pass over the text
class CarriedState : public Module {
 public:
  /// The initial states of `layers` for a batch.
  CarriedState(const RecurrentLayers& layers, Index batch, DType dtype = DType::float32,
               Location where = Location::current());

  /// The states as they are now, one per layer. Gradients stop here: a window learns nothing from the one
  /// before.
  States read(Location where = Location::current()) const;

  /// Remembers these, such as a Sequence's state; recorded where a function is being traced. Throws
  /// ShapeError when they are not of the shapes of the first.
  void assign(const States& states, Location where = Location::current()) const;

  /// Back to the initial states of the layers.
  void reset(Location where = Location::current()) const;

  /// Names them layer.part: "0.0" is the output of layer 0.
  void members(const Members& m) const override;

 private:
  RecurrentLayers layers_;
  Index batch_;
  DType dtype_;
  std::vector<std::vector<Variable>> parts_;
};

}  // namespace sluice::nn
