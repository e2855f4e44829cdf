#pragma once
/// Triangular systems and factorisations of one square matrix, by blocks: within a block by axpy, between
/// blocks by gemm. T is float or double throughout this file.

#include <optional>

#include <sluice/kernels/gemm.h>
#include <sluice/kernels/index.h>

namespace sluice::kernels {

/// A triangular matrix: which half of the memory is read, and whether the matrix is its transpose.
struct Triangle {
  bool lower = true;  ///< of the memory, before transposing
  bool transpose = false;
  bool unit_diagonal = false;  ///< the diagonal is not read and counts as 1
};

/// A pivot with which a factorisation cannot continue.
template <class T>
struct BadPivot {
  Index index = 0;
  T value = 0;
};

template <class T>
struct Lu {
  std::optional<BadPivot<T>> bad;  ///< the first pivot that is zero, infinite or NaN
  bool odd = false;                ///< whether an odd number of rows changed places
};

/// Numbers of a Workspace per worker; n is the number of rows of the matrix, k that of columns of x.
template <class T>
Index triangular_workspace(Triangle triangle, Index n, Index k);
template <class T>
Index cholesky_workspace(Index n);
template <class T>
Index lu_workspace(Index n);

/// x = op(t)^-1 x for t of n x n and x of n x k numbers, row-major and dense. The other half of t is not
/// read. Divides by the diagonal as it is: a zero there gives infinities and NaN. With finite t and a
/// diagonal without zeros a column of the result depends on that column of x alone.
template <class T>
void solve_triangular(Triangle triangle, Index n, Index k, const T* t, T* x, Workspace<T> workspace);

/// The lower triangular l with l l^T = a in the memory of a, of whose upper half nothing is read; it becomes
/// zero. Stops at the first pivot that is not positive and finite, and returns it.
template <class T>
std::optional<BadPivot<T>> cholesky(Index n, T* a, Workspace<T> workspace);

/// p a = l u with rows exchanged so that each pivot is the largest number in the rest of its column: u in the
/// upper half of a, l, whose diagonal is 1, below. The rows of x, of n x k numbers, change places with those
/// of a. NaN and infinity in a always lead to a bad pivot, at which it stops.
template <class T>
Lu<T> factor_lu(Index n, T* a, Index k, T* x, Workspace<T> workspace);

}  // namespace sluice::kernels
