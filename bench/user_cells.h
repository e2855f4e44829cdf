#pragma once
// Cells as a user would write them, in plain equations.

#include <sluice/graph/arithmetic.h>
#include <sluice/nn/cell.h>
#include <sluice/nn/layer_norm.h>
#include <sluice/nn/linear.h>
#include <sluice/ops/concat.h>
#include <sluice/ops/random.h>
#include <sluice/ops/sigmoid.h>
#include <sluice/ops/tanh.h>

namespace bench {

namespace sl = sluice;

/// An LSTM with each gate and the memory normalised. Ba, Kiros and Hinton, "Layer normalization", 2016.
struct LayerNormLSTM : sl::nn::Cell {
  sl::nn::Linear forget, input, candidate, output;  // each takes [x, h]; the norms have the biases
  sl::nn::LayerNorm norm_f, norm_i, norm_n, norm_o, norm_c;

  LayerNormLSTM(sl::Index inputs, sl::Index hidden, const sl::Tensor& key)
      : Cell(inputs, {hidden, hidden}),
        forget(inputs + hidden, hidden, sl::random::fold_in(key, 0), {.bias = false}),
        input(inputs + hidden, hidden, sl::random::fold_in(key, 1), {.bias = false}),
        candidate(inputs + hidden, hidden, sl::random::fold_in(key, 2), {.bias = false}),
        output(inputs + hidden, hidden, sl::random::fold_in(key, 3), {.bias = false}),
        norm_f(hidden),
        norm_i(hidden),
        norm_n(hidden),
        norm_o(hidden),
        norm_c(hidden) {}

  sl::nn::State step(const sl::Tensor& x, const sl::nn::State& s) const override {
    const auto [h, c] = s.pair();
    const auto xh = sl::concat({x, h}, -1);
    const auto f = sl::sigmoid(norm_f(forget(xh)));
    const auto i = sl::sigmoid(norm_i(input(xh)));
    const auto n = sl::tanh(norm_n(candidate(xh)));
    const auto o = sl::sigmoid(norm_o(output(xh)));
    const auto next = f * c + i * n;
    return {o * sl::tanh(norm_c(next)), next};
  }

  void members(const sl::nn::Members& m) const override {
    m("forget", forget), m("input", input), m("candidate", candidate), m("output", output);
    m("norm_f", norm_f), m("norm_i", norm_i), m("norm_n", norm_n), m("norm_o", norm_o), m("norm_c", norm_c);
  }
};

/// An LSTM whose gates see the memory. Gers and Schmidhuber, "Recurrent nets that time and count", 2000.
struct PeepholeLSTM : sl::nn::Cell {
  sl::nn::Linear forget, input, candidate, output;  // each takes [x, h]
  sl::Variable p_f, p_i, p_o;                       // one weight per unit

  PeepholeLSTM(sl::Index inputs, sl::Index hidden, const sl::Tensor& key)
      : Cell(inputs, {hidden, hidden}),
        forget(inputs + hidden, hidden, sl::random::fold_in(key, 0)),
        input(inputs + hidden, hidden, sl::random::fold_in(key, 1)),
        candidate(inputs + hidden, hidden, sl::random::fold_in(key, 2)),
        output(inputs + hidden, hidden, sl::random::fold_in(key, 3)),
        p_f(sl::full({hidden}, 0.1)),
        p_i(sl::full({hidden}, 0.1)),
        p_o(sl::full({hidden}, 0.1)) {}

  sl::nn::State step(const sl::Tensor& x, const sl::nn::State& s) const override {
    const auto [h, c] = s.pair();
    const auto xh = sl::concat({x, h}, -1);
    const auto f = sl::sigmoid(forget(xh) + p_f * c);
    const auto i = sl::sigmoid(input(xh) + p_i * c);
    const auto next = f * c + i * sl::tanh(candidate(xh));
    const auto o = sl::sigmoid(output(xh) + p_o * next);
    return {o * sl::tanh(next), next};
  }

  void members(const sl::nn::Members& m) const override {
    m("forget", forget), m("input", input), m("candidate", candidate), m("output", output);
    m("p_f", p_f), m("p_i", p_i), m("p_o", p_o);
  }
};

}  // namespace bench
