#pragma once

#include <sluice/kernels/threads.h>
#include <sluice/ops/pairwise.h>
#include <sluice/ops/conv1d.inl>

#include <type_traits>

/// Depthwise convolutions, each channel with taps of its own: elementwise products in place of matrices.
namespace sluice::detail {

inline constexpr Index conv_together = 16;  // channels whose sums are in registers at once

/// f(c, width) for blocks of channels; the width of all but the last few is known to the compiler.
template <class F>
void conv_channel_blocks(Index begin, Index end, const F& f) {
  Index c = begin;
  for (; c + conv_together <= end; c += conv_together) f(c, std::integral_constant<Index, conv_together>());
  for (; c < end; ++c) f(c, std::integral_constant<Index, 1>());
}

/// As ConvRows, for a depthwise convolution.
template <class T>
void convolve_channels(const Conv1dSizes& s, bool transposed, const T* from, const T* w, T* to) {
  const Index channels = s.in;
  const Index size = s.batch * channels;
  const Index from_time = transposed ? s.y_time : s.x_time;
  for (Index remainder = 0; remainder < ConvPhase::number(s, transposed); ++remainder) {
    const ConvPhase phase(s, transposed, remainder);
    const Index grain = 1 + (Index{1} << 14) / (size * std::max<Index>(phase.taps, 1));
    kernels::parallel_for(phase.count * s.batch, grain * s.batch, [&](Index begin, Index end) {
      for (Index row = begin; row < end; ++row) {
        const Index i = row / s.batch;
        const Index in_step = row % s.batch * channels;
        const auto lies_outside = [&](Index j) {
          const Index step = phase.from(j) + i * phase.from_step;
          return step < 0 || step >= from_time;
        };
        StepRange heard{0, phase.taps};
        while (heard.count() > 0 && lies_outside(heard.begin)) ++heard.begin;
        while (heard.count() > 0 && lies_outside(heard.end - 1)) --heard.end;
        T* y = to + (phase.to_first + i * phase.to_step) * size + in_step;
        if (heard.count() == 0) {  // also where there is no step at all, nor memory of one
          std::fill_n(y, channels, T{0});
          continue;
        }
        const T* x = from + (phase.from(heard.begin) + i * phase.from_step) * size + in_step;
        const T* tap = w + phase.tap(heard.begin) * channels;
        conv_channel_blocks(0, channels, [&](Index c, auto width) {
          T sums[width()] = {};
          for (Index j = 0; j < heard.count(); ++j) {
            const T* a = x + j * phase.from_apart * size + c;
            const T* b = tap + j * phase.tap_step * channels + c;
            for (Index l = 0; l < width(); ++l) sums[l] += a[l] * b[l];
          }
          for (Index l = 0; l < width(); ++l) y[c + l] = sums[l];
        });
      }
    });
  }
}

/// As ConvWeight, for a depthwise convolution: steps are added pairwise, in an order that depends on the
/// sizes alone.
template <class T>
void weigh_channels(const Conv1dSizes& s, const T* x, const T* dy, T* dw) {
  const Index channels = s.in;
  const Index size = s.batch * channels;
  const Index blocks = conv_ceil_divide(channels, conv_together);
  const Index work = 1 + s.y_time * s.batch * conv_together;
  kernels::parallel_for(s.taps * blocks, 1 + (Index{1} << 14) / work, [&](Index begin, Index end) {
    for (Index at = begin; at < end; ++at) {
      const Index k = at / blocks;
      const Index first = at % blocks * conv_together;
      const StepRange range = steps_inside(s.first_step(k), s.stride, s.y_time, s.x_time);
      conv_channel_blocks(first, std::min(channels, first + conv_together), [&](Index c, auto width) {
        const auto add_step = [&](T* sums, Index j) {
          const Index t = range.begin + j;
          const T* a = x + (s.first_step(k) + t * s.stride) * size + c;
          const T* b = dy + t * size + c;
          T of_step[width()] = {};
          for (Index row = 0; row < s.batch; ++row, a += channels, b += channels) {
            for (Index l = 0; l < width(); ++l) of_step[l] += a[l] * b[l];
          }
          for (Index l = 0; l < width(); ++l) sums[l] += of_step[l];
        };
        const auto add = [](T* y, const T* more, Index n) {
          for (Index l = 0; l < n; ++l) y[l] += more[l];
        };
        combine_pairwise(range.count(), Index{width()}, T{0}, dw + k * channels + c, add_step, add);
      });
    }
  });
}

}  // namespace sluice::detail
