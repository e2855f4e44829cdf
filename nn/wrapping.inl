#pragma once

#include <sluice/graph/arithmetic.h>
#include <sluice/nn/module.h>
#include <sluice/ops/cast.h>
#include <sluice/ops/multiply_no_nan.h>

#include <fmt/format.h>

#include <utility>

/// What the wrappers of cells and layers share, and what all share that drop values in training.
namespace sluice::nn::detail {

/// The part that a wrapper is made around. Throws Error for a null pointer.
template <class T>
Part<T> wrapped(const char* who, Part<T> part, Location where) {
  if (part == nullptr) {
    throw Error(
        fmt::format("[{}] takes another module: got a null pointer; pass a shared pointer to one", who),
        where);
  }
  return part;
}

/// What a wrapper holds. Throws Error if it has been moved from.
template <class T>
const T& held(const char* who, const Part<T>& part, Location where = {}) {
  if (part == nullptr) throw Error(moved_from(who), where);
  return *part;
}

/// Throws Error unless `rate` is below 1 and not negative.
inline void require_drop_rate(const char* who, double rate, Location where) {
  if (rate >= 0 && rate < 1) return;
  throw Error(
      fmt::format("[{}] a rate is in [0, 1): got {}; 0 drops nothing, 0.5 every other value", who, rate),
      where);
}

/// The key to draw masks with. Throws Error that names the module if there is none.
inline const Tensor& key_in_training(const char* who, const Tensor& key, double rate) {
  if (key.defined()) return key;
  throw Error(
      fmt::format("[{}] training at rate {} takes a random key: got none; pass one, new for every step "
                  "(random::fold_in(key, step))",
                  who, rate));
}

/// x where it is kept, divided by 1 - rate, which keeps the expectation; else 0, of an infinity too.
inline Tensor drop(const Tensor& x, const Tensor& kept, double rate) {
  return multiply_no_nan(x, cast(kept, x.dtype()) * (1 / (1 - rate)));
}

}  // namespace sluice::nn::detail
