#pragma once

#include <sluice/graph/tensor.h>

#include <fuzzer/FuzzedDataProvider.h>

#include <cstddef>
#include <cstdint>

namespace sluice::fuzz {

/// What an author writes. `wild` calls get any number, axis and shape. `smooth` ones are made of functions
/// whose values follow small changes of their arguments, and of finite numbers, so that results may be
/// compared after sums and products have been reassociated.
enum class Style { wild, smooth };

/// Writes programs as users might, from bytes: it keeps a pool of tensors, and each call of a public op takes
/// its operands from the pool and adds its results.
class Author {
 public:
  /// Tensors with more elements are not added to the pool.
  static constexpr Index largest = 1 << 12;

  Author(const std::uint8_t* data, std::size_t size, Style style) : data_(data, size), style_(style) {}

  Style style() const { return style_; }
  bool done() { return data_.remaining_bytes() == 0; }
  FuzzedDataProvider& data() { return data_; }

  /// 0 .. n - 1.
  std::size_t below(std::size_t n) { return n < 2 ? 0 : data_.ConsumeIntegralInRange<std::size_t>(0, n - 1); }
  bool flag() { return data_.ConsumeBool(); }
  double number();
  Index index();           ///< a length, place or step, mostly small
  Index axis(Index rank);  ///< mostly one that there is
  DType dtype();
  Shape shape();
  std::vector<Index> indices(std::size_t most);
  /// A constant with elements that the bytes choose. Throws Error for more than `largest` of them.
  Tensor constant(DType dtype, const Shape& shape);

  Tensors& pool() { return pool_; }
  const Tensor& any();
  Tensor any(DType dtype);       ///< of this dtype where there is one
  Tensor floating();             ///< f32 or f64 where there is one
  Tensor like(const Tensor& x);  ///< of this spec, at any price
  Tensors some(std::size_t most);
  Operand operand();  ///< a tensor or a number

  /// Calls ops until the bytes end, at most `most`. Calls that are refused with an Error, which is their
  /// right, add nothing. Scans nest to this depth. Returns the number of calls that were accepted.
  std::size_t write(std::size_t most, int depth);

 private:
  Tensors call(int depth);
  Tensors scan(int depth);

  FuzzedDataProvider data_;
  Style style_;
  Tensors pool_;
};

/// Calls one public op, which the author chooses; returns its results. Throws what the op throws.
Tensors call_op(Author& author);

}  // namespace sluice::fuzz
