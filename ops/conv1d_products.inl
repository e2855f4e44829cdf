#pragma once

#include <sluice/kernels/gemm.h>
#include <sluice/kernels/packed_matrix.h>
#include <sluice/kernels/threads.h>
#include <sluice/ops/conv1d.inl>

#include <cstddef>
#include <span>

/// The products of a convolution over time. In [time, batch, channels] the rows that a tap multiplies are a
/// block of memory, so a product reads them where they lie: the taps are parts of its left operand.
namespace sluice::detail {

/// The work memory of convolve_rows, in bytes: the packed taps of all groups, a row of zeros for the taps
/// that lie before the first step or after the last, and each worker's list of parts.
template <class T>
struct ConvMemory {
  ConvMemory(const Conv1dSizes& s, bool transposed, int workers) {
    const Index from = transposed ? s.group_out() : s.group_in();
    const Index to = transposed ? s.group_in() : s.group_out();
    const Index taps = ConvPhase::most_taps(s, transposed);
    group_size = in_lines(kernels::packed_size<T>(taps * from, to));
    zeros = s.groups * group_size;
    parts = (zeros + in_lines(from)) * size;
    part_count = taps;
    bytes = parts + workers * taps * static_cast<Index>(sizeof(kernels::LeftPart<T>));
  }

  static constexpr Index size = static_cast<Index>(sizeof(T));
  static Index in_lines(Index elements) { return (elements * size + 63) / 64 * 64 / size; }

  Index group_size = 0;  ///< elements of the packed taps of a group
  Index zeros = 0;       ///< where the row of zeros is, in elements
  Index parts = 0;       ///< where the lists of parts are, in bytes
  Index part_count = 0;  ///< of each worker
  Index bytes = 0;
};

/// y = conv(x, w) or, transposed, x = the gradient of sum(y conv(x, w)) for x, with `from` and `to` in their
/// places. The bits of a row depend on its taps alone, so rows are divided over threads in any way.
template <class T>
class ConvRows {
 public:
  ConvRows(const Conv1dSizes& s, bool transposed, const T* from, const T* w, T* to, void* memory, int workers)
      : s_(s),
        transposed_(transposed),
        workers_(workers),
        from_channels_(transposed ? s.out : s.in),
        to_channels_(transposed ? s.in : s.out),
        from_time_(transposed ? s.y_time : s.x_time),
        from_(from),
        w_(w),
        to_(to),
        layout_(s, transposed, workers),
        packed_(static_cast<T*>(memory)),
        parts_(reinterpret_cast<kernels::LeftPart<T>*>(static_cast<std::byte*>(memory) + layout_.parts)) {}

  void run() {
    std::fill_n(packed_ + layout_.zeros, from_channels_ / s_.groups, T{0});
    for (Index remainder = 0; remainder < ConvPhase::number(s_, transposed_); ++remainder) {
      const ConvPhase phase(s_, transposed_, remainder);
      pack(phase);
      const Index steps = steps_together(phase);
      const Index blocks = conv_ceil_divide(phase.count, steps);
      kernels::share_out(blocks * s_.groups, workers_, [&](Index piece, int worker) {
        const Index begin = piece % blocks * steps;
        multiply(phase, piece / blocks, {begin, std::min(phase.count, begin + steps)},
                 parts_ + worker * layout_.part_count);
      });
    }
  }

 private:
  Index group_from() const { return from_channels_ / s_.groups; }
  Index group_to() const { return to_channels_ / s_.groups; }

  /// The taps of each group below each other, as one right operand.
  void pack(const ConvPhase& phase) {
    const Index rows = group_from();
    if (rows == 0) return;  // nor is there memory of w
    const Index grain = (Index{1} << 15) / std::max<Index>(1, rows * group_to());
    kernels::parallel_for(s_.groups * phase.taps, grain, [&](Index begin, Index end) {
      for (Index at = begin; at < end; ++at) {
        const Index group = at / phase.taps;
        const Index j = at % phase.taps;
        const T* tap = w_ + phase.tap(j) * s_.group_in() * s_.out + group * s_.group_out();
        kernels::pack_rows(transposed_, phase.taps * rows, group_to(), j * rows, rows, tap, s_.out,
                           packed_ + group * layout_.group_size);
      }
    });
  }

  /// As many steps as have rows that stay in the L2 cache, and enough blocks to keep all workers busy.
  Index steps_together(const ConvPhase& phase) const {
    constexpr Index most_bytes = Index{1} << 18;
    constexpr Index least_rows = 48;
    const Index rows = phase.count * s_.batch * s_.groups;
    Index together = std::max(least_rows, most_bytes / (group_from() * ConvMemory<T>::size + 1));
    if (workers_ > 1) together = std::clamp(conv_ceil_divide(rows, 4 * workers_), least_rows, together);
    return std::max<Index>(1, together / s_.batch);
  }

  /// The rows of some steps, in runs of steps through which the same taps lie inside of the source.
  void multiply(const ConvPhase& phase, Index group, StepRange range, kernels::LeftPart<T>* parts) {
    const Index step_size = s_.batch * from_channels_;
    for (Index i = range.begin, next = 0; i < range.end; i = next) {
      next = range.end;
      for (Index j = 0; j < phase.taps; ++j) {
        const StepRange inside = steps_inside(phase.from(j), phase.from_step, phase.count, from_time_);
        const Index step = phase.from(j) + i * phase.from_step;
        if (i < inside.begin) next = std::min(next, inside.begin);
        if (i >= inside.begin && i < inside.end) {
          next = std::min(next, inside.end);
          parts[j] = {from_ + step * step_size + group * group_from(), from_channels_, group_from()};
        } else {
          parts[j] = {packed_ + layout_.zeros, 0, group_from()};
        }
      }
      multiply_run(phase, group, {i, next}, std::span(parts, static_cast<std::size_t>(phase.taps)));
    }
  }

  void multiply_run(const ConvPhase& phase, Index group, StepRange range,
                    std::span<kernels::LeftPart<T>> parts) {
    const Index apart = s_.batch * to_channels_ * phase.to_step;
    T* to =
        to_ + (phase.to_first + range.begin * phase.to_step) * s_.batch * to_channels_ + group * group_to();
    const auto product = [&](Index rows, T* c, Index ldc) {
      kernels::multiply_packed<T>(nullptr, 0, rows, group_to(), parts, packed_ + group * layout_.group_size,
                                  c, ldc);
    };
    if (phase.from_step == 1 && phase.to_step == 1)
      return product(range.count() * s_.batch, to, to_channels_);
    const Index step = s_.batch * from_channels_ * phase.from_step;
    if (s_.batch == 1) {  // the rows of all steps are equally far apart
      for (auto& part : parts) part.stride = part.stride == 0 ? 0 : step;
      return product(range.count(), to, apart);
    }
    for (Index i = range.begin; i < range.end; ++i, to += apart) {
      product(s_.batch, to, to_channels_);
      for (auto& part : parts) part.data += part.stride == 0 ? 0 : step;
    }
  }

  const Conv1dSizes& s_;
  bool transposed_;
  int workers_;
  Index from_channels_;
  Index to_channels_;
  Index from_time_;
  const T* from_;
  const T* w_;
  T* to_;
  ConvMemory<T> layout_;
  T* packed_;
  kernels::LeftPart<T>* parts_;
};

/// dw[k] = the product of the rows of x that tap k reads, transposed, and those of dy.
template <class T>
class ConvWeight {
 public:
  ConvWeight(const Conv1dSizes& s, int workers) : s_(s), workers_(workers) {
    for (Index k = 0; k < s.taps; ++k) {
      each_ = std::max(each_, kernels::gemm_workspace<T>(true, false, s.group_in(), s.group_out(),
                                                         steps(k).count() * s.batch));
    }
    each_ = ConvMemory<T>::in_lines(each_);
    gathered_ = gathers() ? ConvMemory<T>::in_lines(s.y_time * s.batch * s.group_in()) : 0;
  }

  Index bytes() const { return (each_ * workers_ + gathered_) * ConvMemory<T>::size; }

  void run(const T* x, const T* dy, T* dw, void* memory) const {
    const Index products = s_.taps * s_.groups;
    const double work = static_cast<double>(s_.group_in()) * static_cast<double>(s_.group_out()) *
                        static_cast<double>(s_.y_time * s_.batch);
    T* const own = static_cast<T*>(memory);
    // Large products divide themselves over the threads; small ones are divided, several at a time.
    if (work > 1 << 20 || gathers()) {
      for (Index at = 0; at < products; ++at)
        multiply(at, x, dy, dw, {own, workers_}, own + each_ * workers_);
      return;
    }
    const Index grain = std::max<Index>(1, static_cast<Index>((1 << 18) / std::max(work, 1.0)));
    kernels::share_out(conv_ceil_divide(products, grain), workers_, [&](Index piece, int worker) {
      for (Index at = piece * grain; at < std::min(products, (piece + 1) * grain); ++at)
        multiply(at, x, dy, dw, {own + worker * each_, 1}, nullptr);
    });
  }

 private:
  bool gathers() const { return s_.stride > 1 && s_.batch > 1; }
  /// The steps of y for which tap k lies inside of x.
  StepRange steps(Index k) const { return steps_inside(s_.first_step(k), s_.stride, s_.y_time, s_.x_time); }

  void multiply(Index at, const T* x, const T* dy, T* dw, kernels::Workspace<T> workspace,
                T* gathered) const {
    const Index k = at / s_.groups;
    const Index group = at % s_.groups;
    const StepRange range = steps(k);
    const Index rows = range.count() * s_.batch;
    // Without rows there may be no memory either.
    const T* left = rows == 0 ? x
                              : x + (s_.first_step(k) + range.begin * s_.stride) * s_.batch * s_.in +
                                    group * s_.group_in();
    const T* right = rows == 0 ? dy : dy + range.begin * s_.batch * s_.out + group * s_.group_out();
    Index apart = s_.batch == 1 ? s_.stride * s_.in : s_.in;
    if (gathers()) {  // the rows of every stride-th step, next to each other
      kernels::parallel_for(rows, 1 + (1 << 14) / (s_.group_in() + 1), [&](Index begin, Index end) {
        for (Index row = begin; row < end; ++row) {
          const Index from = row / s_.batch * s_.stride * s_.batch + row % s_.batch;
          std::copy_n(left + from * s_.in, s_.group_in(), gathered + row * s_.group_in());
        }
      });
      left = gathered;
      apart = s_.group_in();
    }
    kernels::gemm(true, false, s_.group_in(), s_.group_out(), rows, left, std::max<Index>(apart, 1), right,
                  std::max<Index>(s_.out, 1), T{0}, dw + k * s_.group_in() * s_.out + group * s_.group_out(),
                  std::max<Index>(s_.out, 1), workspace);
  }

  const Conv1dSizes& s_;
  int workers_;
  Index each_ = 0;
  Index gathered_ = 0;
};

}  // namespace sluice::detail
