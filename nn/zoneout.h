#pragma once

#include <sluice/nn/recurrent.h>

#include <concepts>
#include <memory>
#include <utility>
#include <vector>

namespace sluice::nn {

/// A cell around any other, of which units keep their values at random in training, in place of taking new
/// ones: noise that, unlike dropout, forgets nothing. For each part s of the state and its rate p,
///
///   s' = keep * s + (1 - keep) * new,   keep ~ Bernoulli(p), drawn anew in each step    Mode::train
///   s' = p * s + (1 - p) * new                                                          Mode::evaluate
///
/// where `new` is what the cell makes of x and s. Krueger et al., "Zoneout: regularizing RNNs by randomly
/// preserving hidden activations", 2017; they use 0.05 for h and 0.5 for c of an LSTM on characters.
///
///     nn::Recurrent<nn::Zoneout> rnn({nn::Zoneout(nn::LSTMCell(64, 128, key), {0.05, 0.5})});
///     auto y = rnn(x, {.mode = nn::Mode::train, .key = random::fold_in(key, step)});
///
/// The state is that of the cell; a cell that takes a context gets one, with a key of its own. Parts that are in
/// units of one another, such as c, n and m of an SLSTM, cannot be mixed with older ones: give them rate 0.
class Zoneout : public ContextCell {
 public:
  /// Around a cell, with one rate for all parts of its state, or one for each. Throws Error for a null
  /// pointer, rates outside of [0, 1], or another number of rates than parts.
  Zoneout(const Part<Cell>& inner, double rate, Location where = Location::current());
  Zoneout(Part<Cell> inner, std::vector<double> rates, Location where = Location::current());
  template <std::derived_from<Cell> C>
  Zoneout(const C& inner, double rate, Location where = Location::current())
      : Zoneout(Part<Cell>(std::make_shared<const C>(inner)), rate, where) {}
  template <std::derived_from<Cell> C>
  Zoneout(const C& inner, std::vector<double> rates, Location where = Location::current())
      : Zoneout(Part<Cell>(std::make_shared<const C>(inner)), std::move(rates), where) {}

  /// One step. Throws Error in training without a key, unless all rates are 0.
  State step_in(const Tensor& x, const State& s, const StepContext& context) const override;

  State start(Index batch, DType dtype) const override;             ///< the cell's
  std::vector<RecurrentWeight> recurrent_weights() const override;  ///< the cell's
  void members(const Members& m) const override;

  const Cell& inner(Location where = Location::current()) const;
  const std::vector<double>& rates() const { return rates_; }

 private:
  Part<Cell> inner_;
  std::vector<double> rates_;
};

}  // namespace sluice::nn
