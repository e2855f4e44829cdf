#pragma once

#include <sluice/kernels/index.h>
#include <sluice/kernels/vector_math.h>

#include <algorithm>
#include <array>
#include <bit>
#include <concepts>
#include <cstdint>

namespace sluice::detail {

/// Parts that are combined sequentially before results are combined pairwise.
inline constexpr Index shortest_chain = 32;

/// Most partial results that combine_pairwise keeps: 8 KiB of stack.
template <class T>
inline constexpr Index waiting_numbers = 8192 / static_cast<Index>(sizeof(T));

/// Most partial results of each column that wait to be combined.
inline Index waiting_levels(Index parts, Index chain = shortest_chain) {
  const Index chains = (std::max<Index>(parts, 1) + chain - 1) / chain;
  return static_cast<Index>(std::bit_width(static_cast<std::uint64_t>(chains - 1)));
}

/// y[0 .. width) = all parts combined, beginning with `start`: part(y, j) combines part j into partial
/// results, and into(y, x, width) the results x of later parts into those of earlier ones. Chains of parts
/// are combined in order and their results pairwise, like the carries of a binary counter, so that rounding
/// errors grow with the logarithm of `parts`. The order depends on `parts` and `width` only; width <=
/// waiting_numbers<T>.
template <class T, class Part, class Into>
void combine_pairwise(Index parts, Index width, T start, T* y, const Part& part, const Into& into) {
  Index chain = shortest_chain;
  while (waiting_levels(parts, chain) * width > waiting_numbers<T>) chain *= 2;
  alignas(64) std::array<T, static_cast<std::size_t>(waiting_numbers<T>)> waiting;
  const auto results = [&](Index level) { return level == 0 ? y : waiting.data() + (level - 1) * width; };
  Index level = 0;
  Index chains = 0;
  for (Index begin = 0; begin < parts; begin += chain, ++chains, ++level) {
    std::fill_n(results(level), width, start);
    for (Index j = begin; j < std::min(parts, begin + chain); ++j) part(results(level), j);
    for (Index carry = chains; (carry & 1) != 0; carry >>= 1, --level)
      into(results(level - 1), results(level), width);
  }
  if (parts == 0) std::fill_n(y, width, start);
  for (--level; level > 0; --level) into(results(level - 1), results(level), width);
}

/// y[0 .. width) = row(0) + ... + row(count - 1), contiguous rows of `width`: groups of rows are added first,
/// and the groups as above.
template <std::floating_point T, class Row>
void sum_rows(Index count, Index width, T* y, const Row& row) {
  constexpr Index some = 32;
  const auto n = static_cast<std::size_t>(width);
  combine_pairwise((count + some - 1) / some, width, T{0}, y,
                   [&](T* sum, Index part) {
                     std::array<const T*, static_cast<std::size_t>(some)> rows;
                     std::size_t together = 0;
                     for (Index j = some * part; j < std::min(count, some * (part + 1)); ++j)
                       rows[together++] = row(j);
                     kernels::add_rows(rows.data(), together, sum, n);
                   },
                   [n](T* sum, const T* more, Index) { kernels::add(sum, 1, more, 1, sum, n); });
}

}  // namespace sluice::detail
