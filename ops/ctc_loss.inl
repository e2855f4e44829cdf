#pragma once

#include <sluice/graph/tensor.h>
#include <sluice/kernels/vector_math.h>
#include <sluice/ops/exp_sums.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>

/// The lattice of ctc_loss: what the op and its gradient have in common.
///
/// A path of a target of m labels goes through 2 m + 1 states: blank 0, label 0, blank 1, ..., label m - 1,
/// blank m. They are kept as two arrays, blanks and labels, so that one step is a few loops over each. From
/// blank i a path stays or goes on to label i; from label i - 1 it stays, goes on to blank i, or skips that
/// one, to label i, if the two labels differ.
namespace sluice::detail {

/// Throws ShapeError unless these are operands of ctc_loss.
void require_ctc(const Spec& logits, const Spec& targets, const Spec& input_lengths,
                 const Spec& target_lengths, Index blank);

/// The losses [batch], the trace [batch, time, ...] of the lattice, and the two numbers [time, batch, 2] that
/// scores are normalised by.
Specs ctc_outputs(const Spec& logits, const Spec& targets);

/// Throws Error for labels and lengths out of range.
void check_ctc(const View& logits, const View& targets, const View& input_lengths, const View& target_lengths,
               Index blank);

/// The gradient op: dlogits from what the loss was computed from, its second and third outputs, and dy.
Tensor ctc_loss_gradient(const Tensors& operands, const Tensor& trace, const Tensor& norms, const Tensor& dy,
                         Index blank);

struct CtcSizes {
  CtcSizes(const Shape& logits, const Shape& targets)
      : time(logits[0]), batch(logits[1]), classes(logits[2]), most(targets[1]) {}

  /// The length of an array of blanks or labels. There is one label more than counts and one of each behind
  /// them, which stay impossible, so that neighbours may be read without asking whether they are there.
  Index width() const { return most + 2; }
  /// A row of the lattice: blanks, then labels. The last blank is also the label before the first one.
  Index row() const { return 2 * width(); }
  /// The numbers of scratch memory for one sequence.
  Index scratch() const { return row() + 6 * width(); }

  Index time;
  Index batch;
  Index classes;
  Index most;  ///< labels of a target
};

template <class T>
constexpr T impossible = -std::numeric_limits<T>::infinity();

/// y = log(exp(a) + exp(b)), where both may be minus infinity. y may be a or b; `gap` is scratch memory.
template <class T>
void add_logs(const T* a, const T* b, T* y, T* gap, Index n) {
  for (Index i = 0; i < n; ++i) {
    const T distance = a[i] == b[i] ? T{0} : -std::abs(a[i] - b[i]);
    y[i] = a[i] < b[i] ? b[i] : a[i];
    gap[i] = distance;
  }
  kernels::softplus(gap, gap, static_cast<std::size_t>(n));
  for (Index i = 0; i < n; ++i) y[i] += gap[i];
}

/// One sequence of the batch, and scratch memory for it.
template <class T>
class CtcSequence {
 public:
  CtcSequence(const CtcSizes& sizes, Index blank, const View& logits, const View& targets,
              const View& input_lengths, const View& target_lengths, Index b, T* scratch)
      : sizes_(sizes),
        blank_(blank),
        logits_(logits.as<T>()),
        sequence_(b),
        labels_(targets.as<std::int32_t>() + b * sizes.most),
        steps_(input_lengths.as<std::int32_t>()[b]),
        count_(target_lengths.as<std::int32_t>()[b]),
        row_(scratch),
        skips_(row_ + sizes.row()),
        emitted_(skips_ + sizes.width()),
        arrive_(emitted_ + sizes.width()),
        gap_(arrive_ + sizes.width()),
        weights_(gap_ + sizes.width()) {
    std::fill_n(row_, sizes.row(), impossible<T>);
    std::fill_n(skips_, sizes.width(), T{1});
    for (Index i = 1; i < count_; ++i) skips_[i] = labels_[i] != labels_[i - 1] ? T{1} : T{0};
  }

  Index steps() const { return steps_; }
  /// Whether there are steps enough for the labels and the blanks between equal ones.
  bool fits() const { return steps_ >= count_ + std::count(skips_, skips_ + count_, T{0}); }

  const T* logits(Index t) const { return logits_ + (t * sizes_.batch + sequence_) * sizes_.classes; }

  /// -log p(target), NaN if a step's logits are. Row t of `trace`, if it is not null, receives the logarithms of
  /// the probabilities of all beginnings that end in a state at step t, in a unit of its own; norms[t] what the
  /// step's scores are normalised by, unless it is null.
  T forward(T* trace, T* norms) {
    double units = 0;
    const T* before = row_;
    row_[0] = 0;  // all paths begin at the first blank, before the first step
    for (Index t = 0; t < steps_; ++t) {
      const auto [low, n] = band(t);
      const T unit = t == 0 ? T{0} : largest(before, t - 1);
      const auto sums = exp_sums(logits(t), sizes_.classes, 1, 1, static_cast<T*>(nullptr));
      const T shift = sums.shifts[0];
      const T rest = std::log1p(sums.rests[0]);
      if (!std::isfinite(shift) || !std::isfinite(rest) || std::isnan(unit)) return undefined(trace);
      if (unit == impossible<T>) return -unit;
      units += static_cast<double>(unit);
      if (norms != nullptr) {
        norms[t * 2 * sizes_.batch] = shift;
        norms[t * 2 * sizes_.batch + 1] = rest;
      }
      emit(t, low, n, shift, rest);

      T* now = trace == nullptr ? row_ : trace + t * sizes_.row();
      const T* blanks = before + low;
      const T* labels = before + sizes_.width() + low;
      add_logs(blanks, labels - 1, arrive_, gap_, n);
      for (Index i = 0; i < n; ++i) weights_[i] = skips_[low + i] == 0 ? blanks[i] : arrive_[i];
      add_logs(weights_, labels, weights_, gap_, n);
      for (Index i = 0; i < n; ++i) now[low + i] = arrive_[i] + (blank_emitted_ - unit);
      for (Index i = 0; i < n; ++i) now[sizes_.width() + low + i] = weights_[i] + (emitted_[i] - unit);
      before = now;
    }
    const T last = end(before);
    return std::isnan(last) ? undefined(trace) : static_cast<T>(-(units + static_cast<double>(last)));
  }

  /// The logarithm of the probability of both ends, in the unit of a row of the last step: of the last blank and
  /// the last label.
  T end(const T* row) {
    T sum = row[count_];
    add_logs(&sum, row + sizes_.width() + (count_ - 1), &sum, gap_, 1);
    return sum;
  }

  /// dx = dy (p - q) for all steps, from what forward has left; dx has the layout of the logits.
  void backward(const T* trace, const T* norms, T dy, T* dx) {
    row_[count_] = 0;  // all paths end at the last blank, after the last step
    for (Index t = steps_ - 1; t >= 0; --t) {
      const auto [low, n] = band(t);
      T* blanks = row_ + low;
      T* labels = row_ + sizes_.width() + low;
      const T* before = trace + t * sizes_.row() + low;
      // Of all ends that begin behind a state, the step's own score not included.
      add_logs(blanks, labels, arrive_, gap_, n + 1);
      T* arrive_labels = emitted_;
      for (Index i = 0; i < n; ++i)
        arrive_labels[i] = skips_[low + i + 1] == 0 ? blanks[i + 1] : arrive_[i + 1];
      add_logs(arrive_labels, labels, arrive_labels, gap_, n);

      kernels::add(before, 1, arrive_, 1, weights_, static_cast<std::size_t>(n));
      kernels::add(before + sizes_.width(), 1, arrive_labels, 1, weights_ + n, static_cast<std::size_t>(n));
      T unit = kernels::max(weights_, static_cast<std::size_t>(2 * n));
      if (unit == impossible<T>) unit = 0;
      std::copy_n(arrive_, n, blanks);
      std::copy_n(arrive_labels, n, labels);

      const T* norm = norms + t * 2 * sizes_.batch;
      emit(t, low, n, norm[0], norm[1]);
      for (Index i = 0; i < n; ++i) blanks[i] += blank_emitted_ - unit;
      for (Index i = 0; i < n; ++i) labels[i] += emitted_[i] - unit;
      differentiate(t, low, n, unit, norm, dy, dx + t * sizes_.batch * sizes_.classes);
    }
  }

 private:
  struct Band {
    Index low;
    Index count;
  };
  /// The blanks and labels that lie on paths at a step: with those before it the beginning can be reached, with
  /// those behind it the end.
  Band band(Index t) const {
    const Index low = std::max<Index>(0, count_ - (steps_ - t));
    return {low, std::min(count_, t) + 1 - low};
  }

  /// The largest number of a row of a step; NaN if there is one.
  T largest(const T* row, Index t) const {
    const auto [low, n] = band(t);
    const T of_blanks = kernels::max(row + low, static_cast<std::size_t>(n));
    const T of_labels = kernels::max(row + sizes_.width() + low, static_cast<std::size_t>(n));
    return of_blanks < of_labels || std::isnan(of_labels) ? of_labels : of_blanks;
  }

  /// The logarithms of the probabilities of the blank and of labels low, low + 1, ... at a step.
  void emit(Index t, Index low, Index n, T shift, T rest) {
    const T* x = logits(t);
    blank_emitted_ = (x[blank_] - shift) - rest;
    const Index there = std::min(n, count_ - low);
    for (Index i = 0; i < there; ++i) emitted_[i] = (x[labels_[low + i]] - shift) - rest;
    std::fill(emitted_ + there, emitted_ + n, impossible<T>);
  }

  /// Marks the sequence for the gradient.
  T undefined(T* trace) const {
    constexpr T nan = std::numeric_limits<T>::quiet_NaN();
    if (trace != nullptr) trace[(steps_ - 1) * sizes_.row() + count_] = nan;
    return nan;
  }

  /// dx = dy (p - q) of one step. q is a softmax over the states, of which many may be of one class.
  void differentiate(Index t, Index low, Index n, T unit, const T* norm, T dy, T* dx) {
    const auto states = static_cast<std::size_t>(2 * n);
    const auto classes = static_cast<std::size_t>(sizes_.classes);
    kernels::subtract(weights_, 1, &unit, 0, weights_, states);
    kernels::exp(weights_, weights_, states);
    const T of_blanks = kernels::sum(weights_, static_cast<std::size_t>(n));
    const T total = of_blanks + kernels::sum(weights_ + n, static_cast<std::size_t>(n));
    const T scale = total > 0 ? 1 / total : T{0};
    kernels::subtract(logits(t), 1, norm, 0, dx, classes);
    kernels::subtract(dx, 1, norm + 1, 0, dx, classes);
    kernels::exp(dx, dx, classes);
    dx[blank_] -= of_blanks * scale;
    const Index there = std::min(n, count_ - low);
    for (Index i = 0; i < there; ++i) dx[labels_[low + i]] -= weights_[n + i] * scale;
    kernels::multiply(dx, 1, &dy, 0, dx, classes);
  }

  const CtcSizes& sizes_;
  const Index blank_;
  const T* logits_;
  const Index sequence_;
  const std::int32_t* labels_;
  const Index steps_;
  const Index count_;  ///< of labels
  T* row_;             ///< of the lattice
  T* skips_;           ///< 0 where the blank before a label cannot be left out, else 1
  T* emitted_;
  T* arrive_;
  T* gap_;
  T* weights_;  ///< two arrays long
  T blank_emitted_ = 0;
};

}  // namespace sluice::detail
