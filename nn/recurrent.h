#pragma once

#include <sluice/nn/context_cell.h>
#include <sluice/nn/dropout.h>
#include <sluice/nn/sequence_layer.h>

#include <concepts>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

namespace sluice::nn {

/// Stacked layers of recurrent cells. Time is axis 0: x [time, batch, inputs] -> output [time, batch,
/// hidden]. Each layer is one scan, so building and compiling take the same time for any length. Holds cells
/// of any types: use it if the type is chosen at run time. A copy shares its cells.
class RecurrentLayers : public SequenceLayer {
 public:
  using Cells = std::vector<Part<Cell>>;

  /// Layers from first to last; `dropout` is the rate applied in training to the output of each layer but the
  /// last. Throws Error for no cells, ShapeError if a cell's input size is not the hidden size of the layer
  /// below.
  explicit RecurrentLayers(Cells cells, double dropout = 0, Location where = Location::current());

  /// Runs over x: rnn(x), rnn(x, {.reverse = true}), rnn(x, {.initial = carried.read()}). Throws ShapeError
  /// if x or the states do not fit the cells, Error for extra tensors if no cell is a ContextCell.
  Sequence operator()(const Tensor& x, const RecurrentCall& call = {},
                      Location where = Location::current()) const override;

  /// One step with the same parameters, for streaming: x [batch, inputs]. No dropout between the layers. A
  /// ContextCell gets what it would get in step context.step of a whole sequence. Throws as the whole does,
  /// and Error for a key without the number of the step.
  Sequence step(const Tensor& x, const States& state, const StepContext& context = {},
                Location where = Location::current()) const override;

  /// The initial states.
  States initial(Index batch, DType dtype = DType::float32,
                 Location where = Location::current()) const override;

  /// Whether a cell is a ContextCell.
  bool takes_extra() const override;

  /// Those of all cells.
  std::vector<RecurrentWeight> recurrent_weights() const override;

  /// Names the cells by their position: "0.forget.weight".
  void members(const Members& m) const override;

  Index layers() const { return static_cast<Index>(cells_.size()); }
  Index inputs(Location where = Location::current()) const { return made(where).front()->inputs(); }
  Index hidden(Location where = Location::current()) const { return made(where).back()->hidden(); }
  const Cell& cell(Index layer, Location where = Location::current()) const;

 private:
  void require_input(const Tensor& x) const;
  void require_states(const States& states) const;
  void require_extra_taken(const Tensors& extra) const;
  Tensor step_key(const Tensor& key, std::size_t layer) const;      // of which each step folds its own
  Tensor sequence_key(const Tensor& key, std::size_t layer) const;  // the same in each step
  const Cells& made(Location where) const;  // throws Error if they have been moved from

  Cells cells_;
  Dropout dropout_;
};

/// For cells without Options.
struct NoOptions {};

namespace detail {
template <class C>
struct CellOptions {
  using type = NoOptions;
};
template <class C>
requires requires { typename C::Options; }
struct CellOptions<C> {
  using type = typename C::Options;
};

/// Copies of cells of one type, as layers hold them.
template <std::derived_from<Cell> C>
RecurrentLayers::Cells shared_cells(const std::vector<C>& cells) {
  RecurrentLayers::Cells result;
  for (const C& cell : cells) result.push_back(std::make_shared<const C>(cell));
  return result;
}
}  // namespace detail

/// Options of Recurrent<C>; `cell` holds those of the cell, C::Options.
template <std::derived_from<Cell> C>
struct RecurrentOptions {
  double dropout = 0;  ///< rate between the layers in training
  typename detail::CellOptions<C>::type cell = {};
};

/// Layers of cells of one type:
///
///     nn::Recurrent<PeepholeCell> rnn(2, 128, 256, key, {.dropout = 0.2});
///     auto logits = head(rnn(x));
///
/// A cell needs a constructor (inputs, hidden, key), or (inputs, hidden, key, C::Options). Recurrent adds
/// only constructors and a typed cell(); it converts to RecurrentLayers.
template <std::derived_from<Cell> C>
class Recurrent : public RecurrentLayers {
 public:
  /// `layers` cells; the first takes `inputs`, the others the output of the one below. Each gets its own
  /// random key.
  Recurrent(Index layers, Index inputs, Index hidden, const Tensor& key,
            const RecurrentOptions<C>& options = {}, Location where = Location::current())
      : RecurrentLayers(make(layers, inputs, hidden, key, options, where), options.dropout, where) {}

  /// Layers of existing cells, of any sizes that fit.
  explicit Recurrent(const std::vector<C>& cells, double dropout = 0, Location where = Location::current())
      : RecurrentLayers(detail::shared_cells(cells), dropout, where) {}

  const C& cell(Index layer, Location where = Location::current()) const {
    return static_cast<const C&>(RecurrentLayers::cell(layer, where));
  }

 private:
  static Cells make(Index layers, Index inputs, Index hidden, const Tensor& key,
                    const RecurrentOptions<C>& options, Location where);
};

namespace detail {

/// The dtype of all floating-point Variables of a cell; none if they differ, or there are none.
std::optional<DType> dtype_of_variables(const Cell& cell);

/// One key per layer. Throws Error for fewer than one layer.
Tensors layer_keys(const Tensor& key, Index layers);

/// A cell by its constructor (inputs, hidden, key), or (inputs, hidden, key, C::Options), and a Location
/// behind these if it takes one.
template <std::derived_from<Cell> C>
std::shared_ptr<const C> make_cell(Index inputs, Index hidden, const Tensor& key,
                                   const typename CellOptions<C>::type& options) {
  using Options = typename CellOptions<C>::type;
  if constexpr (std::is_same_v<Options, NoOptions>) {
    if constexpr (std::is_constructible_v<C, Index, Index, const Tensor&, Location>) {
      return std::make_shared<const C>(inputs, hidden, key, Location{});
    } else {
      return std::make_shared<const C>(inputs, hidden, key);
    }
  } else if constexpr (std::is_constructible_v<C, Index, Index, const Tensor&, const Options&, Location>) {
    return std::make_shared<const C>(inputs, hidden, key, options, Location{});
  } else {
    return std::make_shared<const C>(inputs, hidden, key, options);
  }
}

}  // namespace detail

template <std::derived_from<Cell> C>
RecurrentLayers::Cells Recurrent<C>::make(Index layers, Index inputs, Index hidden, const Tensor& key,
                                          const RecurrentOptions<C>& options, Location where) {
  const sluice::detail::Call call("recurrent", where);
  Cells cells;
  for (const Tensor& own : detail::layer_keys(key, layers)) {
    const Index below = cells.empty() ? inputs : cells.back()->hidden();  // a projection's size, say
    cells.push_back(detail::make_cell<C>(below, hidden, own, options.cell));
  }
  return cells;
}

}  // namespace sluice::nn
