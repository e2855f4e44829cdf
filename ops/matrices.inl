#pragma once

#include <sluice/graph/arithmetic.h>
#include <sluice/kernels/linear_algebra.h>
#include <sluice/kernels/threads.h>
#include <sluice/ops/cast.h>
#include <sluice/ops/compare.h>
#include <sluice/ops/exp_sums.h>
#include <sluice/ops/expand_dims.h>
#include <sluice/ops/reshape.h>
#include <sluice/ops/run_with_memory.inl>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <limits>
#include <string>
#include <string_view>

/// Batches of square matrices: what the ops on them have in common.
namespace sluice::detail {

/// Throws ShapeError unless `a` holds square floating matrices.
inline void require_square(const Spec& a, std::string_view who) {
  if (!is_floating(a.dtype)) {
    throw ShapeError(fmt::format("[{}] the matrix must be floating: got {}; cast it", who, a.text()));
  }
  if (a.shape.rank() < 2 || a.shape[a.shape.rank() - 2] != a.shape.back()) {
    throw ShapeError(
        fmt::format("[{}] the last two axes must be those of a square matrix: got {}; reshape or slice it",
                    who, a.text()));
  }
}

/// Throws ShapeError unless b holds matrices with as many rows as those of a have.
inline void require_sides(const Spec& a, const Spec& b, std::string_view who) {
  require_square(a, who);
  if (a.dtype != b.dtype) {
    throw ShapeError(
        fmt::format("[{}] both operands must have the same dtype: got {} and {}; cast one of them", who,
                    a.text(), b.text()));
  }
  if (b.shape.rank() < 2 || b.shape[b.shape.rank() - 2] != a.shape.back()) {
    throw ShapeError(
        fmt::format("[{}] the right side must have as many rows as the matrix: got {} and {}; "
                    "transpose or reshape the right side",
                    who, a.text(), b.text()));
  }
}

/// The axes before the last two.
inline Shape batch_of(const Shape& shape) {
  return Shape(std::span(shape.begin(), static_cast<std::size_t>(shape.rank() - 2)));
}

/// The spec of the solutions x of a x = b, whose batches broadcast.
inline Spec solution_spec(const Spec& a, const Spec& b, std::string_view who) {
  require_sides(a, b, who);
  const Shape batch = broadcast(batch_of(a.shape), batch_of(b.shape), who);
  const Index rank = batch.rank();
  return {b.dtype, batch.inserted(rank, a.shape.back()).inserted(rank + 1, b.shape.back())};
}

/// Which matrix of an operand belongs to a matrix of the result, by broadcasting.
class BatchOf {
 public:
  BatchOf(const Shape& operand, const Shape& result) : result_(result), axes_(result.rank() - 2) {
    Index stride = 1;
    for (Index back = 1; back <= operand.rank() - 2; ++back) {
      const Index length = operand[operand.rank() - 2 - back];
      if (length != 1) strides_[static_cast<std::size_t>(axes_ - back)] = stride;
      stride *= length;
    }
  }

  Index operator[](Index matrix) const {
    Index found = 0;
    for (Index axis = axes_ - 1; axis >= 0; --axis) {
      found += matrix % result_[axis] * strides_[static_cast<std::size_t>(axis)];
      matrix /= result_[axis];
    }
    return found;
  }

 private:
  const Shape& result_;
  const Index axes_;
  std::array<Index, Shape::max_rank> strides_{};
};

/// The name of one matrix of a tensor in an error: "matrix [2, 0] of f32[3, 4, 5, 5]".
inline std::string matrix_text(const Spec& spec, Index matrix) {
  if (spec.shape.rank() == 2) return "the matrix " + spec.text();
  std::string place;
  for (Index axis = spec.shape.rank() - 3; axis >= 0; --axis) {
    place = std::to_string(matrix % spec.shape[axis]) + (place.empty() ? "" : ", ") + place;
    matrix /= spec.shape[axis];
  }
  return fmt::format("matrix [{}] of {}", place, spec.text());
}

/// Work memory that each worker has a part of, beginning with a cache line.
template <class T>
struct Parts {
  static Index padded(Index elements) {
    constexpr Index line = 64 / static_cast<Index>(sizeof(T));
    return (elements + line - 1) / line * line;
  }
  T* of(int worker) const { return memory + worker * each; }

  T* memory = nullptr;
  Index each = 0;
};

/// Calls f(matrix, worker, workers) for each of `count` matrices with about `work` multiplications each:
/// several threads share out many matrices, and a single one may use the memory of all workers.
template <class F>
void each_matrix(Index count, Index work, int workers, F&& f) {
  const Index grain = std::max<Index>(1, (Index{1} << 18) / std::max<Index>(work, 1));
  if (count <= grain) {
    for (Index matrix = 0; matrix < count; ++matrix) f(matrix, 0, workers);
    return;
  }
  kernels::share_out((count + grain - 1) / grain, workers, [&](Index piece, int worker) {
    for (Index matrix = piece * grain; matrix < std::min(count, (piece + 1) * grain); ++matrix)
      f(matrix, worker, 1);
  });
}

/// The first of the matrices that break a rule, whatever the order in which threads come upon them.
class FirstMatrix {
 public:
  void note(Index matrix) {
    Index before = matrix_.load(std::memory_order_relaxed);
    while (matrix < before && !matrix_.compare_exchange_weak(before, matrix, std::memory_order_relaxed)) {
    }
  }
  bool found() const { return matrix() != none; }
  Index matrix() const { return matrix_.load(std::memory_order_relaxed); }

 private:
  static constexpr Index none = std::numeric_limits<Index>::max();
  std::atomic<Index> matrix_{none};
};

/// The rows i and columns j of an n x n matrix as tensors that broadcast, for masks such as i > j.
struct Places {
  explicit Places(Index n) : row(expand_dims(arange(n), 1)), column(arange(n)) {}
  Tensor row;
  Tensor column;
};

/// The identity matrix of the size and dtype of the matrices of a.
inline Tensor identity(const Tensor& a) {
  const Places at(a.dim(-1));
  return cast(equal(at.row, at.column), a.dtype());
}

/// The operands of a x = b, where a vector b counts as a single column.
struct System {
  System(const Operand& left, const Operand& right) : a(left.tensor()), b(right.tensor(a.dtype())) {
    is_vector = b.rank() == 1;
    if (is_vector) b = expand_dims(b, 1);
  }
  Tensor solution(const Tensor& x) const {
    return is_vector ? reshape(x, x.shape().erased(x.rank() - 1)) : x;
  }
  Tensor a;
  Tensor b;
  bool is_vector = false;
};

}  // namespace sluice::detail
