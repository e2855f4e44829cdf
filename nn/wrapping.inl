#pragma once

#include <sluice/nn/context_cell.h>

#include <fmt/format.h>

#include <utility>

/// What the wrappers of cells and layers share.
namespace sluice::nn::detail {

/// The part that a wrapper is made around. Throws Error for a null pointer.
template <class T>
Part<T> wrapped(const char* who, Part<T> part, Location where) {
  if (part == nullptr) {
    throw Error(
        fmt::format("[{}] goes around another module: got a null pointer; pass what it is to wrap", who),
        where);
  }
  return part;
}

/// What a wrapper holds. Throws Error if it has been moved from.
template <class T>
const T& held(const char* who, const Part<T>& part) {
  if (part == nullptr) throw Error(moved_from(who));
  return *part;
}

/// Throws Error unless `rate` is below 1 and not negative.
inline void require_drop_rate(const char* who, double rate, Location where) {
  if (rate >= 0 && rate < 1) return;
  throw Error(
      fmt::format("[{}] a rate is in [0, 1): got {}; 0 drops nothing, 0.5 every other value", who, rate),
      where);
}

/// The key to draw masks with. Throws Error that names the wrapper if there is none.
inline const Tensor& key_in_training(const char* who, const Tensor& key, double rate) {
  if (key.defined()) return key;
  throw Error(
      fmt::format("[{}] training at rate {} takes a random key: got none; pass one in the call, new for "
                  "every step of training (.key = random::fold_in(key, step))",
                  who, rate));
}

}  // namespace sluice::nn::detail
