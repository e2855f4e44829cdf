#include <algorithm>
#include <type_traits>

#include <sluice/kernels/gemm_backends.h>
#include <sluice/kernels/threads.h>
#include <sluice/kernels/vector_table.h>

namespace sluice::kernels::detail {

namespace {

/// How much of the operands is packed at a time: a part of the left one that stays in the L2 cache, and a
/// panel of the right one that stays in L1.
constexpr Index most_inner = 384;
template <class T>
constexpr Index most_rows = 1536 / static_cast<Index>(sizeof(T));
constexpr Index slack =
    16;  // elements: rows start in different cache sets; room for what pack_left writes beyond its end

template <class T>
const PackedProduct<T>& kernels() {
  if constexpr (std::is_same_v<T, float>)
    return active().packed_f32;
  else
    return active().packed_f64;
}

struct Blocks {
  Index rows;
  Index columns;
};

/// Each block packs its part of both operands, so blocks are large, and only as many as keep all workers busy
/// until the end. The bits do not depend on them.
template <class T>
Blocks choose_blocks(Index m, Index n, Index k, int workers) {
  constexpr Index row_step = 24;  // a multiple of the rows of all tiles
  const Index column_step = kernels<T>().panel_columns;
  const auto part = [](Index whole, Index parts, Index step) {
    return blocks_of(blocks_of(whole, parts), step) * step;
  };
  Blocks blocks{part(m, blocks_of(m, most_rows<T>), row_step), n};
  if (workers == 1) return blocks;
  constexpr double least_work =
      1 << 20;  // of a block: some ten microseconds, for waking a thread takes a few
  const double work = static_cast<double>(m) * static_cast<double>(n) * static_cast<double>(k);
  const double wanted = std::min(4.0 * workers, work / least_work);
  const auto count = [&] {
    return static_cast<double>(blocks_of(m, blocks.rows) * blocks_of(n, blocks.columns));
  };
  while (2 * count() <= wanted) {
    if (blocks.rows >= 4 * row_step && (blocks.rows >= blocks.columns || blocks.columns < 8 * column_step))
      blocks.rows = part(blocks.rows, 2, row_step);
    else if (blocks.columns >= 8 * column_step)
      blocks.columns = part(blocks.columns, 2, column_step);
    else
      break;
  }
  return blocks;
}

template <class T>
Index workspace(bool, bool, Index m, Index, Index k) {
  const Index inner = std::min(k, most_inner);
  const Index width = kernels<T>().panel_columns;
  return std::min(m, most_rows<T>) * (inner + slack) + slack + width * inner;
}

/// Packs the columns of the right operand for as many rows as possible, one panel at a time.
template <class T>
void multiply_block(const Product<T>& p, T* memory) {
  const PackedProduct<T>& kernel = kernels<T>();
  T* const panel = memory;
  T* const left = memory + kernel.panel_columns * std::min(p.k, most_inner);
  for (Index l = 0; l < p.k; l += most_inner) {
    const Index k = std::min(most_inner, p.k - l);
    for (Index i = 0; i < p.m; i += most_rows<T>) {
      const Index m = std::min(most_rows<T>, p.m - i);
      LeftPart<T> part{left, k, k};
      if (p.transpose_a) {
        kernel.pack_left(m, k, p.a + l * p.lda + i, p.lda, left);
      } else if (p.n > 8 * kernel.panel_columns) {
        part.stride = k + slack;
        for (Index row = 0; row < m; ++row)
          std::copy_n(p.a + (i + row) * p.lda + l, k, left + row * part.stride);
      } else {
        part = {p.a + i * p.lda + l, p.lda, k};
      }
      for (Index j = 0, n = 0; j < p.n; j += n) {
        n = std::min(kernel.panel_columns, p.n - j);
        if (p.n - j - n == 1) n -= kernel.register_columns;  // a single column is another kind of product
        const T* b = p.b + (p.transpose_b ? j * p.ldb + l : l * p.ldb + j);
        T* c = p.c + i * p.ldc + j;
        const T* start = l == 0 && p.beta == T{0} ? nullptr : c;
        kernel.pack_panels(p.transpose_b, k, n, b, p.ldb, 0, 1, panel);
        kernel.multiply({m, n, k, &part, 1, panel, start, p.ldc, c, p.ldc, p.transpose_a});
      }
    }
  }
}

template <class T>
void multiply(const Product<T>& p, Workspace<T> memory) {
  const Blocks blocks = choose_blocks<T>(p.m, p.n, p.k, memory.workers);
  Index across = blocks_of(p.n, blocks.columns);
  if (across > 1 && p.n % blocks.columns == 1) --across;  // as above
  const Index each = workspace<T>(p.transpose_a, p.transpose_b, p.m, p.n, p.k);
  share_out(blocks_of(p.m, blocks.rows) * across, memory.workers, [&](Index index, int worker) {
    const Index row = index / across * blocks.rows;
    const Index place = index % across;
    const Index column = place * blocks.columns;
    const Index columns = place + 1 == across ? p.n - column : blocks.columns;
    multiply_block(block_of(p, row, std::min(blocks.rows, p.m - row), column, columns),
                   memory.memory + worker * each);
  });
}

}  // namespace

template <class T>
Backend<T> packed_backend() {
  return {workspace<T>, multiply<T>};
}

template Backend<float> packed_backend();
template Backend<double> packed_backend();

}  // namespace sluice::kernels::detail
