#pragma once

// The closed-form continuous-time cell: a neuron's differential equation, solved once and for all, so that
// steps may be of any length.

#include <sluice/graph/arithmetic.h>
#include <sluice/nn/linear.h>
#include <sluice/nn/recurrent.h>
#include <sluice/ops/concat.h>
#include <sluice/ops/random.h>
#include <sluice/ops/sigmoid.h>
#include <sluice/ops/silu.h>
#include <sluice/ops/slice.h>
#include <sluice/ops/tanh.h>

namespace sl = sluice;

struct CfCOptions {
  sl::Index backbone = 0;  ///< units that the three heads share; 0 takes as many as are hidden
  sl::DType dtype = sl::DType::float32;
};

/// Hasani, Lechner, Amini and others, "Closed-form continuous-time neural networks", 2022. The last column
/// of x is the time dt since the step before; u are the other columns:
///
///   b = silu([u, h] W_b + b_b)
///   s = sigmoid(-(b W_f + b_f) dt)
///   h' = s * tanh(b W_g + b_g) + (1 - s) * tanh(b W_k + b_k)
///
/// The state is {h}. As dt grows, a unit goes from between the two values to one of them, at a rate of its
/// own. For measurements that come when they come: no grid, no filling in.
struct CfCCell : sl::nn::Cell {
  using Options = CfCOptions;
  sl::nn::Linear backbone, rate, near, far;

  /// `inputs` counts the column dt: at least 2.
  CfCCell(sl::Index inputs, sl::Index hidden, const sl::Tensor& key, const Options& options = {})
      : CfCCell(inputs, hidden, options.backbone > 0 ? options.backbone : hidden, key, options.dtype) {}

  sl::nn::State step(const sl::Tensor& x, const sl::nn::State& s) const override {
    const auto u = sl::slice(x, -1, 0, inputs() - 1);
    const auto dt = sl::slice(x, -1, inputs() - 1);
    const auto b = sl::silu(backbone(sl::concat({u, s.output()}, -1)));
    const auto share = sl::sigmoid(-rate(b) * dt);
    return {share * sl::tanh(near(b)) + (1 - share) * sl::tanh(far(b))};
  }

  void members(const sl::nn::Members& m) const override {
    m("backbone", backbone), m("rate", rate), m("near", near), m("far", far);
  }

 private:
  CfCCell(sl::Index inputs, sl::Index hidden, sl::Index units, const sl::Tensor& key, sl::DType dtype)
      : Cell(inputs, {hidden}),
        backbone(inputs - 1 + hidden, units, sl::random::fold_in(key, 0), {.dtype = dtype}),
        rate(units, hidden, sl::random::fold_in(key, 1), {.dtype = dtype}),
        near(units, hidden, sl::random::fold_in(key, 2), {.dtype = dtype}),
        far(units, hidden, sl::random::fold_in(key, 3), {.dtype = dtype}) {}
};
