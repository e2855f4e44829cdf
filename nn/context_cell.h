#pragma once

#include <sluice/nn/cell.h>

namespace sluice::nn {

/// A cell whose step needs its context: random numbers of its own for each step, the mode, the number of the
/// step, or tensors from outside, to attend to. It overrides step_in in place of step:
///
///     struct Zoneout : nn::ContextCell {  // Krueger et al., 2017: units keep their value at random
///       nn::LSTMCell inner;
///       double rate;
///       ...
///       nn::State step_in(const Tensor& x, const nn::State& s, const nn::StepContext& c) const override {
///         nn::State next = inner(x, s);
///         for (std::size_t i = 0; i < next.parts.size(); ++i) {
///           const Tensor& part = next.parts[i];
///           const Tensor kept = c.mode == nn::Mode::train
///                                   ? cast(random::bernoulli(random::fold_in(c.key, static_cast<int>(i)),
///                                                            rate, part.shape()), part.dtype())
///                                   : full({}, rate, part.dtype());
///           next.parts[i] = kept * s.parts[i] + (1 - kept) * part;
///         }
///         return next;
///       }
///     };
///
/// Layers pass it what RecurrentCall holds. A cell that calls another passes its context on:
/// inner(x, s, context), which plain cells ignore.
class ContextCell : public Cell {
 public:
  /// The state after one step: as Cell::step, in a context.
  virtual State step_in(const Tensor& x, const State& s, const StepContext& context) const = 0;

  /// step_in without a context: Mode::evaluate, no key, no number, no extra tensors.
  State step(const Tensor& x, const State& s) const final;

 protected:
  /// As Cell's.
  ContextCell(Index inputs, std::vector<Index> state_sizes, Location where = Location::current());
};

}  // namespace sluice::nn
