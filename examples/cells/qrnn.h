#pragma once

// The quasi-recurrent network: a convolution over time, then gates that only mix.

#include <sluice/graph/arithmetic.h>
#include <sluice/nn/linear.h>
#include <sluice/nn/recurrent.h>
#include <sluice/ops/concat.h>
#include <sluice/ops/random.h>
#include <sluice/ops/sigmoid.h>
#include <sluice/ops/slice.h>
#include <sluice/ops/tanh.h>

#include <memory>

namespace sl = sluice;

/// The last `taps` inputs side by side, the newest first, zeros before the first: what a causal convolution
/// looks at. It only moves values.
struct WindowCell : sl::nn::Cell {
  WindowCell(sl::Index inputs, sl::Index taps) : Cell(inputs, {taps * inputs}) {}

  sl::nn::State step(const sl::Tensor& x, const sl::nn::State& s) const override {
    return {sl::concat({x, sl::slice(s.output(), -1, 0, hidden() - inputs())}, -1)};
  }

  void members(const sl::nn::Members&) const override {}
};

/// "fo-pooling": z, f and o are of the window x alone, so the compiler takes their products out of the loop,
/// as one for all steps. The state is {h, c}.
struct PoolCell : sl::nn::Cell {
  sl::nn::Linear candidate, forget, output;

  PoolCell(sl::Index inputs, sl::Index hidden, const sl::Tensor& key, sl::DType dtype)
      : Cell(inputs, {hidden, hidden}),
        candidate(inputs, hidden, sl::random::fold_in(key, 0), {.dtype = dtype}),
        forget(inputs, hidden, sl::random::fold_in(key, 1), {.dtype = dtype}),
        output(inputs, hidden, sl::random::fold_in(key, 2), {.dtype = dtype}) {}

  sl::nn::State step(const sl::Tensor& x, const sl::nn::State& s) const override {
    const sl::Tensor& c = s.parts[1];
    const auto z = sl::tanh(candidate(x));
    const auto f = sl::sigmoid(forget(x));
    const auto o = sl::sigmoid(output(x));
    const auto next = f * c + (1 - f) * z;
    return {o * next, next};
  }

  void members(const sl::nn::Members& m) const override {
    m("candidate", candidate), m("forget", forget), m("output", output);
  }
};

struct QRNNOptions {
  sl::Index taps = 2;  ///< how many steps the convolution sees
  sl::DType dtype = sl::DType::float32;
};

/// One layer of Bradbury, Merity, Xiong and Socher, "Quasi-recurrent neural networks", 2017. With the window
/// X_t = [x_t, x_{t-1}, ..., x_{t-taps+1}],
///
///   z = tanh(X W_z + b_z),  f = sigmoid(X W_f + b_f),  o = sigmoid(X W_o + b_o)
///   c' = f * c + (1 - f) * z
///   h' = o * c'
///
/// It is two cells, one above the other: what looks back over the window, and what pools. So it streams,
/// takes lengths and resets, and runs backwards as any layers do; a window never reaches into another
/// sequence.
struct QRNN : sl::nn::RecurrentLayers {
  QRNN(sl::Index inputs, sl::Index hidden, const sl::Tensor& key, const QRNNOptions& options = {})
      : RecurrentLayers({std::make_shared<WindowCell>(inputs, options.taps),
                         std::make_shared<PoolCell>(options.taps * inputs, hidden, key, options.dtype)}) {}
};
