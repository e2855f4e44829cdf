#include <sluice/graph/arithmetic.h>
#include <sluice/nn/conv1d.h>
#include <sluice/ops/broadcast_to.h>
#include <sluice/ops/cast.h>
#include <sluice/ops/compare.h>
#include <sluice/ops/concat.h>
#include <sluice/ops/cumsum.h>
#include <sluice/ops/expand_dims.h>
#include <sluice/ops/matmul.h>
#include <sluice/ops/maximum.h>
#include <sluice/ops/pad.h>
#include <sluice/ops/random.h>
#include <sluice/ops/reshape.h>
#include <sluice/ops/sequence_mask.h>
#include <sluice/ops/slice.h>
#include <sluice/ops/stack.h>
#include <sluice/ops/take_along_axis.h>
#include <sluice/ops/transpose.h>
#include <sluice/ops/where.h>

#include <fmt/format.h>

#include <cmath>
#include <utility>

namespace sluice::nn {

namespace {

/// A state [batch, steps * in] as inputs [steps, batch, in], and back.
Tensor inputs_of_state(const Tensor& state, Index steps, Index in) {
  return transpose(reshape(state, Shape{state.dim(0), steps, in}), {1, 0, 2});
}
Tensor state_of_inputs(const Tensor& x) {
  return reshape(transpose(x, {1, 0, 2}), Shape{x.dim(1), x.dim(0) * x.dim(2)});
}

/// The steps before the end of each sequence, as many as a state remembers, among all of time: those before
/// the first step, as many again, then the steps of x.
Tensor steps_at_end(const Tensor& all, const Tensor& lengths, Index steps) {
  const Index time = all.dim(0) - steps;
  if (!lengths.defined()) return slice(all, 0, time, time + steps);
  const Tensor ids = expand_dims(arange(steps), 1) + expand_dims(lengths, 0);
  return take_along_axis(all, broadcast_to(expand_dims(ids, -1), Shape{steps, all.dim(1), all.dim(2)}), 0);
}

/// Of which piece of a sequence each step is a part, i32[steps + time, batch, 1]: those before the first step
/// belong to piece 0, and each reset begins another.
Tensor piece_numbers(const Tensor& restarts, Index steps) {
  return pad(cumsum(cast(restarts, DType::int32), 0), {{steps, 0}});
}

/// The convolution of steps that were preceded by others, without what belongs to another piece.
Tensor convolve_pieces(const Tensor& all, const Tensor& pieces, const Tensor& w,
                       const sluice::Conv1dOptions& options) {
  const Index taps = w.dim(0);
  const Index time = all.dim(0) - (taps - 1) * options.dilation;
  const auto heard_by = [&](const Tensor& x, Index tap) {
    return slice(x, 0, tap * options.dilation, tap * options.dilation + time);
  };
  Tensor y;
  for (Index k = 0; k < taps; ++k) {
    const Tensor together = equal(heard_by(pieces, k), heard_by(pieces, taps - 1));
    const Tensor x = where(together, heard_by(all, k), zeros({}, all.dtype()));
    const Tensor part =
        conv1d(x, slice(w, 0, k, k + 1), {.stride = options.stride, .groups = options.groups});
    y = y.defined() ? y + part : part;
  }
  return y;
}

}  // namespace

Conv1d::Conv1d(Index in, Index out, Index taps, const Tensor& key, const Conv1dOptions& options,
               Location where)
    : options_{options.padding, options.stride, options.dilation, options.groups} {
  const sluice::detail::Call call("conv1d", where);
  if (in < 1 || out < 1 || taps < 1) {
    throw Error(fmt::format(
        "[conv1d] sizes are at least 1: got {} in, {} out and {} taps; pass positive sizes", in, out, taps));
  }
  conv1d_time(0, taps, options_);  // refuses options
  if (in % options.groups != 0 || out % options.groups != 0) {
    throw Error(fmt::format(
        "[conv1d] channels are divided among the groups: got {} in and {} out for {} groups; make "
        "them multiples",
        in, out, options.groups));
  }
  const Index heard = in / options.groups * taps;
  const double bound = 1 / std::sqrt(static_cast<double>(heard));
  const auto first = [&](const init::Initializer& init, const Shape& shape, int use) {
    const Tensor own = random::fold_in(key, use);
    return Variable(init::first_value(init ? init : init::uniform(-bound, bound), shape, own, options.dtype));
  };
  weight = first(options.init, Shape({taps, in / options.groups, out}, where), 0);
  if (options.bias) bias = first(options.bias_init, Shape({out}, where), 1);
}

Sequence Conv1d::operator()(const Tensor& x, const RecurrentCall& call, Location where) const {
  const sluice::detail::Call under_way("conv1d", where);
  require_input(x, 3);
  require_call(x, call);
  const Tensor present = detail::present("conv1d", call.lengths, x);
  const Tensor restarts = detail::restarts("conv1d", call.resets, present, x, false);
  const Tensor heard = detail::only_present(x, present);

  Tensor y;
  States states;
  if (is_causal()) {
    const Index steps = remembered();
    const bool goes_on = !call.initial.empty();
    const Tensor all =
        goes_on ? concat({inputs_of_state(checked_state(call.initial, x, x.dim(1)), steps, in()), heard}, 0)
                : pad(heard, {{steps, 0}});
    Tensor last = steps_at_end(all, call.lengths, steps);
    if (restarts.defined()) {
      const Tensor pieces = piece_numbers(restarts, steps);
      y = convolve_pieces(all, pieces, weight, options_);
      if (all.dim(0) > 0) {
        const Tensor piece = steps_at_end(pieces, call.lengths, steps);
        last = sluice::where(equal(piece, slice(pieces, 0, all.dim(0) - 1)), last, zeros({}, x.dtype()));
      }
    } else if (goes_on) {
      sluice::Conv1dOptions without_padding = options_;
      without_padding.padding = ConvPadding::valid;
      y = conv1d(all, weight, without_padding);
    } else {
      y = conv1d(heard, weight, options_);
    }
    states = {State{state_of_inputs(last)}};
  } else {
    y = conv1d(heard, weight, options_);
  }
  y = with_bias(y);
  if (!present.defined()) return {y, std::move(states)};
  const Tensor lengths = lengths_of_outputs(call.lengths);
  const Tensor given = expand_dims(sequence_mask(lengths, y.dim(0)), -1);
  return {detail::only_present(y, given), std::move(states), lengths};
}

Sequence Conv1d::step(const Tensor& x, const States& state, const StepContext& context,
                      Location where) const {
  const sluice::detail::Call call("conv1d", where);
  require_input(x, 2);
  if (!is_causal() || options_.stride != 1) {
    throw Error(
        fmt::format("[conv1d] a step gives one output, which hears of no later input: got a convolution {} "
                    "with stride {}; make it with ConvPadding::causal and stride 1, or run over a sequence",
                    is_causal() ? "that is causal" : "that is not causal", options_.stride));
  }
  if (!context.extra.empty()) require_call(x, {.extra = context.extra});
  const Tensor& past = checked_state(state, x, x.dim(0));
  const Index width = in();
  const bool has_past = remembered() > 0;
  Tensors heard;
  for (Index k = 0; k < taps() - 1; ++k) {
    const Index begin = k * options_.dilation * width;
    heard.push_back(slice(past, 1, begin, begin + width));
  }
  heard.push_back(x);
  Tensor y;
  if (options_.groups == 1) {
    const Tensor all = options_.dilation == 1 && has_past ? concat({past, x}, 1) : concat(heard, 1);
    y = matmul(all, reshape(weight, Shape{taps() * width, out()}));
  } else {
    y = reshape(conv1d(stack(heard, 0), weight, {.groups = options_.groups}), Shape{x.dim(0), out()});
  }
  const Tensor next = has_past ? concat({slice(past, 1, width), x}, 1) : past;
  return {with_bias(y), {State{next}}};
}

States Conv1d::initial(Index batch, DType dtype, Location where) const {
  const sluice::detail::Call call("conv1d", where);
  detail::require_made("conv1d", weight);
  if (batch < 0) {
    throw Error(fmt::format("[conv1d] a batch is not negative: got {}; pass the number of sequences", batch));
  }
  if (!is_causal()) return {};
  return {State{zeros({batch, remembered() * in()}, dtype)}};
}

void Conv1d::members(const Members& m) const {
  m("weight", weight);
  if (bias.defined()) m("bias", bias);
}

Tensor Conv1d::with_bias(const Tensor& y) const { return bias.defined() ? y + bias : y; }

/// As many as conv1d_time says of each.
Tensor Conv1d::lengths_of_outputs(const Tensor& lengths) const {
  const auto number = [](Index i) { return full({}, static_cast<double>(i), DType::int32); };
  const Index stride = options_.stride;
  if (options_.padding != ConvPadding::valid)
    return stride == 1 ? lengths : (lengths + number(stride - 1)) / number(stride);
  return maximum(lengths + number(stride - 1 - remembered()), number(0)) / number(stride);
}

void Conv1d::require_input(const Tensor& x, Index rank) const {
  detail::require_made("conv1d", weight);
  if (x.defined() && x.rank() == rank && x.shape().back() == in() && x.dtype() == weight.dtype()) return;
  throw ShapeError(fmt::format(
      "[conv1d] takes x {}[{}batch, {}], for its weight {} and {} groups: got {}; time is axis 0, "
      "and the last axis has the channels and dtype that the layer was made for",
      name_of(weight.dtype()), rank == 3 ? "time, " : "", in(), weight.spec().text(), options_.groups,
      x.defined() ? x.spec().text() : "an undefined tensor"));
}

void Conv1d::require_call(const Tensor& x, const RecurrentCall& call) const {
  if (call.reverse) {
    throw Error(
        "[conv1d] a convolution has no direction: got reverse; flip x over time, or choose "
        "ConvPadding::same, which hears of both sides");
  }
  if (!call.extra.empty()) {
    throw Error(
        fmt::format("[conv1d] extra tensors are for cells that take a context: got {}; leave them out",
                    call.extra.size()));
  }
  if (!is_causal() && (call.resets.defined() || !call.initial.empty())) {
    throw Error(
        fmt::format("[conv1d] only what hears of no later steps goes on from a state, or begins anew: got {} "
                    "of a convolution that is not causal; make it with ConvPadding::causal",
                    call.resets.defined() ? "resets" : "an initial state"));
  }
  if (!call.initial.empty() && x.dim(0) % options_.stride != 0) {
    throw ShapeError(fmt::format(
        "[conv1d] windows of a sequence are as long as a multiple of the stride: got {} steps and "
        "stride {}; choose another window",
        x.dim(0), options_.stride));
  }
}

const Tensor& Conv1d::checked_state(const States& states, const Tensor& x, Index batch) const {
  const Spec expected{x.dtype(), {batch, remembered() * in()}};
  if (states.size() == 1 && states[0].parts.size() == 1 && states[0].parts[0].defined() &&
      states[0].parts[0].spec() == expected)
    return states[0].parts[0];
  throw ShapeError(fmt::format(
      "[conv1d] takes one state, with one part {}: got {}; start from initial(batch, dtype)", expected.text(),
      states.size() == 1 && states[0].parts.size() == 1 && states[0].parts[0].defined()
          ? states[0].parts[0].spec().text()
          : fmt::format("{} states", states.size())));
}

}  // namespace sluice::nn
