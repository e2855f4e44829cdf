#pragma once

// Quantisation to n bits with a straight-through gradient, and a recurrent cell that computes with such
// weights. Made of ops: in a program the whole is one fused loop.

#include <sluice/graph/arithmetic.h>
#include <sluice/graph/variable.h>
#include <sluice/nn/cell.h>
#include <sluice/nn/linear.h>
#include <sluice/ops/clamp.h>
#include <sluice/ops/concat.h>
#include <sluice/ops/matmul.h>
#include <sluice/ops/round.h>
#include <sluice/ops/straight_through.h>
#include <sluice/ops/tanh.h>

#include <fmt/format.h>

#include <cmath>

namespace sl = sluice;

/// x rounded to one of 2^bits levels, multiples of `step`:
///
///     y = step round(v),  v = clamp(x / step, -2^(bits - 1), 2^(bits - 1) - 1)
///
/// On the way back, rounding counts as the identity (Bengio, Leonard, Courville 2013). So the gradient for x
/// is dy between the outermost levels and zero beyond them; that for a step which is learned is the sum of
/// dy (round(v) - v) between them and of dy v beyond, as in Esser and others, "Learned step size
/// quantization", 2020. Of two levels that are equally near, the even one. NaN stays. x is floating-point;
/// the step is a positive number, or a tensor of the same dtype that broadcasts to x. Throws Error for bits
/// outside of 2..16 and for a number that is no step, ShapeError for other dtypes.
inline sl::Tensor fake_quantize(const sl::Operand& x, const sl::Operand& step, int bits) {
  if (bits < 2 || bits > 16) {
    throw sl::Error(
        fmt::format("[fake_quantize] there are from 2 to 16 bits: got {}; choose one of these", bits),
        x.where());
  }
  const double number = step.is_number() ? step.tensor(sl::DType::float64).item() : 1;
  if (!(number > 0 && std::isfinite(number))) {
    throw sl::Error(fmt::format("[fake_quantize] a step must be above 0 and finite: got {}; for weights "
                                "2 max|w| / 2^bits is usual",
                                number),
                    x.where());
  }
  const sl::Tensor from = x.tensor(), by = step.tensor(from.dtype());
  if (!sl::is_floating(from.dtype()) || from.dtype() != by.dtype()) {
    throw sl::ShapeError(
        fmt::format("[fake_quantize] x and the step must be floating-point, of one dtype: got "
                    "{} and {}; cast one of them",
                    from.spec().text(), by.spec().text()),
        x.where());
  }
  const double half = std::ldexp(1.0, bits - 1);
  const sl::Tensor v = clamp(from / by, -half, half - 1);
  return straight_through(round(v), v) * by;
}

/// An Elman cell with weights of a few bits, h' = tanh([x, h] q(W) + b), as they will be on the device it is
/// trained for. The weights and the step stay in full precision for the optimiser: small updates add up until
/// a weight reaches its next level.
struct QuantizedCell : sl::nn::Cell {
  struct Options {
    int bits = 8;
  };

  int bits;
  sl::nn::Linear in;       // takes [x, h]
  sl::Variable precision;  // the step between levels, learned

  QuantizedCell(sl::Index inputs, sl::Index hidden, const sl::Tensor& key, const Options& options)
      : Cell(inputs, {hidden}),
        bits(options.bits),
        in(inputs + hidden, hidden, key),
        precision(sl::full({}, std::ldexp(1 / std::sqrt(static_cast<double>(inputs + hidden)), 1 - bits))) {}

  sl::nn::State step(const sl::Tensor& x, const sl::nn::State& s) const override {
    const sl::Tensor weight = fake_quantize(in.weight, precision, bits);
    return {sl::tanh(sl::matmul(sl::concat({x, s.output()}, -1), weight) + in.bias)};
  }

  void members(const sl::nn::Members& m) const override { m("in", in), m("precision", precision); }
};
