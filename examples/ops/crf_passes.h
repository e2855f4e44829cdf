#pragma once

// The forward and the backward algorithm of crf.h for one sequence, on plain memory. The arithmetic on rows
// is that of the library's kernels, which choose the machine's instructions when the program runs.

#include <sluice/kernels/vector_math.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace crf {

using sluice::Index;

/// One sequence among those of [steps, batch, k], and scratch memory for it.
template <class T>
struct Chain {
  Index steps, stride, k;  ///< stride: from one step to the next
  const T* a;              ///< the transitions [k, k]
  T* memory;               ///< memory_size(k) numbers

  static Index memory_size(Index k) { return (k + 4) * k; }
  T* weights() const { return memory; }
  T* largest() const { return memory + k * k; }
  T* total() const { return largest() + k; }
  /// Row t of x or, where nobody reads x, which is null then, one of two that take turns.
  T* row(T* x, Index t) const { return x != nullptr ? x + t * stride : total() + (1 + t % 2) * k; }
};

/// w[i, j] = exp(alpha[i] + a[i, j] - largest[j]), and the total over i. If all of a column are minus
/// infinity, largest is 0 and so is the total.
template <class T>
void arrivals(const Chain<T>& chain, const T* alpha) {
  constexpr T none = -std::numeric_limits<T>::infinity();
  T *w = chain.weights(), *largest = chain.largest(), *total = chain.total();
  const Index k = chain.k;
  const auto n = static_cast<std::size_t>(k);
  std::fill_n(largest, k, none);
  for (Index i = 0; i < k; ++i) {
    sluice::kernels::add(alpha + i, 0, chain.a + i * k, 1, w + i * k, n);
    sluice::kernels::maximum(largest, 1, w + i * k, 1, largest, n);
  }
  for (Index j = 0; j < k; ++j) largest[j] = largest[j] == none ? 0 : largest[j];
  for (Index i = 0; i < k; ++i) sluice::kernels::subtract(w + i * k, 1, largest, 1, w + i * k, n);
  sluice::kernels::exp(w, w, n * n);
  std::fill_n(total, k, T{0});
  for (Index i = 0; i < k; ++i) sluice::kernels::add(total, 1, w + i * k, 1, total, n);
}

/// p = softmax(x), zeros if all of x are minus infinity; returns log(sum_i exp(x[i])).
template <class T>
T softmax(const T* x, Index k, T* p) {
  const T largest = *std::max_element(x, x + k);
  if (largest == -std::numeric_limits<T>::infinity()) return std::fill_n(p, k, T{0}), largest;
  T total = 0;
  for (Index i = 0; i < k; ++i) total += p[i] = std::exp(x[i] - largest);
  for (Index i = 0; i < k; ++i) p[i] /= total;
  return largest + std::log(total);
}

/// alpha[t, j] = e[t, j] + log(sum_i exp(alpha[t - 1, i] + a[i, j])); returns log Z, that of the last step's.
template <class T>
T forward(const Chain<T>& chain, const T* e, T* alpha) {
  const Index k = chain.k;
  T* total = chain.total();
  std::copy_n(e, k, chain.row(alpha, 0));
  for (Index t = 1; t < chain.steps; ++t) {
    arrivals<T>(chain, chain.row(alpha, t - 1));
    sluice::kernels::log(total, total, static_cast<std::size_t>(k));
    T* now = chain.row(alpha, t);
    for (Index j = 0; j < k; ++j) now[j] = e[t * chain.stride + j] + chain.largest()[j] + total[j];
  }
  return softmax<T>(chain.row(alpha, chain.steps - 1), k, total);
}

/// From the last step to the first, P(i at t - 1, j at t) = p[t, j] w[i, j] / total[j]. Its sum over j is
/// p[t - 1, i], that over time q[i, j].
template <class T>
void backward(const Chain<T>& chain, const T* alpha, T* p, T* q) {
  const Index k = chain.k, last = chain.steps - 1;
  const auto n = static_cast<std::size_t>(k);
  T *w = chain.weights(), *total = chain.total();
  if (q != nullptr) std::fill_n(q, k * k, T{0});
  softmax(alpha + last * chain.stride, k, chain.row(p, last));
  for (Index t = last; t > 0; --t) {
    arrivals(chain, alpha + (t - 1) * chain.stride);
    T *now = chain.row(p, t), *before = chain.row(p, t - 1);
    for (Index j = 0; j < k; ++j) total[j] = total[j] == 0 ? 0 : now[j] / total[j];
    for (Index i = 0; i < k; ++i) {
      sluice::kernels::multiply(w + i * k, 1, total, 1, w + i * k, n);
      before[i] = sluice::kernels::sum(w + i * k, n);
    }
    if (q != nullptr) sluice::kernels::add(q, 1, w, 1, q, n * n);
  }
}

}  // namespace crf
