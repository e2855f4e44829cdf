#pragma once

// The Mogrifier LSTM: before each step, the input and the state change each other.

#include <sluice/graph/arithmetic.h>
#include <sluice/nn/linear.h>
#include <sluice/nn/recurrent.h>
#include <sluice/ops/concat.h>
#include <sluice/ops/random.h>
#include <sluice/ops/sigmoid.h>
#include <sluice/ops/tanh.h>

#include <vector>

namespace sl = sluice;

struct MogrifierOptions {
  sl::Index rounds = 5;  ///< 0 is an LSTM
  sl::DType dtype = sl::DType::float32;
};

/// Melis, Kocisky and Blunsom, "Mogrifier LSTM", 2020. In rounds i = 1 .. r, x and h scale each other:
///
///   x = 2 sigmoid(h Q_i) * x      for odd i
///   h = 2 sigmoid(x R_i) * h      for even i
///
/// and an LSTM takes what they have become, with xh = [x, h]:
///
///   f = sigmoid(xh W_f + b_f)
///   i = sigmoid(xh W_i + b_i)
///   n = tanh(xh W_n + b_n)
///   o = sigmoid(xh W_o + b_o)
///   c' = f * c + i * n
///   h' = o * tanh(c')
///
/// The state is {h, c}. In place of the product with x, which an LSTM has before its loop, every step has one
/// for each round: about twice the work. Good for text: the same word means something else in another place.
struct MogrifierCell : sl::nn::Cell {
  using Options = MogrifierOptions;
  std::vector<sl::nn::Linear> rounds;               // Q_1, R_2, Q_3, ...
  sl::nn::Linear forget, input, candidate, output;  // each takes [x, h]

  MogrifierCell(sl::Index inputs, sl::Index hidden, const sl::Tensor& key, const Options& options = {})
      : Cell(inputs, {hidden, hidden}),
        forget(inputs + hidden, hidden, sl::random::fold_in(key, 0),
               {.bias_init = sl::nn::init::constant(1), .dtype = options.dtype}),
        input(inputs + hidden, hidden, sl::random::fold_in(key, 1), {.dtype = options.dtype}),
        candidate(inputs + hidden, hidden, sl::random::fold_in(key, 2), {.dtype = options.dtype}),
        output(inputs + hidden, hidden, sl::random::fold_in(key, 3), {.dtype = options.dtype}) {
    for (int i = 0; i < options.rounds; ++i) {
      const bool of_x = i % 2 == 0;
      rounds.emplace_back(of_x ? hidden : inputs, of_x ? inputs : hidden, sl::random::fold_in(key, 4 + i),
                          sl::nn::LinearOptions{.bias = false, .dtype = options.dtype});
    }
  }

  sl::nn::State step(const sl::Tensor& in, const sl::nn::State& s) const override {
    auto [h, c] = s.pair();
    sl::Tensor x = in;
    for (std::size_t i = 0; i < rounds.size(); ++i) {
      if (i % 2 == 0) {
        x = 2 * sl::sigmoid(rounds[i](h)) * x;
      } else {
        h = 2 * sl::sigmoid(rounds[i](x)) * h;
      }
    }
    const auto xh = sl::concat({x, h}, -1);
    const auto f = sl::sigmoid(forget(xh));
    const auto i = sl::sigmoid(input(xh));
    const auto n = sl::tanh(candidate(xh));
    const auto o = sl::sigmoid(output(xh));
    const auto next = f * c + i * n;
    return {o * sl::tanh(next), next};
  }

  void members(const sl::nn::Members& m) const override {
    m("rounds", rounds);
    m("forget", forget), m("input", input), m("candidate", candidate), m("output", output);
  }
};
