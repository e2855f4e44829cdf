#pragma once

#include <sluice/nn/recurrent.h>

#include <concepts>
#include <utility>
#include <vector>

namespace sluice::nn {

/// How the outputs of both directions become one.
enum class Merge {
  concat,  ///< side by side, forward first: [time, batch, hidden of forward + hidden of backward]
  sum,     ///< added: [time, batch, hidden]
};

/// Stacked layers that run over a sequence in both directions, so that an output knows what comes before and
/// after it: y_t = merge(forward_t, backward_t), where `forward` begins at the first step of x and `backward`
/// at the last, with lengths at the last step of each sequence. The next layer runs over y. Holds cells of
/// any types, which may differ between the directions. A copy shares its cells. Schuster and Paliwal,
/// "Bidirectional recurrent neural networks", 1997.
class BidirectionalLayers : public SequenceLayer {
 public:
  using Cells = RecurrentLayers::Cells;

  /// Layers from first to last, of one cell of each list; `dropout` is the rate applied in training to the
  /// output of each layer but the last. Throws Error for no cells or lists of different lengths, ShapeError
  /// if the sizes do not fit: both cells of a layer take what the layer below gives.
  BidirectionalLayers(Cells forward, Cells backward, Merge merge = Merge::concat, double dropout = 0,
                      Location where = Location::current());

  /// Runs over x with the options of Recurrent but `reverse`. The states are two per layer, forward before
  /// backward: layer 0 forward, layer 0 backward, layer 1 forward, ... That of `backward` is the one after
  /// the first step. Throws as RecurrentLayers, and Error for `reverse`.
  Sequence operator()(const Tensor& x, const RecurrentCall& call = {},
                      Location where = Location::current()) const override;

  /// Throws Error: an output depends on later steps.
  Sequence step(const Tensor& x, const States& state, const StepContext& context = {},
                Location where = Location::current()) const override;

  /// The initial states, two per layer.
  States initial(Index batch, DType dtype = DType::float32,
                 Location where = Location::current()) const override;

  /// Whether a cell is a ContextCell.
  bool takes_extra() const override;

  /// Those of all cells.
  std::vector<RecurrentWeight> recurrent_weights() const override;

  /// Names the cells by layer and direction: "0.forward.forget.weight", "0.backward.forget.weight".
  void members(const Members& m) const override;

  Index layers() const { return static_cast<Index>(forward_.size()); }
  Index inputs(Location where = Location::current()) const;
  Index outputs(Location where = Location::current()) const;  ///< the width of the output
  const Cell& forward(Index layer, Location where = Location::current()) const;
  const Cell& backward(Index layer, Location where = Location::current()) const;

 private:
  Index width(std::size_t layer) const;
  void require_made(Location where) const;

  Cells forward_, backward_;
  Merge merge_;
  Dropout dropout_;
};

/// Options of Bidirectional<C>; `cell` holds those of the cells, C::Options.
template <std::derived_from<Cell> C>
struct BidirectionalOptions {
  double dropout = 0;  ///< rate between the layers in training
  typename detail::CellOptions<C>::type cell = {};
  Merge merge = Merge::concat;
};

/// Layers of cells of one type, which run in both directions:
///
///     nn::Bidirectional<nn::LSTMCell> rnn(2, 128, 256, key, {.dropout = 0.2});
///     auto tags = head(rnn(x, {.lengths = lengths}));    // head has 512 inputs
///
/// Cells need a constructor as for Recurrent. Bidirectional adds only constructors and typed cells; it
/// converts to BidirectionalLayers.
template <std::derived_from<Cell> C>
class Bidirectional : public BidirectionalLayers {
 public:
  /// `layers` cells for each direction; the first take `inputs`, the others the output of the layer below.
  /// Each gets its own random key.
  Bidirectional(Index layers, Index inputs, Index hidden, const Tensor& key,
                const BidirectionalOptions<C>& options = {}, Location where = Location::current())
      : Bidirectional(make(layers, inputs, hidden, key, options, where), options, where) {}

  /// Layers of existing cells, one of each list per layer, of any sizes that fit.
  Bidirectional(const std::vector<C>& forward, const std::vector<C>& backward, Merge merge = Merge::concat,
                double dropout = 0, Location where = Location::current())
      : BidirectionalLayers(detail::shared_cells(forward), detail::shared_cells(backward), merge, dropout,
                            where) {}

  const C& forward(Index layer, Location where = Location::current()) const {
    return static_cast<const C&>(BidirectionalLayers::forward(layer, where));
  }
  const C& backward(Index layer, Location where = Location::current()) const {
    return static_cast<const C&>(BidirectionalLayers::backward(layer, where));
  }

 private:
  using Directions = std::pair<Cells, Cells>;
  Bidirectional(Directions cells, const BidirectionalOptions<C>& options, Location where)
      : BidirectionalLayers(std::move(cells.first), std::move(cells.second), options.merge, options.dropout,
                            where) {}
  static Directions make(Index layers, Index inputs, Index hidden, const Tensor& key,
                         const BidirectionalOptions<C>& options, Location where);
};

namespace detail {
/// Two keys per layer, forward before backward. Throws Error for fewer than one layer.
std::vector<std::pair<Tensor, Tensor>> direction_keys(const Tensor& key, Index layers);
}  // namespace detail

template <std::derived_from<Cell> C>
typename Bidirectional<C>::Directions Bidirectional<C>::make(Index layers, Index inputs, Index hidden,
                                                             const Tensor& key,
                                                             const BidirectionalOptions<C>& options,
                                                             Location where) {
  const sluice::detail::Call call("bidirectional", where);
  Directions cells;
  Index below = inputs;
  for (const auto& [ahead, back] : detail::direction_keys(key, layers)) {
    cells.first.push_back(detail::make_cell<C>(below, hidden, ahead, options.cell));
    cells.second.push_back(detail::make_cell<C>(below, hidden, back, options.cell));
    const Index shown = cells.first.back()->hidden();  // a projection's size, say
    below = options.merge == Merge::concat ? 2 * shown : shown;
  }
  return cells;
}

}  // namespace sluice::nn
