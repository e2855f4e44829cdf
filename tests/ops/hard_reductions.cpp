// Reductions and normalisations of rows of hard values. What a rule leaves open stands beside `open`.

#include <sluice/graph/arithmetic.h>
#include <sluice/ops/ops.h>

#include <algorithm>
#include <numeric>

#include "support/hard_values.h"

using namespace sluice;
using namespace sluice::test;

namespace {

bool any(const Reals& row, bool (*is)(Real)) { return std::any_of(row.begin(), row.end(), is); }
bool has_nan(const Reals& row) {
  return any(row, [](Real x) { return std::isnan(x); });
}
Real largest(const Reals& row) { return *std::max_element(row.begin(), row.end()); }
Real total(const Reals& row) { return std::accumulate(row.begin(), row.end(), Real{0}); }

/// Sums of several numbers near the ends of the range may overflow on the way.
bool overflow_in_sums(const Reals& row, DType) {
  const auto is_large = [](Real x) { return std::abs(x) > 1e38L && !std::isinf(x); };
  return std::count_if(row.begin(), row.end(), is_large) > 1;
}

/// Products with such numbers are infinite, of either sign.
bool several_large(const Reals& row, DType) {
  return std::count_if(row.begin(), row.end(), [](Real x) { return std::abs(x) > 1e38L; }) > 1;
}

Reals each(const Reals& row, const std::function<Real(std::size_t)>& f) {
  Reals result;
  for (std::size_t i = 0; i < row.size(); ++i) result.push_back(f(i));
  return result;
}

/// The exponentials of a row, in units of the largest.
Reals exponentials(const Reals& row) {
  return each(row,
              [&](std::size_t i) { return row[i] == largest(row) ? 1 : std::exp(row[i] - largest(row)); });
}
Reals softmax_of(const Reals& row) {
  if (has_nan(row) || largest(row) == -real_inf) return Reals(row.size(), real_nan);
  // The share of an infinite element is not determined.
  if (largest(row) == real_inf)
    return each(row, [&](std::size_t i) { return row[i] == real_inf ? real_nan : 0; });
  const Reals e = exponentials(row);
  return each(row, [&](std::size_t i) { return e[i] / total(e); });
}
Real log_sum_exp(const Reals& row) {
  if (has_nan(row)) return real_nan;
  if (std::isinf(largest(row))) return largest(row);
  return largest(row) + std::log(total(exponentials(row)));
}

/// The gradient of the largest, or of the smallest, shared.
Reals shared(const Reals& row, Real chosen) {
  if (has_nan(row)) return Reals(row.size(), real_nan);
  const auto count = std::count(row.begin(), row.end(), chosen);
  return each(row, [&](std::size_t i) { return row[i] == chosen ? Real{1} / static_cast<Real>(count) : 0; });
}

}  // namespace

TEST_CASE("sums and means of hard values") {
  const auto ones = [](const Reals& row, const Reals&) { return Reals(row.size(), 1); };
  check_hard_rows({"sum", [](const Tensor& x, Index axis) { return sum(x, axis); },
                   [](const Reals& row) { return Reals{total(row)}; }, ones, overflow_in_sums});
  check_hard_rows({"mean", [](const Tensor& x, Index axis) { return mean(x, axis); },
                   [](const Reals& row) { return Reals{total(row) / 3}; },
                   [](const Reals& row, const Reals&) { return Reals(row.size(), Real{1} / 3); },
                   overflow_in_sums});
  check_hard_rows({"cumsum", [](const Tensor& x, Index axis) { return cumsum(x, axis); },
                   [](const Reals& row) {
                     return Reals{row[0], row[0] + row[1], row[0] + row[1] + row[2]};
                   },
                   [](const Reals&, const Reals& w) {
                     return Reals{w[0] + w[1] + w[2], w[1] + w[2], w[2]};
                   },
                   overflow_in_sums});
}

TEST_CASE("variances of hard values") {
  const auto variance = [](const Reals& row) {
    const Real mean = total(row) / 3;
    Real squares = 0;
    for (const Real x : row) squares += (x - mean) * (x - mean);
    return squares / 2;
  };
  const auto slope = [=](const Reals& row, const Reals&) {
    return each(
        row, [&](std::size_t i) { return std::isfinite(total(row)) ? row[i] - total(row) / 3 : real_nan; });
  };
  // Sums or squares overflow, or squares vanish.
  const auto open = [=](const Reals& row, DType dtype) {
    const bool single = dtype == DType::float32;
    const Real v = variance(row);
    const bool vanishes = v != 0 && v < (single ? 1e-37L : 1e-307L);
    return overflow_in_sums(row, dtype) || vanishes || v > (single ? 1e37L : 1e307L);
  };
  check_hard_rows({"sum",
                   [](const Tensor& x, Index axis) { return var(x, axis); },
                   [=](const Reals& row) { return Reals{variance(row)}; },
                   slope,
                   open,
                   open,
                   {},
                   {1e-5, 1e-6}});
  check_hard_rows({"sqrt",
                   [](const Tensor& x, Index axis) { return stddev(x, axis); },
                   [=](const Reals& row) { return Reals{std::sqrt(variance(row))}; },
                   [=](const Reals& row, const Reals& w) {
                     const Real v = variance(row);
                     Reals result = slope(row, w);
                     for (Real& x : result) x = v == 0 ? 0 : x / (2 * std::sqrt(v));
                     return result;
                   },
                   open,
                   open,
                   {},
                   {1e-5, 1e-6}});
}

TEST_CASE("products of hard values") {
  const auto value = [](const Reals& row) { return Reals{row[0] * row[1] * row[2]}; };
  const auto slope = [](const Reals& row, const Reals&) {
    return Reals{row[1] * row[2], row[0] * row[2], row[0] * row[1]};
  };
  // Factors are multiplied in order: a product may overflow or vanish on the way. Its gradient does neither.
  const auto open = [](const Reals& row, DType dtype) {
    const Real first = std::abs(row[0] * row[1]);
    const Real least =
        dtype == DType::float32 ? std::numeric_limits<float>::min() : std::numeric_limits<double>::min();
    const Real most =
        dtype == DType::float32 ? std::numeric_limits<float>::max() : std::numeric_limits<double>::max();
    return std::isfinite(first) && first != 0 && (first < least || first > most);
  };
  check_hard_rows(
      {"prod", [](const Tensor& x, Index axis) { return prod(x, axis); }, value, slope, open, {}});
  check_hard_rows(
      {"prod_others",
       [](const Tensor& x, Index axis) {
         const Tensor others = prod_others(axis == 1 ? x : transpose(x));
         return axis == 1 ? others : transpose(others);
       },
       [&](const Reals& row) { return slope(row, {}); },
       [](const Reals& x, const Reals& w) {
         return Reals{w[1] * x[2] + w[2] * x[1], w[0] * x[2] + w[2] * x[0], w[0] * x[1] + w[1] * x[0]};
       },
       {},
       several_large});
}

TEST_CASE("largest and smallest of hard values") {
  const auto of = [](Real (*chosen)(const Reals&)) {
    return [chosen](const Reals& row) { return Reals{has_nan(row) ? real_nan : chosen(row)}; };
  };
  const auto slope = [](Real (*chosen)(const Reals&)) {
    return [chosen](const Reals& row, const Reals&) { return shared(row, chosen(row)); };
  };
  const auto smallest = [](const Reals& row) { return *std::min_element(row.begin(), row.end()); };
  check_hard_rows(
      {"max", [](const Tensor& x, Index axis) { return max(x, axis); }, of(largest), slope(largest)});
  check_hard_rows(
      {"min", [](const Tensor& x, Index axis) { return min(x, axis); }, of(smallest), slope(smallest)});
}

TEST_CASE("softmax and its like of hard values") {
  const Closeness close{1e-5, 1e-6};
  check_hard_rows({"logsumexp",
                   [](const Tensor& x, Index axis) { return logsumexp(x, axis); },
                   [](const Reals& row) { return Reals{log_sum_exp(row)}; },
                   [](const Reals& row, const Reals&) {
                     const bool vanishes = !has_nan(row) && largest(row) == -real_inf;
                     return vanishes ? Reals(row.size()) : softmax_of(row);
                   },
                   {},
                   {},
                   close,
                   close});
  check_hard_rows({"softmax",
                   [](const Tensor& x, Index axis) { return softmax(x, axis); },
                   softmax_of,
                   [](const Reals& row, const Reals& w) {
                     const Reals p = softmax_of(row);
                     Real mean = 0;
                     for (std::size_t i = 0; i < row.size(); ++i) mean += p[i] * w[i];
                     return each(row, [&](std::size_t i) { return p[i] * (w[i] - mean); });
                   },
                   {},
                   {},
                   close,
                   close});
  check_hard_rows({"log_softmax",
                   [](const Tensor& x, Index axis) { return log_softmax(x, axis); },
                   [](const Reals& row) {
                     const Real rest = has_nan(row) ? real_nan : std::log(total(exponentials(row)));
                     return each(row, [&](std::size_t i) { return row[i] - largest(row) - rest; });
                   },
                   [](const Reals& row, const Reals& w) {
                     return each(row, [&](std::size_t i) { return w[i] - softmax_of(row)[i] * total(w); });
                   },
                   {},
                   {},
                   close,
                   close});
}
