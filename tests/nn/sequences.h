#pragma once

#include <sluice/graph/arithmetic.h>
#include <sluice/graph/grad.h>
#include <sluice/nn/context_cell.h>
#include <sluice/nn/linear.h>
#include <sluice/nn/sequence_layer.h>
#include <sluice/ops/broadcast_to.h>
#include <sluice/ops/cast.h>
#include <sluice/ops/concat.h>
#include <sluice/ops/random.h>
#include <sluice/ops/sum.h>
#include <sluice/ops/tanh.h>

#include "support/close.h"

#include <limits>
#include <vector>

// For tests of layers over sequences: cells as users write them, runs with all their results, and padding.

namespace sluice::test {

/// A leaky unit that learns where it starts.
struct LeakyUnit : nn::Cell {
  nn::Linear in;
  Variable first;

  LeakyUnit(Index inputs, Index hidden, const Tensor& key)
      : Cell(inputs, {hidden}), in(inputs + hidden, hidden, key), first(full({hidden}, 0.5)) {}
  nn::State step(const Tensor& x, const nn::State& s) const override {
    const Tensor& h = s.output();
    return {0.9 * h + 0.1 * tanh(in(concat({x, h}, -1)))};
  }
  nn::State start(Index batch, DType) const override { return {broadcast_to(first, {batch, hidden()})}; }
  void members(const nn::Members& m) const override { m("in", in), m("first", first); }
};

/// A tanh unit with two parts of state that knows the number of its step, and draws noise in training.
struct NoisyUnit : nn::ContextCell {
  nn::Linear in;

  NoisyUnit(Index inputs, Index hidden, const Tensor& key)
      : ContextCell(inputs, {hidden, hidden}), in(inputs + hidden, hidden, key) {}
  nn::State step_in(const Tensor& x, const nn::State& s, const nn::StepContext& context) const override {
    const auto [h, mean] = s.pair();
    Tensor next = tanh(in(concat({x, h}, -1)));
    if (context.step.defined()) next = next + 0.1 * cast(context.step, x.dtype());
    if (context.mode == nn::Mode::train && context.key.defined()) {
      next = next + random::normal(context.key, next.shape(), 0, 0.1, x.dtype());
    }
    return {next, 0.5 * mean + 0.5 * next};
  }
  void members(const nn::Members& m) const override { m("in", in); }
};

inline Tensor normal_values(int seed, const Shape& shape, DType dtype = DType::float32) {
  return evaluate(random::normal(random::key(static_cast<std::uint64_t>(seed)), shape, 0, 1, dtype));
}

/// What results are weighted with, the same for each sequence: those of fewer steps are the first of more.
inline Tensor step_weights(const Tensor& x) {
  return normal_values(9, x.shape().with(x.rank() - 2, 1), x.dtype());
}

/// A number that depends on all outputs and states.
inline Tensor weighted(const nn::Sequence& run) {
  Tensor total = sum(run * step_weights(run));
  for (const nn::State& state : run.state) {
    for (const Tensor& part : state.parts) total = total + sum(part * step_weights(part));
  }
  return total;
}

/// The parts of all states, one after the other.
inline Tensors parts_of(const nn::States& states) {
  Tensors all;
  for (const nn::State& state : states) all.insert(all.end(), state.parts.begin(), state.parts.end());
  return all;
}

/// States of these shapes with these parts.
inline nn::States states_like(const nn::States& states, const Tensors& parts) {
  nn::States result;
  std::size_t next = 0;
  for (const nn::State& state : states) {
    nn::State& own = result.emplace_back();
    for (std::size_t i = 0; i < state.parts.size(); ++i) own.parts.push_back(parts[next++]);
  }
  return result;
}

/// Outputs, states, and the gradients of x, the initial states and all Variables.
inline Tensors everything(const nn::SequenceLayer& layer, const Tensor& x, const nn::RecurrentCall& call) {
  const nn::Sequence run = layer(x, call);
  Tensors wrt{x};
  for (const Tensor& part : parts_of(call.initial)) wrt.push_back(part);
  for (const NamedVariable& named : layer.variables()) wrt.push_back(named.variable);
  Tensors all = grad(weighted(run), wrt);
  all.push_back(run);
  for (const Tensor& part : parts_of(run.state)) all.push_back(part);
  return all;
}

/// Initial states that are not zero.
inline nn::States some_states(const nn::SequenceLayer& layer, Index batch) {
  const nn::States zeros = layer.initial(batch);
  Tensors parts;
  for (const Tensor& part : parts_of(zeros)) {
    parts.push_back(normal_values(30 + static_cast<int>(parts.size()), part.shape()));
  }
  return states_like(zeros, parts);
}

inline Tensor lengths_of(const std::vector<std::int32_t>& lengths) {
  return tensor(lengths, {static_cast<Index>(lengths.size())});
}

/// Checks that two lists of tensors hold the same numbers, zeros of either sign being equal.
inline void check_same(const Tensors& got, const Tensors& expected) {
  REQUIRE(got.size() == expected.size());
  for (std::size_t i = 0; i < got.size(); ++i) {
    INFO("result " << i << ", " << got[i].spec().text());
    CHECK(got[i].shape() == expected[i].shape());
    CHECK(numbers(got[i]) == numbers(expected[i]));
  }
}

constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

}  // namespace sluice::test
