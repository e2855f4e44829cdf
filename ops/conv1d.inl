#pragma once

#include <sluice/graph/op.h>

#include <algorithm>
#include <numeric>

/// Sizes of a convolution over time, for the kernels of its three ops.
namespace sluice::detail {

/// What the three ops of a convolution have in common: y = conv(x, w), the gradient for x and that for w are
/// the three sides of one trilinear form, the sum of y[t] x[t stride - before + k dilation] w[k].
struct Conv1dSizes {
  Index taps = 0;
  Index stride = 1;
  Index dilation = 1;
  Index groups = 1;
  Index before = 0;
  Index x_time = 0;
  Index y_time = 0;
  Index batch = 0;
  Index in = 0;   ///< channels of x
  Index out = 0;  ///< channels of y

  Index group_in() const { return in / groups; }
  Index group_out() const { return out / groups; }
  bool is_depthwise() const { return in == groups && out == groups && groups > 1; }
  /// The step of x that tap k of the first step of y reads.
  Index first_step(Index tap) const { return tap * dilation - before; }
};

/// A range of steps.
struct StepRange {
  Index begin = 0;
  Index end = 0;
  Index count() const { return end - begin; }
};

inline Index conv_ceil_divide(Index a, Index b) { return a > 0 ? (a + b - 1) / b : -(-a / b); }

/// The i in [0, count) for which first + i step lies in [0, time).
inline StepRange steps_inside(Index first, Index step, Index count, Index time) {
  const Index begin = std::clamp<Index>(conv_ceil_divide(-first, step), 0, count);
  return {begin, std::clamp<Index>(conv_ceil_divide(time - first, step), begin, count)};
}

/// The steps of y, i in [0, count), that a kernel computes from steps of x with the same taps throughout:
/// step `to_first + i to_step` of the result is the sum over the taps k = first_tap, first_tap + tap_step,
/// ... of step `from(k) + i from_step` of the source times w[k]. A convolution is one phase, its transpose
/// one for each remainder of a step divided by the stride.
struct ConvPhase {
  ConvPhase(const Conv1dSizes& s, bool transposed, Index remainder) {
    if (!transposed) {
      taps = s.taps, count = s.y_time, from_step = s.stride;
      from_first = s.first_step(0), from_apart = s.dilation;
      return;
    }
    to_first = remainder, to_step = s.stride;
    count = std::max<Index>(0, conv_ceil_divide(s.x_time - remainder, s.stride));
    // The taps through which a step of y reaches this one repeat after `period` of them.
    const Index period = std::min(s.taps, tap_period(s));
    while (first_tap < period && (to_first - s.first_step(first_tap)) % s.stride != 0) ++first_tap;
    if (first_tap == period) return;
    tap_step = tap_period(s);
    taps = conv_ceil_divide(s.taps - first_tap, tap_step);
    from_first = (to_first - s.first_step(first_tap)) / s.stride;
    from_apart = -s.dilation * tap_step / s.stride;
  }

  static Index number(const Conv1dSizes& s, bool transposed) {
    return transposed ? std::min(s.stride, s.x_time) : 1;
  }
  static Index tap_period(const Conv1dSizes& s) { return s.stride / std::gcd(s.stride, s.dilation); }
  static Index most_taps(const Conv1dSizes& s, bool transposed) {
    return transposed ? conv_ceil_divide(s.taps, tap_period(s)) : s.taps;
  }

  Index tap(Index j) const { return first_tap + j * tap_step; }
  /// The step of the source that tap j of step 0 reads.
  Index from(Index j) const { return from_first + j * from_apart; }

  Index taps = 0;
  Index first_tap = 0;
  Index tap_step = 1;
  Index count = 0;
  Index from_first = 0;
  Index from_apart = 1;
  Index from_step = 1;
  Index to_first = 0;
  Index to_step = 1;
};

}  // namespace sluice::detail
