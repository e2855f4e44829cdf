#include <sluice/kernels/linear_algebra.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include <sluice/kernels/vector_math.h>

namespace sluice::kernels {

namespace {

/// Rows of a block: enough for gemm to do most of the work, few enough to stay in the L1 cache.
constexpr Index block_rows = 32;

/// Calls f(begin, end) for blocks of 0..n-1, from the last to the first if `backwards`.
template <class F>
void each_block(Index n, bool backwards, F&& f) {
  const Index blocks = (n + block_rows - 1) / block_rows;
  for (Index i = 0; i < blocks; ++i) {
    const Index begin = (backwards ? blocks - 1 - i : i) * block_rows;
    f(begin, std::min(n, begin + block_rows));
  }
}

/// gemm only adds: a product is subtracted from numbers, or the product of numbers is, by changing their sign
/// before and after, which is exact.
template <class T>
void negate_block(Index rows, Index columns, T* a, Index stride) {
  for (Index i = 0; i < rows; ++i)
    kernels::negate(a + i * stride, a + i * stride, static_cast<std::size_t>(columns));
}

/// Whether the first row of op(t) x = b holds one unknown.
bool is_forward(Triangle triangle) { return triangle.lower != triangle.transpose; }

/// The rows begin..end-1 of x, which depend only on each other.
template <class T>
void solve_block(Triangle triangle, Index begin, Index end, Index n, Index k, const T* t, T* x) {
  const bool forward = is_forward(triangle);
  const Index row_step = triangle.transpose ? 1 : n;
  const Index column_step = triangle.transpose ? n : 1;
  const Index count = end - begin;
  const auto columns = static_cast<std::size_t>(k);
  const auto row_at = [&](Index step) { return forward ? begin + step : end - 1 - step; };
  for (Index step = 0; step < count; ++step) {
    const Index i = row_at(step);
    T* row = x + i * k;
    for (Index earlier = 0; earlier < step; ++earlier) {
      const Index j = row_at(earlier);
      const T factor = -t[i * row_step + j * column_step];
      if (k == 1)
        *row += factor * x[j];
      else
        kernels::axpy(factor, x + j * k, row, columns);
    }
    if (triangle.unit_diagonal) continue;
    const T diagonal = t[i * n + i];
    for (Index c = 0; c < k; ++c) row[c] /= diagonal;
  }
}

/// The product that takes what is known of x from the rows begin..end-1.
struct KnownPart {
  KnownPart(Triangle triangle, Index begin, Index end, Index n)
      : from(is_forward(triangle) ? 0 : end), count(is_forward(triangle) ? begin : n - end) {
    offset = triangle.transpose ? from * n + begin : begin * n + from;
  }
  Index from;    // the first row of x that is known
  Index count;   // rows that are known
  Index offset;  // of the factor in t
};

/// The rows begin..end-1 of u with u^T u = a, from which the rows before have been taken already.
template <class T>
std::optional<BadPivot<T>> factor_rows(Index begin, Index end, Index n, T* a) {
  for (Index j = begin; j < end; ++j) {
    T* row = a + j * n;
    const T pivot = row[j];
    if (!(pivot > 0) || !std::isfinite(pivot)) return BadPivot<T>{j, pivot};
    const T root = std::sqrt(pivot);
    row[j] = root;
    for (Index i = j + 1; i < n; ++i) row[i] /= root;
    for (Index i = j + 1; i < end; ++i)
      kernels::axpy(-row[i], row + i, a + i * n + i, static_cast<std::size_t>(n - i));
  }
  return std::nullopt;
}

template <class T>
bool is_usable(T pivot) {
  return pivot != 0 && std::isfinite(pivot);
}

/// Eliminates in the columns begin..end-1 and the rows from begin on, one column after the other.
template <class T>
bool factor_panel(Index begin, Index end, Index n, T* a, Index k, T* x, Lu<T>& lu) {
  for (Index j = begin; j < end; ++j) {
    Index place = j;  // a row with NaN stays below until no other is left
    for (Index i = j + 1; i < n; ++i) {
      if (std::abs(a[i * n + j]) > std::abs(a[place * n + j])) place = i;
    }
    const T pivot = a[place * n + j];
    if (!is_usable(pivot)) {
      lu.bad = {j, pivot};
      return false;
    }
    if (place != j) {
      std::swap_ranges(a + j * n, a + (j + 1) * n, a + place * n);
      std::swap_ranges(x + j * k, x + (j + 1) * k, x + place * k);
      lu.odd = !lu.odd;
    }
    const T* row = a + j * n;
    for (Index i = j + 1; i < n; ++i) {
      T* other = a + i * n;
      other[j] /= pivot;
      kernels::axpy(-other[j], row + j + 1, other + j + 1, static_cast<std::size_t>(end - j - 1));
    }
  }
  return true;
}

}  // namespace

template <class T>
Index triangular_workspace(Triangle triangle, Index n, Index k) {
  Index most = 0;
  each_block(n, false, [&](Index begin, Index end) {
    const KnownPart known(triangle, begin, end, n);
    most = std::max(most, gemm_workspace<T>(triangle.transpose, false, end - begin, k, known.count));
  });
  return most;
}

template <class T>
Index cholesky_workspace(Index n) {
  Index most = 0;
  each_block(n, false, [&](Index begin, Index end) {
    most = std::max(most, gemm_workspace<T>(true, false, end - begin, n - begin, begin));
  });
  return most;
}

template <class T>
Index lu_workspace(Index n) {
  Index most = 0;
  each_block(n, false, [&](Index begin, Index end) {
    most = std::max(most, gemm_workspace<T>(false, false, n - end, n - end, end - begin));
  });
  return most;
}

template <class T>
void solve_triangular(Triangle triangle, Index n, Index k, const T* t, T* x, Workspace<T> workspace) {
  if (k == 0) return;
  each_block(n, !is_forward(triangle), [&](Index begin, Index end) {
    const KnownPart known(triangle, begin, end, n);
    if (known.count > 0) {
      T* rows = x + begin * k;
      negate_block(end - begin, k, rows, k);
      gemm(triangle.transpose, false, end - begin, k, known.count, t + known.offset, n, x + known.from * k, k,
           T{1}, rows, k, workspace);
      negate_block(end - begin, k, rows, k);
    }
    solve_block(triangle, begin, end, n, k, t, x);
  });
}

template <class T>
std::optional<BadPivot<T>> cholesky(Index n, T* a, Workspace<T> workspace) {
  // The upper triangular u = l^T is computed, whose rows lie in one piece, and turned.
  for (Index i = 0; i < n; ++i) {
    for (Index j = 0; j < i; ++j) a[j * n + i] = a[i * n + j];
  }
  std::optional<BadPivot<T>> bad;
  each_block(n, false, [&](Index begin, Index end) {
    if (bad) return;
    T* rows = a + begin * n + begin;
    if (begin > 0) {
      negate_block(end - begin, n - begin, rows, n);
      gemm(true, false, end - begin, n - begin, begin, a + begin, n, a + begin, n, T{1}, rows, n, workspace);
      negate_block(end - begin, n - begin, rows, n);
    }
    bad = factor_rows(begin, end, n, a);
  });
  for (Index i = 0; i < n; ++i) {
    for (Index j = 0; j < i; ++j) a[i * n + j] = std::exchange(a[j * n + i], T{0});
  }
  return bad;
}

template <class T>
Lu<T> factor_lu(Index n, T* a, Index k, T* x, Workspace<T> workspace) {
  Lu<T> lu;
  each_block(n, false, [&](Index begin, Index end) {
    if (lu.bad || !factor_panel(begin, end, n, a, k, x, lu) || end == n) return;
    const Index rest = n - end;
    T* upper = a + begin * n + end;  // the rows begin..end-1 of u
    for (Index j = begin; j < end; ++j) {
      for (Index i = j + 1; i < end; ++i)
        kernels::axpy(-a[i * n + j], a + j * n + end, a + i * n + end, static_cast<std::size_t>(rest));
    }
    T* left = a + end * n + begin;
    negate_block(rest, end - begin, left, n);
    gemm(false, false, rest, rest, end - begin, left, n, upper, n, T{1}, a + end * n + end, n, workspace);
    negate_block(rest, end - begin, left, n);
  });
  return lu;
}

template Index triangular_workspace<float>(Triangle, Index, Index);
template Index triangular_workspace<double>(Triangle, Index, Index);
template Index cholesky_workspace<float>(Index);
template Index cholesky_workspace<double>(Index);
template Index lu_workspace<float>(Index);
template Index lu_workspace<double>(Index);
template void solve_triangular(Triangle, Index, Index, const float*, float*, Workspace<float>);
template void solve_triangular(Triangle, Index, Index, const double*, double*, Workspace<double>);
template std::optional<BadPivot<float>> cholesky(Index, float*, Workspace<float>);
template std::optional<BadPivot<double>> cholesky(Index, double*, Workspace<double>);
template Lu<float> factor_lu(Index, float*, Index, float*, Workspace<float>);
template Lu<double> factor_lu(Index, double*, Index, double*, Workspace<double>);

}  // namespace sluice::kernels
