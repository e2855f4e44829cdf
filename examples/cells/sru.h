#pragma once

// The simple recurrent unit: all products are with the input, so that none is left in the loop.

#include <sluice/graph/arithmetic.h>
#include <sluice/nn/linear.h>
#include <sluice/nn/recurrent.h>
#include <sluice/ops/random.h>
#include <sluice/ops/sigmoid.h>

#include <cmath>

namespace sl = sluice;

struct SRUOptions {
  /// Of the gates' biases. Negative ones let layers begin as a highway: more of x passes.
  double bias = 0;
  sl::DType dtype = sl::DType::float32;
};

/// Lei, Zhang, Wang, Dai and Artzi, "Simple recurrent units for highly parallelizable recurrence", 2018:
///
///   u = x W
///   f = sigmoid(x W_f + v_f * c + b_f)
///   r = sigmoid(x W_r + v_r * c + b_r)
///   c' = f * c + (1 - f) * u
///   h' = r * c' + (1 - r) * a x W_x
///
/// with a = sqrt(1 + 2 exp(b)) for the biases b of before training, and without W_x where inputs and hidden
/// are equal. The state is {h, c}. The gates see the memory of their own unit only, through one weight
/// each: the products of all steps are one before the loop, and the loop is as fast as memory. In return a
/// unit learns of the others a layer later; take two or more.
struct SRUCell : sl::nn::Cell {
  using Options = SRUOptions;
  sl::nn::Linear value, forget, reset;
  sl::nn::Linear skip;    // W_x; without Variables where x has the right size
  sl::Variable v_f, v_r;  // one weight per unit
  double scale;           // a

  SRUCell(sl::Index inputs, sl::Index hidden, const sl::Tensor& key, const Options& options = {})
      : Cell(inputs, {hidden, hidden}),
        value(inputs, hidden, sl::random::fold_in(key, 0), {.bias = false, .dtype = options.dtype}),
        forget(inputs, hidden, sl::random::fold_in(key, 1),
               {.bias_init = sl::nn::init::constant(options.bias), .dtype = options.dtype}),
        reset(inputs, hidden, sl::random::fold_in(key, 2),
              {.bias_init = sl::nn::init::constant(options.bias), .dtype = options.dtype}),
        skip(inputs, hidden, sl::random::fold_in(key, 3), {.bias = false, .dtype = options.dtype}),
        v_f(small(hidden, sl::random::fold_in(key, 4), options.dtype)),
        v_r(small(hidden, sl::random::fold_in(key, 5), options.dtype)),
        scale(std::sqrt(1 + 2 * std::exp(options.bias))) {}

  sl::nn::State step(const sl::Tensor& x, const sl::nn::State& s) const override {
    const sl::Tensor& c = s.parts[1];
    const auto f = sl::sigmoid(forget(x) + v_f * c);
    const auto r = sl::sigmoid(reset(x) + v_r * c);
    const auto next = f * c + (1 - f) * value(x);
    const auto passed = scale * (inputs() == hidden() ? x : skip(x));
    return {r * next + (1 - r) * passed, next};
  }

  void members(const sl::nn::Members& m) const override {
    m("value", value), m("forget", forget), m("reset", reset), m("v_f", v_f), m("v_r", v_r);
    if (inputs() != hidden()) m("skip", skip);
  }

 private:
  static sl::Tensor small(sl::Index hidden, const sl::Tensor& key, sl::DType dtype) {
    const double bound = 1 / std::sqrt(static_cast<double>(hidden));
    return sl::random::uniform(key, {hidden}, -bound, bound, dtype);
  }
};
