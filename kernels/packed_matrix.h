#pragma once
/// Products with a right operand that is used many times: it is packed once, into the order in which a
/// product reads it, and then multiplied by few rows at a time, as in every step of a recurrent loop, where
/// packing again would cost more than the product.

#include <sluice/kernels/index.h>
#include <sluice/kernels/left_part.h>

#include <span>

namespace sluice::kernels {

/// The number of panels, groups of neighbouring columns, of a packed matrix with n columns. T is float or
/// double throughout this file.
template <class T>
Index packed_panels(Index n);

/// The number of columns of every panel but the last.
template <class T>
Index panel_columns();

/// The number of elements of the packed form of a k x n matrix. Their order depends on the machine (see isa()
/// in vector_math.h), so they are for memory only, not for files. Memory aligned to 64 bytes is faster.
template <class T>
Index packed_size(Index k, Index n);

/// Packs the panels begin, ..., end - 1 of op(b), k x n numbers, row-major, where op transposes if requested:
/// with transpose_b the memory of b holds n x k numbers. ldb is the distance between the starts of two rows.
/// `packed` is the start of the whole packed matrix; panels are disjoint, so several threads may pack some
/// each.
template <class T>
void pack_panels(bool transpose_b, Index k, Index n, const T* b, Index ldb, Index begin, Index end,
                 T* packed);

/// Packs all panels, on the calling thread.
template <class T>
void pack(bool transpose_b, Index k, Index n, const T* b, Index ldb, T* packed);

/// Packs the rows row, ..., row + rows - 1 of a k x n matrix, on the calling thread: those that lie in b, as
/// above. For a matrix made of others that stand below each other, packed one after the other, or some by
/// each of several threads.
template <class T>
void pack_rows(bool transpose_b, Index k, Index n, Index row, Index rows, const T* b, Index ldb, T* packed);

/// c = a b + beta c with a of m x k, the packed b of k x n and c of m x n numbers, on the calling thread. lda
/// and ldc are the distances between the starts of two rows. beta is 0 or 1; with 0 the old c is not read.
/// With k = 0 the product is zero. c must not overlap a or b.
///
/// An element of c is one chain of multiply-adds in the order of k, beginning with the old value or zero; if
/// n is 1, the sum of several such chains. So a row's bits depend on that row of a and c, on b, k and n,
/// never on m or on which rows are multiplied together: rows may be divided over threads in any way.
template <class T>
void multiply_packed(Index m, Index n, Index k, const T* a, Index lda, const T* packed, T beta, T* c,
                     Index ldc);

/// c = start + a b, in the same way, with the columns of a in parts and k their sum. A null `start` counts as
/// zero. ldstart is the distance between the starts of two of its rows; with 0 one row is added to all, like
/// a bias. `start` may be c with the same distance, and must not overlap it otherwise.
template <class T>
void multiply_packed(const T* start, Index ldstart, Index m, Index n, std::span<const LeftPart<T>> parts,
                     const T* packed, T* c, Index ldc);

extern template Index packed_panels<float>(Index n);
extern template Index packed_panels<double>(Index n);
extern template Index panel_columns<float>();
extern template Index panel_columns<double>();
extern template Index packed_size<float>(Index k, Index n);
extern template Index packed_size<double>(Index k, Index n);
extern template void pack_panels(bool, Index, Index, const float*, Index, Index, Index, float*);
extern template void pack_panels(bool, Index, Index, const double*, Index, Index, Index, double*);
extern template void pack(bool, Index, Index, const float*, Index, float*);
extern template void pack(bool, Index, Index, const double*, Index, double*);
extern template void pack_rows(bool, Index, Index, Index, Index, const float*, Index, float*);
extern template void pack_rows(bool, Index, Index, Index, Index, const double*, Index, double*);
extern template void multiply_packed(Index, Index, Index, const float*, Index, const float*, float, float*,
                                     Index);
extern template void multiply_packed(Index, Index, Index, const double*, Index, const double*, double,
                                     double*, Index);
extern template void multiply_packed(const float*, Index, Index, Index, std::span<const LeftPart<float>>,
                                     const float*, float*, Index);
extern template void multiply_packed(const double*, Index, Index, Index, std::span<const LeftPart<double>>,
                                     const double*, double*, Index);

}  // namespace sluice::kernels
