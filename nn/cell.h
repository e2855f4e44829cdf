#pragma once

#include <sluice/graph/nest.h>
#include <sluice/nn/step_context.h>

#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

namespace sluice::nn {

/// The state that a recurrent cell carries between steps: one tensor [batch, size] per part. The first part
/// is the output.
struct State {
  Tensors parts;

  State() = default;
  explicit State(Tensors parts) : parts(std::move(parts)) {}
  State(std::initializer_list<Tensor> parts) : parts(parts) {}

  /// The first part: the output of the cell.
  const Tensor& output() const { return parts.front(); }
  /// The parts of a state with two: auto [h, c] = s.pair(). Throws Error for another number of parts.
  std::pair<Tensor, Tensor> pair(Location where = Location::current()) const;
};

namespace detail {
/// The specs of these tensors, as text: "f32[20, 256], f32[20, 256]", or "nothing".
std::string specs_text(const Tensors& tensors);
}  // namespace detail

/// The states of layers, in the order of the layers; as many as their initial() gives.
using States = std::vector<State>;

/// What a step multiplies its state with: the rows of a Variable from `first_row` on. See WeightDrop.
struct RecurrentWeight {
  Variable weight;
  Index first_row = 0;
};

/// One step of a recurrence, written as its equations. A custom cell derives from Cell, passes it the sizes,
/// and overrides step and members; it works in Recurrent like the built-in cells:
///
///     struct Leaky : nn::Cell {
///       nn::Linear in;
///       Leaky(Index inputs, Index hidden, const Tensor& key)
///           : Cell(inputs, {hidden}), in(inputs + hidden, hidden, key) {}
///       nn::State step(const Tensor& x, const nn::State& s) const override {
///         const Tensor& h = s.output();
///         return {0.9 * h + 0.1 * tanh(in(concat({x, h}, -1)))};
///       }
///       void members(const nn::Members& m) const override { m("in", in); }
///     };
///
/// Write separate gates with separate weights: the compiler merges the products. A step that needs random
/// numbers, the mode, the number of the step or tensors from outside is that of a ContextCell.
class Cell : public Module {
 public:
  /// The state after one step: x [batch, inputs], s the previous state. Called with checked shapes.
  virtual State step(const Tensor& x, const State& s) const = 0;

  /// The initial state, returned by initial(): zeros. A cell that learns its initial state overrides this.
  virtual State start(Index batch, DType dtype) const;

  /// What the step multiplies its state with. By default the rows from inputs() on of each matrix that has
  /// inputs() + hidden() of them, as Linear(inputs + hidden, ...) of concat({x, h}, -1). A cell with other
  /// weights overrides this.
  virtual std::vector<RecurrentWeight> recurrent_weights() const;

  /// start with its shapes checked: the initial state of a batch of sequences. Throws Error for a negative
  /// batch, ShapeError if start returns other shapes than the cell's sizes.
  State initial(Index batch, DType dtype = DType::float32, Location where = Location::current()) const;

  /// step, or step_in of a ContextCell, with its shapes checked. Throws ShapeError if x or s do not fit the
  /// cell, or step returns a state of other shapes.
  State operator()(const Tensor& x, const State& s, const StepContext& context = {},
                   Location where = Location::current()) const;

  Index inputs() const { return inputs_; }
  Index hidden() const { return sizes_.front(); }  ///< the size of the output
  const std::vector<Index>& state_sizes() const { return sizes_; }

 protected:
  /// A cell with inputs of size `inputs` and state parts of these sizes, the output first. Throws Error for
  /// sizes below 1 or no parts.
  Cell(Index inputs, std::vector<Index> state_sizes, Location where = Location::current());

 private:
  Index inputs_;
  std::vector<Index> sizes_;
};

}  // namespace sluice::nn

/// A State as an argument or a result of a compiled function.
template <>
struct sluice::detail::Nest<sluice::nn::State> {
  static constexpr bool is_nest = true;
  using type = nn::State;
  static void flatten(const nn::State& state, Flat& to) { Nest<Tensors>::flatten(state.parts, to); }
  static nn::State rebuild(Unflat& from) { return nn::State(Nest<Tensors>::rebuild(from)); }
};
