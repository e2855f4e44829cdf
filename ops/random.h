#pragma once

#include <sluice/graph/tensor.h>

#include <cstdint>

/// Random numbers from explicit keys. A key is an i32[2] tensor; it may be a constant, or a Variable that a
/// training step replaces. The same key gives the same numbers each time, so use a key once and derive new
/// ones with split or fold_in. An element depends only on the key and on its index, not on the number of
/// threads.
namespace sluice::random {

/// The key of a seed.
Tensor key(std::uint64_t seed);

/// `count` new keys, independent of each other and of the numbers that `key` itself generates. Throws Error
/// unless count is from 1 to 2^20.
Tensors split(const Operand& key, int count = 2);

/// A key derived from `key` and an integer, which may be an i32 scalar tensor, such as a step counter.
Tensor fold_in(const Operand& key, const Operand& number);

/// Uniform in [low, high): low + (high - low) u, where u is a multiple of 2^-24 (f32) or 2^-53 (f64). Throws
/// Error unless low < high are finite and differ in the dtype, ShapeError if the dtype is not floating-point
/// or cannot represent them, or `key` is not a key.
Tensor uniform(const Operand& key, const Shape& shape, double low = 0, double high = 1,
               DType dtype = DType::float32);

/// Normally distributed, mean + stddev z, computed in f64 by the Box-Muller method. Throws Error unless mean
/// and stddev are finite and stddev >= 0, ShapeError if the dtype is not floating-point or cannot represent
/// them, or `key` is not a key.
Tensor normal(const Operand& key, const Shape& shape, double mean = 0, double stddev = 1,
              DType dtype = DType::float32);

/// bool: true with probability p, a number or an f32 tensor that broadcasts to `shape`. Throws Error if p is
/// outside of [0, 1] or NaN: a number when called, an element of a tensor at run time.
Tensor bernoulli(const Operand& key, const Operand& p, const Shape& shape);

/// i32: indices along `axis`, which is removed, drawn with probabilities softmax(logits, axis). A logit of
/// minus infinity is never drawn. Throws ShapeError for an axis of length 0 and, at run time, Error if logits
/// contain NaN or plus infinity or are all minus infinity.
Tensor categorical(const Operand& key, const Operand& logits, Index axis = -1);

}  // namespace sluice::random
