#pragma once

#include <sluice/nn/context_cell.h>
#include <sluice/nn/recurrent.h>

#include <concepts>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace sluice::nn {

/// A cell of any type whose initial state is learned: one Variable [size] for each part of the state, the
/// same for all sequences of a batch; at first what the cell starts with, zeros for most. Resets and a
/// CarriedState go back to it. Called without `initial` the layers begin with it, so it gets gradients.
///
///     nn::Recurrent<nn::LearnedStartOf<nn::LSTMCell>> rnn(2, 128, 256, key);
///     nn::RecurrentLayers mixed({std::make_shared<nn::LearnedStart>(cell), other});  // a cell or a pointer
class LearnedStart : public ContextCell {
 public:
  /// Around a cell. The first state has the dtype of the cell's Variables, float32 if there are none or these
  /// differ, or else this one. Throws Error for a null pointer.
  explicit LearnedStart(Part<Cell> inner, std::optional<DType> dtype = {},
                        Location where = Location::current());
  template <std::derived_from<Cell> C>
  requires(!std::derived_from<C, LearnedStart>) explicit LearnedStart(const C& inner,
                                                                      std::optional<DType> dtype = {},
                                                                      Location where = Location::current())
      : LearnedStart(Part<Cell>(std::make_shared<const C>(inner)), dtype, where) {}

  State step_in(const Tensor& x, const State& s, const StepContext& context) const override;
  std::vector<RecurrentWeight> recurrent_weights() const override;  ///< the cell's
  State start(Index batch, DType dtype) const override;
  /// Names them "inner.forget.weight" and so on, "first.0" for the output, "first.1", ...
  void members(const Members& m) const override;

  const Cell& inner(Location where = Location::current()) const;
  std::vector<Variable> first;  ///< the parts of the initial state, [size] each

 private:
  Part<Cell> inner_;
};

/// The same around a C made for it, with the constructor that Recurrent and Bidirectional need.
template <std::derived_from<Cell> C>
class LearnedStartOf : public LearnedStart {
 public:
  using Options = typename detail::CellOptions<C>::type;
  LearnedStartOf(Index inputs, Index hidden, const Tensor& key, const Options& options = {},
                 Location where = Location::current())
      : LearnedStart(make(inputs, hidden, key, options, where), std::nullopt, where) {}

  const C& inner(Location where = Location::current()) const {
    return static_cast<const C&>(LearnedStart::inner(where));
  }

 private:
  static Part<Cell> make(Index inputs, Index hidden, const Tensor& key, const Options& options,
                         Location where) {
    const sluice::detail::Call call("learned_start", where);
    return detail::make_cell<C>(inputs, hidden, key, options);
  }
};

}  // namespace sluice::nn
