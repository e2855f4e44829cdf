#pragma once

// Soft-DTW: a dynamic program as an op, with a backward op of its own that is closed under differentiation.

#include <sluice/graph/arithmetic.h>
#include <sluice/graph/grad.h>
#include <sluice/kernels/threads.h>
#include <sluice/ops/clamp.h>
#include <sluice/ops/pad.h>
#include <sluice/ops/slice.h>
#include <sluice/ops/softmax.h>
#include <sluice/ops/squeeze.h>
#include <sluice/ops/stack.h>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace sl = sluice;

/// The passes over the cells of [..., n, m] that soft_dtw and its derivatives of any order are made of. With
/// r as in soft_dtw and w_k[i, j] the derivatives of softmin, the weights of the three cells before (i, j):
///
///     costs:    costs -> r
///     forward:  r, u -> v,  v[i, j] = u[i, j] + sum_k w_k[i, j] v[before k of (i, j)]
///     backward: r, u -> e,  its transpose: e = u; from the last cell to the first,
///                           e[before k of (i, j)] += w_k[i, j] e[i, j]
///
/// The gradient of the first is the third. The other two are each other's gradient with respect to u, and in
/// both w_k[i, j] has the gradient e[i, j] v[before k of (i, j)].
class SoftDtw final : public sl::Op {
 public:
  enum Pass { costs, forward, backward };
  SoftDtw(Pass pass, double gamma) : pass_(pass), gamma_(gamma) {}
  std::string_view name() const override { return "soft_dtw"; }
  void members(sl::Attributes& a) const override { a("pass", static_cast<int>(pass_)), a("gamma", gamma_); }
  sl::Takes takes() const override {
    return {.operands = pass_ == costs ? 1u : 2u, .domain = sl::Domain::floating, .equal_dtypes = true};
  }

  sl::Specs infer(std::span<const sl::Spec> inputs) const override {
    const sl::Shape& shape = inputs[0].shape;
    if (shape.rank() >= 2 && shape.back() > 0 && shape[shape.rank() - 2] > 0) return {inputs[0]};
    throw sl::ShapeError(
        fmt::format("[soft_dtw] costs must be [..., n, m] of two sequences with at least "
                    "one step: got {}; add axes, or leave empty sequences out",
                    inputs[0].text()));
  }

  void run(std::span<const sl::View> inputs, std::span<const sl::MutableView> outputs) const override {
    const sl::Shape& shape = inputs[0].shape();
    const sl::Index size = shape.back() * shape[shape.rank() - 2];
    sl::with_floating(inputs[0].spec.dtype, [&](auto type) {
      using T = decltype(type);
      sl::kernels::parallel_for(shape.size() / size, 1 + 1024 / size, [&](sl::Index begin, sl::Index end) {
        for (sl::Index at = begin * size; at < end * size; at += size) {
          T* y = outputs[0].as<T>() + at;
          const T* r = pass_ == costs ? y : inputs[0].as<T>() + at;
          std::copy_n(inputs.back().as<T>() + at, size, y);
          each_cell(r, y, size / shape.back(), shape.back());
        }
      });
    });
  }

  sl::Tensors gradient(const sl::Tensor& y, const sl::Tensor& dy) const override {
    if (pass_ == costs) return {sl::make<SoftDtw>({y, dy}, backward, gamma_)};
    const sl::Tensor& r = y.input(0);
    const sl::Tensor du = sl::make<SoftDtw>({r, dy}, pass_ == forward ? backward : forward, gamma_);
    const sl::Tensor &e = pass_ == forward ? du : y, &v = pass_ == forward ? y : du;
    constexpr double far = 1e30;  // in place of infinity, where softmax has no slope
    const sl::Tensor w = softmax(before(clamp(r, -far, far), far) / -gamma_, 0);
    return {sl::vjp({w}, {e * before(v, 0)}, {r})[0], du};
  }

  // Answers to the compiler: every axis before the last two is one of matrices that are independent.
  bool works_by_rows(std::span<const sl::Spec> inputs, const std::vector<bool>& by_rows) const override {
    return inputs[0].shape.rank() > 2 && std::find(by_rows.begin(), by_rows.end(), false) == by_rows.end();
  }
  sl::Tensors at_all_steps(const sl::Tensors& inputs, const std::vector<bool>& over_time) const override {
    if (std::find(over_time.begin(), over_time.end(), false) != over_time.end()) return {};
    return {sl::make(std::make_shared<SoftDtw>(pass_, gamma_), inputs)};
  }
  bool may_throw(std::span<const sl::Spec>) const override { return false; }

 private:
  template <class T>
  void each_cell(const T* r, T* y, sl::Index n, sl::Index m) const {
    constexpr T none = std::numeric_limits<T>::infinity();
    const auto gamma = static_cast<T>(gamma_);
    const sl::Index back[3] = {m + 1, m, 1};  // from a cell to those before it
    for (sl::Index cell = 0, last = n * m - 1; cell <= last; ++cell) {
      const sl::Index at = pass_ == backward ? last - cell : cell;
      const bool above = at >= m, left = at % m > 0;
      const bool inside[3] = {above && left, above, left};
      std::array<T, 3> w = {at == 0 ? T{0} : none, none, none};
      for (std::size_t k = 0; k < 3; ++k) w[k] = inside[k] ? r[at - back[k]] : w[k];
      const T least = softmin(w, gamma);
      if (pass_ == costs) y[at] += least;
      for (std::size_t k = 0; k < 3 && pass_ != costs; ++k) {
        if (inside[k] && pass_ == forward) y[at] += w[k] * y[at - back[k]];
        if (inside[k] && pass_ == backward) y[at - back[k]] += w[k] * y[at];
      }
    }
  }

  /// softmin(z); z becomes its derivatives. Infinite if all of z are.
  template <class T>
  static T softmin(std::array<T, 3>& z, T gamma) {
    const T least = std::min({z[0], z[1], z[2]});
    for (T& one : z) one = one == least ? T{1} : std::exp((least - one) / gamma);
    const T total = z[0] + z[1] + z[2];
    for (T& one : z) one /= total;
    return least - gamma * std::log(total);
  }

  /// x at the three cells before each, along a new first axis; `outside` beyond the border. Made of ops.
  static sl::Tensor before(const sl::Tensor& x, double outside) {
    const sl::Index row = x.rank() - 2;
    std::vector<sl::Padding> border(static_cast<std::size_t>(x.rank()));
    border.rbegin()[0] = border.rbegin()[1] = {1, 0};
    const sl::Tensor padded = pad(x, border, outside);
    const auto from = [&](sl::Index i, sl::Index j) {
      return slice(slice(padded, row, i, i + x.dim(-2)), row + 1, j, j + x.dim(-1));
    };
    return sl::stack({from(0, 0), from(0, 1), from(1, 0)}, 0);
  }

  const Pass pass_;
  const double gamma_;
};

/// The cost of aligning two sequences, softened: costs [..., n, m] -> [...], the last element of
///
///     r[i, j] = costs[i, j] + softmin(r[i-1, j-1], r[i-1, j], r[i, j-1]),
///     softmin(z) = -gamma log(sum_k exp(-z_k / gamma)),
///
/// where r before the first row and column is infinite but for r[-1, -1] = 0. As gamma falls, this becomes
/// the cost of the best alignment. A cost of plus infinity forbids a pair. Gradient: dy times the expected
/// alignment. Throws ShapeError for fewer than two axes, sequences of no steps and dtypes that are not
/// floating-point, Error unless gamma is above 0 and finite. Cuturi and Blondel, "Soft-DTW: a differentiable
/// loss function for time-series", 2017; its derivatives of any order follow Mensch and Blondel,
/// "Differentiable dynamic programming for structured prediction and attention", 2018.
inline sl::Tensor soft_dtw(const sl::Operand& costs, double gamma = 1) {
  if (!(gamma > 0 && std::isfinite(gamma))) {
    throw sl::Error(fmt::format("[soft_dtw] gamma must be above 0 and finite: got {}; 1 is usual", gamma),
                    costs.where());
  }
  const sl::Tensor r = sl::make<SoftDtw>({costs}, SoftDtw::costs, gamma);
  const sl::Index row = r.rank() - 2;
  return squeeze(slice(slice(r, row, r.dim(-2) - 1), row + 1, r.dim(-1) - 1), {row, row + 1});
}
