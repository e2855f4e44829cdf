#include "author.h"

#include <sluice/graph/error.h>
#include <sluice/ops/ops.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace sluice::fuzz {

double Author::number() {
  constexpr double special[] = {0,           -0.0,         1,      1e-40,    1e39,      1e300, -1e300,
                                2147483648., -2147483649., 1e-300, INFINITY, -INFINITY, NAN};
  const auto byte = data_.ConsumeIntegral<std::int8_t>();
  if (style_ == Style::wild && byte >= 112) return special[below(std::size(special))];
  return byte / 64.;
}

Index Author::index() {
  constexpr Index limit = std::numeric_limits<Index>::max();
  constexpr Index special[] = {limit,          -limit,         -limit - 1, limit - 1,         Index{1} << 48,
                               Index{1} << 31, Index{1} << 32, 1000,       -(Index{1} << 62), Index{1} << 62};
  const auto byte = data_.ConsumeIntegral<std::uint8_t>();
  if (style_ == Style::wild && byte >= 240) return special[below(std::size(special))];
  return byte % 12 - (byte >= 128 ? 4 : 0);
}

Index Author::axis(Index rank) {
  if (style_ == Style::wild && below(16) == 15) return index();
  return static_cast<Index>(below(static_cast<std::size_t>(2 * rank))) - rank;
}

DType Author::dtype() {
  constexpr DType all[] = {DType::float64, DType::float32, DType::int32, DType::boolean};
  return all[style_ == Style::smooth ? 0 : below(std::size(all))];
}

std::vector<Index> Author::indices(std::size_t most) {
  std::vector<Index> list(below(most + 1));
  for (Index& i : list) i = index();
  return list;
}

Shape Author::shape() {
  constexpr Index lengths[] = {2, 3, 1, 0, 4, 7, 17};
  const auto byte = data_.ConsumeIntegral<std::uint8_t>();
  std::vector<Index> dims(style_ == Style::wild && byte >= 224 ? byte % 16 : byte % 4);
  for (Index& dim : dims)
    dim = style_ == Style::wild && byte >= 248 ? index() : lengths[below(std::size(lengths))];
  if (style_ == Style::smooth && std::count(dims.begin(), dims.end(), 17) == 3)
    dims.back() = 1;  // more than `largest`
  return Shape(std::span<const Index>(dims));
}

Tensor Author::constant(DType dtype, const Shape& shape) {
  if (shape.size() > largest) throw Error("this is more memory than an author has");
  return with_type(dtype, [&](auto type) {
    using T = decltype(type);
    Array array(Spec{dtype, shape});
    const double start = number();
    double i = 0;
    for (T& value : array.values<T>()) {
      if constexpr (std::is_floating_point_v<T>) {
        value = style_ == Style::wild && i < 8 ? static_cast<T>(number())
                                               : static_cast<T>(std::sin(start + 1.7 * i));
      } else if constexpr (std::is_same_v<T, bool>) {
        value = flag();
      } else {
        value = static_cast<T>(
            std::clamp<Index>(index(), std::numeric_limits<T>::min(), std::numeric_limits<T>::max()));
      }
      i += 1;
    }
    return Tensor(std::move(array));
  });
}

const Tensor& Author::any() {
  const std::size_t back = below(pool_.size());  // 0, which bytes that have ended give, is the newest
  return pool_[pool_.size() - 1 - back];
}

Tensor Author::any(DType dtype) {
  Tensors found;
  std::copy_if(pool_.begin(), pool_.end(), std::back_inserter(found),
               [&](const Tensor& t) { return t.dtype() == dtype; });
  return found.empty() ? any() : found[found.size() - 1 - below(found.size())];
}

Tensor Author::floating() {
  Tensors found;
  std::copy_if(pool_.begin(), pool_.end(), std::back_inserter(found),
               [](const Tensor& t) { return is_floating(t.dtype()); });
  return found.empty() ? any() : found[found.size() - 1 - below(found.size())];
}

Tensor Author::like(const Tensor& x) {
  Tensors found;
  std::copy_if(pool_.begin(), pool_.end(), std::back_inserter(found),
               [&](const Tensor& t) { return t.spec() == x.spec(); });
  if (!found.empty()) return found[found.size() - 1 - below(found.size())];
  return constant(x.dtype(), x.shape());
}

Tensors Author::some(std::size_t most) {
  Tensors found(below(most + 1));
  for (Tensor& t : found) t = found.front().defined() && flag() ? like(found.front()) : any();
  return found;
}

Operand Author::operand() {
  if (below(4) == 3) return number();
  return any();
}

Tensors Author::scan(int depth) {
  ScanOptions options;
  options.length = static_cast<Index>(below(5));
  options.reverse = flag();
  constexpr Index segments[] = {0, ScanOptions::automatic, 1, 2, 3, -7};
  options.checkpoint = segments[below(style_ == Style::wild ? 6 : 5)];
  const Tensors carry = some(2);
  Tensors xs;
  for (std::size_t n = below(3); n > 0; --n) {
    const Tensor& x = any();
    xs.push_back(flag() ? x : broadcast_to(x, x.shape().inserted(0, options.length)));
  }
  const Tensors outside = pool_;
  const auto body = [&](const Tensors& c, const Tensors& x) {
    pool_.insert(pool_.end(), x.begin(), x.end());
    pool_.insert(pool_.end(), c.begin(), c.end());
    write(1 + below(6), depth - 1);
    Carried step;
    for (const Tensor& t : c) step.carry.push_back(like(t));
    step.ys = some(2);
    return step;
  };
  try {
    Carried result = sluice::scan(body, carry, xs, options);
    pool_ = outside;
    result.carry.insert(result.carry.end(), result.ys.begin(), result.ys.end());
    return result.carry;
  } catch (const Error&) {
    pool_ = outside;
    throw;
  }
}

Tensors Author::call(int depth) { return depth > 0 && below(8) == 7 ? scan(depth) : call_op(*this); }

std::size_t Author::write(std::size_t most, int depth) {
  std::size_t accepted = 0;
  for (std::size_t i = 0; i < most && !done(); ++i) {
    try {
      const Tensors results = call(depth);
      ++accepted;
      for (const Tensor& result : results) {
        if (result.defined() && result.size() <= largest) pool_.push_back(result);
      }
    } catch (const Error&) {
      continue;
    }
  }
  return accepted;
}

}  // namespace sluice::fuzz
