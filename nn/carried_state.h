#pragma once

#include <sluice/nn/sequence_layer.h>

#include <concepts>
#include <memory>
#include <vector>

namespace sluice::nn {

/// The states of layers over sequences, carried from one window of a long sequence to the next (truncated
/// backpropagation through time). They are Variables, so a checkpoint of all Variables contains them:
///
///     nn::CarriedState carried(rnn, batch);
///     auto step = compile([&](const Tensor& x, const Tensor& y) {
///       auto run = rnn(x, {.initial = carried.read()});
///       carried.assign(run.state);
///       ...
///     });
///     carried.reset();                             // before the next pass over the text
class CarriedState : public Module {
 public:
  /// The initial states of `layers` for a batch. Throws Error for a batch below 1 and a null pointer.
  template <std::derived_from<SequenceLayer> L>
  CarriedState(const L& layers, Index batch, DType dtype = DType::float32,
               Location where = Location::current())
      : CarriedState(Part<SequenceLayer>(std::make_shared<const L>(layers)), batch, dtype, where) {}
  CarriedState(Part<SequenceLayer> layers, Index batch, DType dtype = DType::float32,
               Location where = Location::current());

  /// The current states, as many as the layers' initial() gives. Gradients stop here: they do not flow into the previous window.
  States read(Location where = Location::current()) const;

  /// Stores these states, such as a Sequence's; recorded if a function is being traced. Throws ShapeError if
  /// their shapes are not those of the initial states.
  void assign(const States& states, Location where = Location::current()) const;

  /// Resets to the initial states of the layers.
  void reset(Location where = Location::current()) const;

  /// Names them state.part: "0.0" is the first part of state 0.
  void members(const Members& m) const override;

 private:
  void require_made() const;  // throws Error if it has been moved from

  Part<SequenceLayer> layers_;
  Index batch_;
  std::vector<std::vector<Variable>> parts_;
};

}  // namespace sluice::nn
