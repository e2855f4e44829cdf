#pragma once

#include <sluice/nn/recurrent.h>

#include <concepts>
#include <memory>
#include <vector>

namespace sluice::nn {

/// Dropout over sequences with one mask for all steps of each sequence: a channel is there or away for the
/// whole of it, so that noise does not pile up over time.
///
///   y[t, b, c] = x[t, b, c] * mask[b, c] / (1 - rate),   mask ~ Bernoulli(1 - rate)    Mode::train
///   y = x                                                                              Mode::evaluate
///
/// Gal and Ghahramani, "A theoretically grounded application of dropout in recurrent neural networks", 2016.
/// For the inputs and outputs of recurrent layers; a layer without a state, x [time, batch, channels] -> the
/// same. For the state that the steps pass on, see VariationalCell.
///
///     const nn::VariationalDropout dropout(0.3);
///     auto y = rnn(dropout(x, {.mode = nn::Mode::train, .key = key}));
class VariationalDropout : public SequenceLayer {
 public:
  /// Throws Error unless 0 <= rate < 1.
  explicit VariationalDropout(double rate, Location where = Location::current());

  /// The same key draws the same mask; resets do not draw another. Throws ShapeError for x of other axes or
  /// dtypes, lengths or resets that do not fit, Error for states, extra tensors, and in Mode::train without a
  /// key.
  Sequence operator()(const Tensor& x, const RecurrentCall& call = {},
                      Location where = Location::current()) const override;

  /// One step, x [batch, channels]. With the key of the whole sequence, the same in each step, its mask.
  Sequence step(const Tensor& x, const States& state = {}, const StepContext& context = {},
                Location where = Location::current()) const override;

  States initial(Index batch, DType dtype = DType::float32,
                 Location where = Location::current()) const override;  ///< none
  void members(const Members&) const override {}
  double rate() const { return rate_; }

 private:
  double rate_;
};

/// Rates of a VariationalCell, each in [0, 1).
struct VariationalOptions {
  double input = 0;   ///< of x
  double output = 0;  ///< of the first part of the state, as the next step reads it
  /// The same for each part of the state, in place of `output`. A memory that the cell carries on by itself,
  /// as c of an LSTM, is better left alone: what is dropped there is forgotten.
  std::vector<double> state = {};
};

/// A cell around any other, which reads its input and the state of the step before through masks that stay
/// the same in all steps of a sequence, and scales what is left:
///
///   s' = cell(x * mask_x / (1 - rate_x), s * mask_s / (1 - rate_s))    Mode::train
///   mask ~ Bernoulli(1 - rate)
///   s' = cell(x, s)                                                    Mode::evaluate
///
/// Gal and Ghahramani, "A theoretically grounded application of dropout in recurrent neural networks", 2016.
/// Theirs exactly for cells that read their output in products only (RNN, LSTM, with peepholes too); a cell
/// that also mixes its output with the next one, as a GRU, forgets what was dropped: there take WeightDrop or
/// Zoneout. Each cell has its own rates, so layers may differ.
///
///     nn::Recurrent<nn::VariationalCell> rnn({{nn::LSTMCell(64, 128, key), {.input = 0.2, .output = 0.3}}});
///     auto y = rnn(x, {.mode = nn::Mode::train, .key = random::fold_in(key, step)});
///
/// The mask is drawn from StepContext::sequence_key, which layers pass; the state is that of the cell.
class VariationalCell : public ContextCell {
 public:
  /// Throws Error for a null pointer, rates outside of [0, 1), or another number of rates than parts.
  VariationalCell(Part<Cell> inner, const VariationalOptions& options, Location where = Location::current());
  template <std::derived_from<Cell> C>
  VariationalCell(const C& inner, const VariationalOptions& options, Location where = Location::current())
      : VariationalCell(Part<Cell>(std::make_shared<const C>(inner)), options, where) {}

  /// One step. Throws Error in training without a key of the sequence, unless all rates are 0.
  State step_in(const Tensor& x, const State& s, const StepContext& context) const override;

  State start(Index batch, DType dtype) const override;             ///< the cell's
  std::vector<RecurrentWeight> recurrent_weights() const override;  ///< the cell's
  void members(const Members& m) const override;

  const Cell& inner(Location where = Location::current()) const;

 private:
  Part<Cell> inner_;
  double input_rate_;
  std::vector<double> rates_;  // of the parts of the state
};

}  // namespace sluice::nn
