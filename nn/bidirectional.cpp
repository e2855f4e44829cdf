#include <sluice/graph/arithmetic.h>
#include <sluice/nn/bidirectional.h>
#include <sluice/ops/concat.h>
#include <sluice/ops/random.h>

#include <fmt/format.h>

#include <algorithm>

namespace sluice::nn {

namespace {

const Cell& cell_of(const BidirectionalLayers::Cells& cells, Index layer, Location where) {
  const auto layers = static_cast<Index>(cells.size());
  if (layer < 0 || layer >= layers) {
    throw Error(fmt::format("[bidirectional] layers count from 0: got layer {} of {}; pass 0 to {}", layer,
                            layers, layers - 1),
                where);
  }
  return *cells[static_cast<std::size_t>(layer)];
}

}  // namespace

BidirectionalLayers::BidirectionalLayers(Cells forward, Cells backward, Merge merge, double dropout,
                                         Location where)
    : forward_(std::move(forward)), backward_(std::move(backward)), merge_(merge), dropout_(dropout, where) {
  const sluice::detail::Call call("bidirectional", where);
  const auto has_null = [](const Cells& cells) {
    return std::find(cells.begin(), cells.end(), nullptr) != cells.end();
  };
  if (forward_.empty() || forward_.size() != backward_.size() || has_null(forward_) || has_null(backward_)) {
    throw Error(
        fmt::format("[bidirectional] a layer has a cell for each direction, there is at least one layer, and "
                    "no null pointer: got {} cells forward and {} backward; pass one of each per layer",
                    forward_.size(), backward_.size()));
  }
  for (std::size_t i = 0; i < forward_.size(); ++i) {
    const Cell& ahead = *forward_[i];
    const Cell& back = *backward_[i];
    if (merge_ == Merge::sum && ahead.hidden() != back.hidden()) {
      throw ShapeError(fmt::format(
          "[bidirectional] outputs that are added have one size: got {} forward and {} backward in "
          "layer {}; make them equal, or use Merge::concat",
          ahead.hidden(), back.hidden(), i));
    }
    const Index below = i == 0 ? ahead.inputs() : width(i - 1);
    if (ahead.inputs() == below && back.inputs() == below) continue;
    throw ShapeError(
        fmt::format("[bidirectional] both cells of a layer take {}: got {} inputs forward and {} backward in "
                    "layer {}{}; make the sizes equal",
                    i == 0 ? "the same input" : "the output of the layer below", ahead.inputs(),
                    back.inputs(), i, i == 0 ? std::string() : fmt::format(" above {}", below)));
  }
}

Sequence BidirectionalLayers::operator()(const Tensor& x, const RecurrentCall& call, Location where) const {
  const sluice::detail::Call under_way("bidirectional", where);
  require_made(Location{});
  const std::size_t layers = forward_.size();
  if (call.reverse) {
    throw Error(
        "[bidirectional] runs in both directions: got `reverse`, which would only exchange them; leave it "
        "out");
  }
  if (!call.initial.empty() && call.initial.size() != 2 * layers) {
    throw ShapeError(
        fmt::format("[bidirectional] takes two states per layer, forward before backward: got {} for {} "
                    "layers; start from initial(batch)",
                    call.initial.size(), layers));
  }
  if (!call.extra.empty() && !takes_extra()) {
    throw Error(fmt::format(
        "[bidirectional] extra tensors are for cells that take a context: got {}, and no layer is "
        "a ContextCell; derive the cell from it, or leave them out",
        call.extra.size()));
  }
  const auto key_of = [&](std::size_t number) {
    return call.key.defined() ? random::fold_in(call.key, static_cast<int>(number)) : Tensor();
  };

  Sequence result(x, {}, call.lengths);
  for (std::size_t i = 0; i < layers; ++i) {
    // The numbers below layers() are those of the dropout between the layers.
    const Tensor input = i > 0 ? dropout_(result, call.mode, key_of(i)) : x;
    const auto run = [&](const Part<Cell>& cell, std::size_t direction) {
      const RecurrentLayers one({cell});
      RecurrentCall own = call;
      own.reverse = direction == 1;
      own.key = key_of(layers + 2 * i + direction);
      if (!call.initial.empty()) own.initial = {call.initial[2 * i + direction]};
      if (!one.takes_extra()) own.extra = {};
      Sequence sequence = one(input, own);
      result.state.push_back(std::move(sequence.state.front()));
      return sequence.output();
    };
    const Tensor ahead = run(forward_[i], 0);
    const Tensor back = run(backward_[i], 1);
    static_cast<Tensor&>(result) = merge_ == Merge::sum ? ahead + back : concat({ahead, back}, -1);
  }
  return result;
}

Sequence BidirectionalLayers::step(const Tensor&, const States&, const StepContext&, Location where) const {
  throw Error(
      "[bidirectional] an output depends on later steps: got a single step; run over whole sequences, or "
      "stream with Recurrent, which runs forward",
      where);
}

States BidirectionalLayers::initial(Index batch, DType dtype, Location where) const {
  const sluice::detail::Call call("bidirectional", where);
  require_made(Location{});
  States states;
  for (std::size_t i = 0; i < forward_.size(); ++i) {
    states.push_back(forward_[i]->initial(batch, dtype));
    states.push_back(backward_[i]->initial(batch, dtype));
  }
  return states;
}

bool BidirectionalLayers::takes_extra() const {
  const auto takes = [](const Part<Cell>& cell) {
    return dynamic_cast<const ContextCell*>(cell.get()) != nullptr;
  };
  return std::any_of(forward_.begin(), forward_.end(), takes) ||
         std::any_of(backward_.begin(), backward_.end(), takes);
}

std::vector<RecurrentWeight> BidirectionalLayers::recurrent_weights() const {
  std::vector<RecurrentWeight> all;
  for (const Cells* cells : {&forward_, &backward_}) {
    for (const Part<Cell>& cell : *cells) {
      for (RecurrentWeight& one : cell->recurrent_weights()) all.push_back(std::move(one));
    }
  }
  return all;
}

void BidirectionalLayers::members(const Members& m) const {
  for (std::size_t i = 0; i < forward_.size(); ++i) {
    m(fmt::format("{}.forward", i), forward_[i]);
    m(fmt::format("{}.backward", i), backward_[i]);
  }
}

Index BidirectionalLayers::inputs(Location where) const {
  require_made(where);
  return forward_.front()->inputs();
}

Index BidirectionalLayers::outputs(Location where) const {
  require_made(where);
  return width(forward_.size() - 1);
}

const Cell& BidirectionalLayers::forward(Index layer, Location where) const {
  require_made(where);
  return cell_of(forward_, layer, where);
}

const Cell& BidirectionalLayers::backward(Index layer, Location where) const {
  require_made(where);
  return cell_of(backward_, layer, where);
}

Index BidirectionalLayers::width(std::size_t layer) const {
  const Index ahead = forward_[layer]->hidden();
  return merge_ == Merge::sum ? ahead : ahead + backward_[layer]->hidden();
}

void BidirectionalLayers::require_made(Location where) const {
  if (forward_.empty()) throw Error(detail::moved_from("bidirectional"), where);
}

namespace detail {

std::vector<std::pair<Tensor, Tensor>> direction_keys(const Tensor& key, Index layers) {
  std::vector<std::pair<Tensor, Tensor>> keys;
  for (const Tensor& own : layer_keys(key, layers)) {
    const Tensors both = random::split(own, 2);
    keys.emplace_back(both[0], both[1]);
  }
  return keys;
}

}  // namespace detail

}  // namespace sluice::nn
