#include <algorithm>

#include <Eigen/Core>

#include <sluice/kernels/gemm_backends.h>
#include <sluice/kernels/threads.h>

namespace sluice::kernels::detail {

namespace {

/// A product is divided into blocks of `rows` x `columns` of the result; the inner dimension is not divided.
struct Grid {
  Index rows;
  Index columns;
};

/// Depends on the shape alone, never on the number of threads: Eigen's bits depend on the block.
Grid choose_grid(bool transpose_b, Index m, Index n, Index k) {
  // 2, 4, 8, ... blocks, so that 2, 4, 8 threads get equal work. A block has at least a million
  // multiplications, about ten microseconds, since waking a thread takes a few; blocks grow with the work,
  // since each packs its operands again.
  constexpr double unit = 1 << 19;
  const double work = static_cast<double>(m) * static_cast<double>(n) * static_cast<double>(k);
  double wanted = 1;
  while (wanted < 32 && 4 * wanted * wanted * unit <= work) wanted *= 2;
  // Halves the longer side, to read little per result.
  const Index least_rows = transpose_b ? 48 : 16;
  const Index least_columns = transpose_b ? 128 : 96;
  Grid grid{m, n};
  for (double blocks = 1; blocks < wanted; blocks *= 2) {
    const bool rows = grid.rows >= 2 * least_rows;
    const bool columns = grid.columns >= 2 * least_columns;
    if (rows && (grid.rows >= grid.columns || !columns))
      grid.rows = blocks_of(grid.rows, 16) * 8;
    else if (columns)
      grid.columns = blocks_of(grid.columns, 32) * 16;
  }
  return grid;
}

/// Block sizes for Eigen's packing. With its own sizes it would allocate, on the heap or up to 128 KiB of
/// stack.
constexpr Index most_inner = 256;
constexpr Index most_of_left = 128;   // rows of its left operand, which is our right one
constexpr Index most_of_right = 256;  // columns of its right operand
constexpr Index padding = 16;         // Eigen rounds up to the sizes of its micro-kernel

template <class T>
class Blocking : public Eigen::internal::level3_blocking<T, T> {
 public:
  explicit Blocking(T* memory) {
    this->m_mc = most_of_left;
    this->m_nc = most_of_right;
    this->m_kc = most_inner;
    this->m_blockA = memory;
    this->m_blockB = memory + (most_of_left + padding) * most_inner;
  }
};

template <class T>
Index workspace(bool, bool, Index, Index, Index) {
  return (most_of_left + most_of_right + 2 * padding) * most_inner;
}

/// To Eigen a row-major matrix is its column-major transpose: c^T = b^T a^T.
template <class T, int order_b, int order_a>
void multiply_block(const Product<T>& p, T* memory) {
  if (p.beta == T{0})
    for (Index i = 0; i < p.m; ++i) std::fill_n(p.c + i * p.ldc, p.n, T{0});
  Blocking<T> blocking(memory);
  Eigen::internal::general_matrix_matrix_product<Index, T, order_b, false, T, order_a, false, Eigen::ColMajor,
                                                 1>::run(p.n, p.m, p.k, p.b, p.ldb, p.a, p.lda, p.c, 1, p.ldc,
                                                         T{1}, blocking);
}

template <class T>
void multiply(const Product<T>& p, Workspace<T> space) {
  constexpr int plain = Eigen::ColMajor;
  constexpr int transposed = Eigen::RowMajor;
  const auto multiply_one =
      p.transpose_b
          ? (p.transpose_a ? multiply_block<T, transposed, transposed> : multiply_block<T, transposed, plain>)
          : (p.transpose_a ? multiply_block<T, plain, transposed> : multiply_block<T, plain, plain>);
  const Grid grid = choose_grid(p.transpose_b, p.m, p.n, p.k);
  const Index across = blocks_of(p.n, grid.columns);
  const Index each = workspace<T>(p.transpose_a, p.transpose_b, p.m, p.n, p.k);
  share_out(blocks_of(p.m, grid.rows) * across, space.workers, [&](Index index, int worker) {
    const Index row = index / across * grid.rows;
    const Index column = index % across * grid.columns;
    multiply_one(
        block_of(p, row, std::min(grid.rows, p.m - row), column, std::min(grid.columns, p.n - column)),
        space.memory + worker * each);
  });
}

}  // namespace

template <class T>
Backend<T> eigen_backend() {
  return {workspace<T>, multiply<T>};
}

template Backend<float> eigen_backend();
template Backend<double> eigen_backend();

}  // namespace sluice::kernels::detail
