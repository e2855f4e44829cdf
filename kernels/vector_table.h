#pragma once
/// The vectorised functions of one instruction set as a table of pointers. Internal to the room and its
/// tests: users call vector_math.h. Includes next to nothing, because it is read by sources that are built
/// for instruction sets the machine may lack: the linker could choose their copy of an inline function of a
/// standard header for the whole program.

#include <cstddef>
#include <cstdint>

#include <sluice/kernels/left_part.h>

namespace sluice::kernels::detail {

using Map = void (*)(const float* x, float* y, std::size_t n);

template <class T>
using Zip = void (*)(const T* a, std::int64_t stride_a, const T* b, std::int64_t stride_b, T* y,
                     std::size_t n);

/// Functions for both float and double.
template <class T>
struct Arithmetic {
  Zip<T> add;
  Zip<T> subtract;
  Zip<T> multiply;
  Zip<T> multiply_no_nan;
  Zip<T> divide_keep_zeros;
  Zip<T> divide;
  Zip<T> maximum;
  Zip<T> minimum;
  void (*sqrt)(const T* x, T* y, std::size_t n);
  void (*rsqrt)(const T* x, T* y, std::size_t n);
  T (*sum)(const T* x, std::size_t n);
  T (*sum_but_ones)(const T* x, std::size_t n, std::size_t* ones);
  T (*max)(const T* x, std::size_t n);
  T (*dot)(const T* a, const T* b, std::size_t n);
  void (*add_rows)(const T* const* rows, std::size_t count, T* y, std::size_t n);
  void (*axpy)(T alpha, const T* x, T* y, std::size_t n);
  /// c = op(a) b + beta c for m, n, k >= 1, with op(a)[i, l] = a[i * a_row + l * a_column]; for small
  /// products.
  void (*multiply_rows)(std::int64_t m, std::int64_t n, std::int64_t k, const T* a, std::int64_t a_row,
                        std::int64_t a_column, const T* b, std::int64_t ldb, T beta, T* c, std::int64_t ldc);
};

/// Functions that select rather than compute, for float and double.
template <class T>
struct Choice {
  void (*negate)(const T* x, T* y, std::size_t n);
  void (*square)(const T* x, T* y, std::size_t n);
  void (*abs)(const T* x, T* y, std::size_t n);
  void (*floor)(const T* x, T* y, std::size_t n);
  void (*ceil)(const T* x, T* y, std::size_t n);
  void (*trunc)(const T* x, T* y, std::size_t n);
  void (*round)(const T* x, T* y, std::size_t n);
  void (*relu)(const T* x, T* y, std::size_t n);
  void (*leaky_relu)(T slope, const T* x, T* y, std::size_t n);
  void (*clamp)(T low, T high, const T* x, T* y, std::size_t n);
  void (*where)(const bool* condition, const T* a, std::int64_t stride_a, const T* b, std::int64_t stride_b,
                T* y, std::size_t n);
};

/// The operands of a product: c = start + a b, with a of m x k in parts; a null `start` counts as zero. m, n,
/// k >= 1.
template <class T>
struct PackedOperands {
  std::int64_t m;
  std::int64_t n;
  std::int64_t k;
  const LeftPart<T>* parts;
  std::int64_t part_count;
  const T* packed;
  const T* start;
  std::int64_t ldstart;
  T* c;
  std::int64_t ldc;
  bool left_in_panels = false;  // by pack_left, as one part with a stride of k
};

/// Right operands packed into panels: see packed_matrix.h.
template <class T>
struct PackedProduct {
  std::int64_t register_columns;
  std::int64_t panel_columns;
  void (*pack_panels)(bool transpose_b, std::int64_t k, std::int64_t n, const T* b, std::int64_t ldb,
                      std::int64_t begin, std::int64_t end, T* packed);
  /// Packs the left operand, m x k numbers stored as columns, into panels: m * k numbers, and up to a
  /// register more.
  void (*pack_left)(std::int64_t m, std::int64_t k, const T* x, std::int64_t ldx, T* packed);
  /// y[i, j] = x[j, i] for rows x columns numbers of y, whose rows are padded with zeros to a multiple of
  /// register_columns.
  void (*transpose)(std::int64_t rows, std::int64_t columns, const T* x, std::int64_t ldx, T* y,
                    std::int64_t ldy);
  void (*multiply)(const PackedOperands<T>& operands);
};

/// Products with few rows or columns, which are not worth packing.
template <class T>
struct FewProduct {
  static constexpr std::int64_t most_rows = 4;

  /// c = op(a) b + beta c for 1 <= m <= most_rows and n, k >= 1, with
  /// op(a)[i, l] = a[i * a_row + l * a_column].
  void (*multiply_few)(std::int64_t m, std::int64_t n, std::int64_t k, const T* a, std::int64_t a_row,
                       std::int64_t a_column, const T* b, std::int64_t ldb, T beta, T* c, std::int64_t ldc);
  /// c[i, j] = a[i, :] . b[j, :] + beta c[i, j] for m, n, k >= 1, with c[i, j] at
  /// c[i * c_row + j * c_column].
  void (*multiply_rows_by_rows)(std::int64_t m, std::int64_t n, std::int64_t k, const T* a, std::int64_t lda,
                                const T* b, std::int64_t ldb, T beta, T* c, std::int64_t c_row,
                                std::int64_t c_column);
};

struct Kernels {
  const char* name;
  Map exp;
  Map expm1;
  Map log;
  Map log1p;
  Map tanh;
  Map sigmoid;
  Map softplus;
  Map sin;
  Map cos;
  Map erf;
  Map gelu_tanh;
  void (*elu)(float alpha, const float* x, float* y, std::size_t n);
  Arithmetic<float> f32;
  Arithmetic<double> f64;
  PackedProduct<float> packed_f32;
  PackedProduct<double> packed_f64;
  FewProduct<float> few_f32;
  FewProduct<double> few_f64;
  Choice<float> choice_f32;
  Choice<double> choice_f64;
};

extern const Kernels kernels_baseline;
extern const Kernels kernels_avx2;
extern const Kernels kernels_avx512;

enum class Isa { baseline, avx2, avx512 };

/// The table of `isa`, or of the best instruction set below it that the machine has.
const Kernels& kernels_for(Isa isa);

/// The table that vector_math.h uses, selected at the first call.
const Kernels& active();

}  // namespace sluice::kernels::detail
