#pragma once

#include <sluice/kernels/threads.h>
#include <sluice/ops/axes.h>
#include <sluice/ops/pairwise.h>

#include <algorithm>
#include <array>

namespace sluice::detail {

/// Iterates over the positions along some axes of a tensor, in row-major order: those that a reduction keeps,
/// or those that it reduces.
class Walk {
 public:
  void add(Index length, Index stride);
  Index size() const { return size_; }
  Index offset(Index position) const;
  bool empty() const { return rank_ == 0; }
  Index last_length() const { return lengths_[static_cast<std::size_t>(rank_ - 1)]; }
  Index last_stride() const { return strides_[static_cast<std::size_t>(rank_ - 1)]; }
  void drop_last();

 private:
  std::array<Index, Shape::max_rank> lengths_{};
  std::array<Index, Shape::max_rank> strides_{};
  Index rank_ = 0;
  Index size_ = 1;
};

/// The loops of a reduction: neighbouring axes that are both kept or both reduced are merged; the innermost
/// contiguous run, `inner` elements, is either reduced (to one element of the result) or kept (to as many).
struct ReductionPlan {
  ReductionPlan(const Shape& shape, AxisSet reduced);

  Walk kept;
  Walk taken;
  Index inner = 1;
  bool inner_is_taken = true;
};

/// y = x reduced over the axes, by a Fold for elements T that offers
///   T start() const                              the value of no elements
///   T of(const T* x, Index n) const              n contiguous elements
///   void into(T* y, const T* x, Index n) const   y[i] = combine(y[i], x[i])
///   T combine(T a, T b) const
/// and, if there is a faster way to combine contiguous rows than into(),
///   void rows(Index count, Index n, T* y, Row row) const   y[i] = row(0)[i], row(1)[i], ... combined
/// The order of the operations depends on the shape only, and many parts are combined pairwise. Does not
/// allocate.
template <class T, class Fold>
void reduce(const Shape& shape, AxisSet axes, const T* x, T* y, const Fold& fold) {
  constexpr Index piece = Index{1} << 15;  // elements that justify another thread
  const ReductionPlan plan(shape, axes);
  const Index taken = plan.taken.size();
  const auto into = [&fold](T* to, const T* from, Index n) { fold.into(to, from, n); };
  if (plan.inner_is_taken) {
    const Index row = plan.inner * taken;
    if (plan.kept.size() == 1 && taken == 1 && row > 2 * piece) {
      constexpr Index most = 64;
      std::array<T, most> parts{};
      const Index length = std::max(piece, (row + most - 1) / most);
      kernels::parallel_for(row, length, [&](Index begin, Index end) {
        parts[static_cast<std::size_t>(begin / length)] = fold.of(x + begin, end - begin);
      });
      y[0] = fold.of(parts.data(), (row + length - 1) / length);
      return;
    }
    kernels::parallel_for(plan.kept.size(), std::max<Index>(1, piece / std::max<Index>(row, 1)),
                          [&](Index begin, Index end) {
                            for (Index i = begin; i < end; ++i) {
                              const T* from = x + plan.kept.offset(i);
                              combine_pairwise(
                                  taken, 1, fold.start(), y + i,
                                  [&](T* value, Index j) {
                                    const T* part = from + plan.taken.offset(j);
                                    *value = fold.combine(*value, fold.of(part, plan.inner));
                                  },
                                  into);
                            }
                          });
    return;
  }
  // Rows of kept elements are accumulated in bands of columns that stay in cache.
  const Index fast = std::clamp<Index>(piece / std::max<Index>(taken, 1), 128, 4096);
  const Index band = std::min(fast, waiting_numbers<T> / std::max<Index>(waiting_levels(taken), 1));
  const Index bands = (plan.inner + band - 1) / band;
  const Index work = std::max<Index>(1, std::min(band, plan.inner) * taken);
  kernels::parallel_for(plan.kept.size() * bands, std::max<Index>(1, piece / work),
                        [&](Index begin, Index end) {
                          for (Index at = begin; at < end; ++at) {
                            const Index i = at / bands;
                            const Index column = at % bands * band;
                            const Index length = std::min(band, plan.inner - column);
                            const T* from = x + plan.kept.offset(i) + column;
                            T* to = y + i * plan.inner + column;
                            const auto row = [&](Index j) { return from + plan.taken.offset(j); };
                            if constexpr (requires { fold.rows(taken, length, to, row); }) {
                              fold.rows(taken, length, to, row);
                            } else {
                              combine_pairwise(
                                  taken, length, fold.start(), to,
                                  [&](T* results, Index j) { fold.into(results, row(j), length); }, into);
                            }
                          }
                        });
}

}  // namespace sluice::detail
