#pragma once

#include <sluice/kernels/gemm.h>
#include <sluice/kernels/threads.h>
#include <sluice/ops/linear_cross_entropy.h>
#include <sluice/ops/run_with_memory.inl>

#include <algorithm>
#include <cstddef>

/// The blocks of scores of linear_cross_entropy: what the op and its gradient have in common.
namespace sluice::detail {

/// Throws ShapeError unless these are operands that fit; the bias may be null.
void require_linear_classes(const Spec& h, const Spec& weight, const Spec& classes, const Spec* bias);

/// The gradients with respect to h, the weight and, if `bias` is defined, the bias, for dy and the shifts and
/// logarithms [..., 2] that the value was computed with: the score x of row r has the probability
/// exp((x - norms[r, 0]) - norms[r, 1]).
Tensors linear_cross_entropy_gradient(const Tensor& h, const Tensor& weight, const Tensor& classes,
                                      const Tensor& norms, const Tensor& dy, const Tensor& bias,
                                      const ClassPart& part);

/// The sizes of the operands and of a block. The scores of a block, about 1 MiB, stay in the L2 cache, where
/// its exponentials and products find them; it has rows enough that reading the weight costs little. Blocks
/// that stand below each other belong to one stripe of columns. Threads divide the stripes, whose number
/// depends on the shapes alone, as do the bits; where there are few blocks, they divide each of its products.
template <class T>
struct ScoreSizes {
  ScoreSizes(const Shape& weight, Index row_count)
      : rows(row_count),
        width(weight.back()),
        columns(weight[0]),
        block_rows(std::min(row_count, most_rows)) {
    const Index blocks = parts(columns, most_columns);
    block_columns = std::min(columns, parts(parts(columns, blocks), step) * step);
    across = parts(columns, block_columns);
    stripes = across < most_stripes ? 1 : most_stripes;
  }

  static constexpr Index most_rows = 256;
  static constexpr Index most_columns = 4096 / static_cast<Index>(sizeof(T));
  static constexpr Index most_stripes = 8;
  static constexpr Index step = 64 / static_cast<Index>(sizeof(T));  // elements of a cache line

  static Index parts(Index whole, Index part) { return (whole + part - 1) / part; }
  static Index lines(Index elements) { return parts(elements, step) * step; }

  /// The distance of two rows of a block: not a power of two, which would put them into few sets of a cache.
  Index stride() const { return lines(block_columns) + step; }
  /// The number of the first block of a stripe.
  Index begin_of(Index stripe) const { return across * stripe / stripes; }

  Index rows;
  Index width;
  Index columns;
  Index block_rows;
  Index block_columns = 0;
  Index across = 0;  ///< blocks beside each other
  Index stripes = 0;
};

/// Divides memory into arrays, each beginning with a cache line; without memory, only counts the bytes.
class Carver {
 public:
  explicit Carver(void* memory) : memory_(static_cast<std::byte*>(memory)) {}

  template <class T>
  T* take(Index count) {
    const std::size_t begin = bytes_;
    bytes_ += (static_cast<std::size_t>(count) * sizeof(T) + 63) / 64 * 64;
    return memory_ == nullptr ? nullptr : reinterpret_cast<T*>(memory_ + begin);
  }
  std::size_t bytes() const { return bytes_; }

 private:
  std::byte* memory_;
  std::size_t bytes_ = 0;
};

/// The work memory of the op, or with `gradient` of its gradient.
template <class T>
struct ScoreMemory {
  ScoreMemory(void* memory, const ScoreSizes<T>& sizes, bool gradient, int worker_count)
      : block(sizes.block_rows * sizes.stride()),
        product(product_space(sizes, gradient)),
        workers(worker_count) {
    Carver carver(memory);
    places = carver.take<Index>(sizes.rows);
    h = carver.take<T>(sizes.rows * sizes.width);
    if (gradient) {
      dh = carver.take<T>(sizes.stripes * sizes.rows * sizes.width);
    } else {
      shifts = carver.take<T>(sizes.stripes * sizes.rows);
      rests = carver.take<T>(sizes.stripes * sizes.rows);
      chosen = carver.take<T>(sizes.rows);
    }
    scores = carver.take<T>(block * workers);
    products = carver.take<T>(product * workers);
    bytes = carver.bytes();
  }

  Index* places;        ///< of the rows that count
  T* h;                 ///< those rows, one after the other
  T* dh = nullptr;      ///< for each stripe the same
  T* shifts = nullptr;  ///< for each stripe a number per row that counts, as are the rests
  T* rests = nullptr;
  T* chosen = nullptr;  ///< the score of the class of each row that counts
  T* scores;            ///< a block for each worker
  T* products;          ///< work memory of each worker's products
  const Index block;
  const Index product;
  const int workers;
  std::size_t bytes = 0;

 private:
  /// What the largest product needs, of any number of rows: how many count is known when it runs.
  static Index product_space(const ScoreSizes<T>& sizes, bool gradient) {
    Index most = 0;
    const Index last = sizes.columns - (sizes.across - 1) * sizes.block_columns;
    for (const Index columns : {sizes.block_columns, last}) {
      for (Index rows = 1; rows <= sizes.block_rows; ++rows) {
        most = std::max(most, kernels::gemm_workspace<T>(false, true, rows, columns, sizes.width));
        if (!gradient) continue;
        most = std::max({most, kernels::gemm_workspace<T>(false, false, rows, sizes.width, columns),
                         kernels::gemm_workspace<T>(true, false, columns, sizes.width, rows)});
      }
    }
    return ScoreSizes<T>::lines(most);
  }
};

/// The bytes of that memory for a weight, of any floating dtype, and this many rows.
inline std::size_t score_memory_bytes(const Spec& weight, Index rows, bool gradient, int workers) {
  return with_floating(weight.dtype, [&](auto type) {
    using T = decltype(type);
    return ScoreMemory<T>(nullptr, ScoreSizes<T>(weight.shape, rows), gradient, workers).bytes;
  });
}

/// A block that has been computed: rows begin_row, ... of those that count.
template <class T>
struct ScoreBlock {
  Index stripe;
  bool begins_stripe;
  Index begin_row;
  Index rows;
  Index begin_column;
  Index columns;
  T* scores;
  kernels::Workspace<T> space;  ///< for products with it
};

/// The rows that count, and their scores by blocks.
template <class T>
class Scores {
 public:
  /// Throws Error for a class out of range. The bias may be null. Rows with dy = 0 do not count, unless dy is
  /// null.
  Scores(const ClassPart& part, const ScoreSizes<T>& sizes, const ScoreMemory<T>& memory, const View& h,
         const View& weight, const View& classes, const T* bias, const T* dy)
      : sizes_(sizes),
        memory_(memory),
        h_(h.as<T>()),
        weight_(weight.as<T>()),
        bias_(bias),
        classes_(classes.as<std::int32_t>()),
        first_(part.first) {
    for (Index row = 0; row < sizes.rows; ++row) {
      const std::int32_t id = classes_[row];
      if (part.ignored == id) continue;
      if (id < 0 || id >= part.total) refuse_id(classes, row, part.total, part.names);
      if (id < first_ || id >= first_ + sizes.columns || (dy != nullptr && dy[row] == 0)) continue;
      memory.places[count_++] = row;
    }
    if (count_ == sizes.rows) return;
    for (Index i = 0; i < count_; ++i)
      std::copy_n(h_ + memory.places[i] * sizes.width, sizes.width, memory.h + i * sizes.width);
    h_ = memory.h;
  }

  Index count() const { return count_; }
  Index place(Index row) const { return memory_.places[row]; }
  const T* h(Index row) const { return h_ + row * sizes_.width; }
  /// The row of the weight that belongs to the class of a row.
  Index column_of(Index row) const { return classes_[place(row)] - first_; }

  /// Computes all blocks and calls f(block) for each: those of a stripe in order, the stripes on several
  /// threads.
  template <class F>
  void each_block(const F& f) const {
    if (count_ == 0) return;
    if (sizes_.stripes == 1) {
      each_block_of(0, 0, memory_.workers, f);
      return;
    }
    kernels::share_out(sizes_.stripes, memory_.workers,
                       [&](Index stripe, int worker) { each_block_of(stripe, worker, 1, f); });
  }

  /// Calls f(row, scores) for each row of a block, counted from its first.
  template <class F>
  void each_row(const ScoreBlock<T>& block, const F& f) const {
    const Index grain = std::max<Index>(1, (Index{1} << 13) / block.columns);
    kernels::parallel_for(block.rows, grain, [&](Index begin, Index end) {
      for (Index row = begin; row < end; ++row) f(row, block.scores + row * sizes_.stride());
    });
  }

 private:
  template <class F>
  void each_block_of(Index stripe, int worker, int workers, const F& f) const {
    const Index groups = ScoreSizes<T>::parts(count_, sizes_.block_rows);
    const Index height = ScoreSizes<T>::parts(count_, groups);
    const Index begin = sizes_.begin_of(stripe);
    ScoreBlock<T> block{};
    block.stripe = stripe;
    block.scores = memory_.scores + worker * memory_.block;
    block.space = {memory_.products + worker * memory_.product, workers};
    for (block.begin_row = 0; block.begin_row < count_; block.begin_row += height) {
      block.rows = std::min(height, count_ - block.begin_row);
      for (Index i = begin; i < sizes_.begin_of(stripe + 1); ++i) {
        block.begins_stripe = i == begin;
        block.begin_column = i * sizes_.block_columns;
        block.columns = std::min(sizes_.block_columns, sizes_.columns - block.begin_column);
        compute(block);
        f(static_cast<const ScoreBlock<T>&>(block));
      }
    }
  }

  void compute(const ScoreBlock<T>& block) const {
    for (Index row = 0; bias_ != nullptr && row < block.rows; ++row)
      std::copy_n(bias_ + block.begin_column, block.columns, block.scores + row * sizes_.stride());
    const Index width = std::max<Index>(sizes_.width, 1);
    kernels::gemm(false, true, block.rows, block.columns, sizes_.width, h(block.begin_row), width,
                  weight_ + block.begin_column * sizes_.width, width, T(bias_ != nullptr ? 1 : 0),
                  block.scores, sizes_.stride(), block.space);
  }

  const ScoreSizes<T>& sizes_;
  const ScoreMemory<T>& memory_;
  const T* h_;
  const T* weight_;
  const T* bias_;
  const std::int32_t* classes_;
  const Index first_;
  Index count_ = 0;
};

}  // namespace sluice::detail
