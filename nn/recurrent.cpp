#include <sluice/nn/recurrent.h>
#include <sluice/ops/random.h>
#include <sluice/ops/scan.h>

#include <fmt/format.h>

namespace sluice::nn {

RecurrentLayers::RecurrentLayers(Cells cells, double dropout, Location where)
    : cells_(std::move(cells)), dropout_(dropout, where) {
  if (cells_.empty())
    throw Error("[recurrent] there is at least one layer: got no cells; pass one per layer", where);
  for (std::size_t i = 1; i < cells_.size(); ++i) {
    if (cells_[i]->inputs() == cells_[i - 1]->hidden()) continue;
    throw ShapeError(
        fmt::format("[recurrent] a layer takes the output of the one below: layer {} takes {}, layer {} "
                    "gives {}; make the sizes equal",
                    i, cells_[i]->inputs(), i - 1, cells_[i - 1]->hidden()),
        where);
  }
}

Sequence RecurrentLayers::operator()(const Tensor& x, Location where) const {
  return (*this)(x, RecurrentCall{}, where);
}

Sequence RecurrentLayers::operator()(const Tensor& x, Mode mode, const Tensor& key, Location where) const {
  RecurrentCall call;
  call.mode = mode;
  call.key = key;
  return (*this)(x, call, where);
}

Sequence RecurrentLayers::from(const Tensor& x, const States& initial, Location where) const {
  require(initial, where);
  RecurrentCall call;
  call.initial = initial;
  return (*this)(x, call, where);
}

Sequence RecurrentLayers::operator()(const Tensor& x, const RecurrentCall& call, Location where) const {
  if (!x.defined() || x.rank() != 3 || x.dim(2) != inputs()) {
    throw ShapeError(
        fmt::format("[recurrent] takes x [time, batch, {}]: got {}; time is axis 0, and the last axis is "
                    "the width the first layer was made for",
                    inputs(), x.defined() ? x.spec().text() : "an undefined tensor"),
        where);
  }
  if (!call.initial.empty()) require(call.initial, where);
  const States start = call.initial.empty() ? initial(x.dim(1), x.dtype()) : call.initial;

  Sequence result{x, {}};
  for (std::size_t i = 0; i < cells_.size(); ++i) {
    if (i > 0 && call.mode == Mode::train && dropout_.rate() > 0) {
      const Tensor key = call.key.defined() ? random::fold_in(call.key, static_cast<int>(i)) : Tensor();
      result.output = dropout_(result.output, call.mode, key, where);
    }
    const Cell& cell = *cells_[i];
    const auto step = [&](const Tensors& carry, const Tensors& xs) -> Carried {
      State next = cell(xs[0], State(carry), where);
      const Tensor output = next.output();
      return {std::move(next.parts), {output}};
    };
    ScanOptions options;
    options.reverse = call.reverse;
    options.checkpoint = call.checkpoint;
    Carried run = scan(step, start[i].parts, {result.output}, options, where);
    result.output = run.ys[0];
    result.state.push_back(State(std::move(run.carry)));
  }
  return result;
}

Sequence RecurrentLayers::step(const Tensor& x, const States& state, Location where) const {
  require(state, where);
  Sequence result{x, {}};
  for (std::size_t i = 0; i < cells_.size(); ++i) {
    result.state.push_back((*cells_[i])(result.output, state[i], where));
    result.output = result.state.back().output();
  }
  return result;
}

States RecurrentLayers::initial(Index batch, DType dtype) const {
  States states;
  for (const auto& cell : cells_) states.push_back(cell->initial(batch, dtype));
  return states;
}

void RecurrentLayers::members(const Members& m) const {
  for (std::size_t i = 0; i < cells_.size(); ++i) m(std::to_string(i), cells_[i]);
}

const Cell& RecurrentLayers::cell(Index layer, Location where) const {
  if (layer < 0 || layer >= layers()) {
    throw Error(fmt::format("[recurrent] layers count from 0: got layer {} of {}; pass 0 to {}", layer,
                            layers(), layers() - 1),
                where);
  }
  return *cells_[static_cast<std::size_t>(layer)];
}

void RecurrentLayers::require(const States& states, Location where) const {
  if (states.size() == cells_.size()) return;
  throw Error(
      fmt::format("[recurrent] takes one state per layer: got {} for {} layers; start from initial(batch)",
                  states.size(), cells_.size()),
      where);
}

namespace detail {

Tensors layer_keys(const Tensor& key, Index layers, Location where) {
  if (layers < 1) {
    throw Error(fmt::format("[recurrent] there is at least one layer: got {}; pass 1 or more", layers),
                where);
  }
  return random::split(Operand(key, where), static_cast<int>(layers));
}

}  // namespace detail

}  // namespace sluice::nn
