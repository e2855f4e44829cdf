#include "compile/random_cells_author.h"

#include <sluice/ops/ops.h>

#include <algorithm>
#include <cmath>

namespace sluice::test {

namespace {

constexpr double most = 12;       // larger values are tamed before they go into the pool
constexpr double of_weights = 1;  // elements of weights are smaller

bool fits(const Tensor& a, const Tensor& b) {
  if (a.rank() != b.rank()) return a.rank() == 0 || b.rank() == 0;
  for (Index axis = 0; axis < a.rank(); ++axis) {
    if (a.dim(axis) != b.dim(axis) && a.dim(axis) != 1 && b.dim(axis) != 1) return false;
  }
  return true;
}

}  // namespace

Tensor CellAuthor::numbers(const Shape& shape, DType dtype) {
  std::vector<double> values(static_cast<std::size_t>(shape.size()));
  for (double& value : values) value = number();
  if (dtype == DType::float64) return tensor(values, shape);
  return tensor(std::vector<float>(values.begin(), values.end()), shape);
}

const Bounded& CellAuthor::pick(const Pool& pool) {
  const std::size_t recent = std::min<std::size_t>(pool.size(), 4);  // half of the time, for depth
  return pool[chance(2) ? below(pool.size()) : pool.size() - 1 - below(recent)];
}

Bounded CellAuthor::tamed(Bounded x, double bound) {
  if (x.bound <= bound) return x;
  switch (below(4)) {
    case 0:
      return {x.tensor * (bound / x.bound), bound};
    case 1:
      return {sigmoid(x.tensor), 1};
    case 2:
      return {sin(x.tensor), 1};
    default:
      return {tanh(x.tensor), 1};
  }
}

Bounded CellAuthor::like(const Pool& pool, const Spec& spec, double bound) {
  Pool same;
  Pool before;  // a product away
  for (const Bounded& b : pool) {
    if (b.tensor.spec() == spec) same.push_back(b);
    const bool rows = b.tensor.rank() == 2 && spec.shape.rank() == 2 && b.tensor.dim(0) == spec.shape[0];
    if (rows && std::any_of(weights_.begin(), weights_.end(), [&](const Tensor& w) {
          return w.shape() == Shape{b.tensor.dim(1), spec.shape[1]};
        }))
      before.push_back(b);
  }
  if (!before.empty() && chance(3)) {
    const Bounded x = pick(before);
    for (const Tensor& w : weights_) {
      if (w.shape() == Shape{x.tensor.dim(1), spec.shape[1]})
        return tamed({matmul(x.tensor, weight(w)), x.bound * of_weights * static_cast<double>(w.dim(0))},
                     bound);
    }
  }
  if (same.size() > 1 && chance(3)) {  // f * c + i * n
    const Bounded a = pick(same);
    const Bounded b = pick(same);
    const Bounded c = pick(same);
    return tamed({sigmoid(a.tensor) * b.tensor + c.tensor, b.bound + c.bound}, bound);
  }
  if (!same.empty() && !chance(6)) return tamed(pick(same), bound);
  const Bounded& other = pick(pool);
  const Tensor mean_of_all = mean(other.tensor);
  return tamed({mean_of_all * numbers(spec.shape, spec.dtype), other.bound}, bound);
}

Tensor CellAuthor::weight(Tensor w) {
  switch (below(10)) {  // what a user computes of a weight in the body stays the same at every step
    case 0:
      return w * 0.7;
    case 1:
      return tanh(w);
    default:
      return w;
  }
}

Bounded CellAuthor::linear(const Bounded& x) {
  const Index width = x.tensor.dim(-1);
  std::vector<std::size_t> rows;
  for (std::size_t i = 0; i < weights_.size(); ++i) {
    const Tensor& w = weights_[i];
    if (w.rank() == 2 && (w.dim(0) == width || (w.dim(1) == width && chance(3)))) rows.push_back(i);
  }
  const double bound = x.bound * of_weights * static_cast<double>(width);
  if (rows.empty()) return x;
  // Half of the time the one used longest ago, so that most of them are used.
  const auto used =
      weights_.begin() + static_cast<std::ptrdiff_t>(chance(2) ? rows[0] : rows[below(rows.size())]);
  const Tensor w = *used;
  std::rotate(used, used + 1, weights_.end());
  const bool transposed = w.dim(0) != width || (w.dim(1) == width && chance(4));
  return {matmul(x.tensor, weight(w), {false, transposed}), bound};
}

Bounded CellAuthor::unary(const Bounded& x) {
  const Tensor& t = x.tensor;
  switch (below(12)) {
    case 0:
    case 1:
      return {tanh(t), 1};
    case 2:
    case 3:
      return {sigmoid(t), 1};
    case 4:
      return {1 - t, x.bound + 1};
    case 5:
      return {-t, x.bound};
    case 6:
      return {square(t) * (0.3 / x.bound), 0.3 * x.bound};
    case 7:
      return {softplus(t), x.bound + 1};
    case 8:
      return {silu(t), x.bound};
    case 9:
      return {exp(t * (1 / x.bound)), 3};
    case 10:
      return {1 / (1 + square(t)), 1};
    default:
      return {t * number() + number(), x.bound + 1};
  }
}

Bounded CellAuthor::jumping(const Bounded& x, const Bounded& y) {
  if (!jumps_) return unary(x);
  // Offsets, so that values which are equal by the equations are not compared with each other.
  const Tensor t = x.tensor + numbers(Shape{x.tensor.dim(-1)}, x.tensor.dtype());
  const double bound = x.bound + 1;
  const bool pair = fits(x.tensor, y.tensor);
  switch (below(6)) {
    case 0:
      return {relu(t), bound};
    case 1:
      return {maximum(t, pair ? y.tensor * 0.8 : full({}, 0.1, t.dtype())), std::max(bound, y.bound)};
    case 2:
      return {where(t < number(), x.tensor, pair ? y.tensor : x.tensor * 0.5), std::max(bound, y.bound)};
    case 3:
      return {clamp(t, -0.7, 0.9), 1};
    case 4:
      return {max(t, -1, true), bound};
    default:
      return {leaky_relu(t, 0.1) + abs(t) * 0.5, 2 * bound};
  }
}

Bounded CellAuthor::binary(const Bounded& x, const Bounded& y) {
  if (!fits(x.tensor, y.tensor)) return unary(x);
  switch (below(6)) {
    case 0:
    case 1:
      return {x.tensor + y.tensor, x.bound + y.bound};
    case 2:
      return {x.tensor - y.tensor, x.bound + y.bound};
    case 3: {
      const Tensor z = sigmoid(x.tensor);  // the update of gated units
      return {z * y.tensor + (1 - z) * x.tensor, x.bound + y.bound};
    }
    default:
      return tamed({x.tensor * y.tensor, x.bound * y.bound}, most);
  }
}

Bounded CellAuthor::reduced(const Bounded& x) {
  const auto count = static_cast<double>(x.tensor.size());
  switch (below(5)) {
    case 0:
      return {sum(x.tensor, -1, true), x.bound * static_cast<double>(x.tensor.dim(-1))};
    case 1:
      return {mean(x.tensor, -1, true), x.bound};
    case 2:
      return {logsumexp(x.tensor, -1, true), x.bound + 2};
    case 3:
      return {mean(x.tensor, 0, true), x.bound};  // over the batch: rows see each other
    default:
      return {sum(x.tensor) * (1 / count), x.bound};
  }
}

Bounded CellAuthor::moved(const Bounded& x, const Bounded& y) {
  const Tensor& t = x.tensor;
  const Index width = t.dim(-1);
  const double both = std::max(x.bound, y.bound);
  switch (below(7)) {
    case 0:
    case 1:
      if (y.tensor.rank() == 2 && t.rank() == 2 && t.dim(0) == y.tensor.dim(0) &&
          width + y.tensor.dim(-1) <= 100)
        return {concat({t, y.tensor}, -1), both};
      return x;
    case 2:
    case 3: {
      const auto begin = static_cast<Index>(below(static_cast<std::size_t>(width)));
      const auto count = static_cast<Index>(1 + below(static_cast<std::size_t>(width - begin)));
      return {slice(t, -1, begin, begin + count), x.bound};
    }
    case 4:
      return {flip(t, -1), x.bound};
    case 5:
      return {cumsum(t, -1), x.bound * static_cast<double>(width)};
    default:
      return {transpose(matmul(transpose(t), full({t.dim(0), 1}, 0.1, t.dtype()))),
              x.bound * static_cast<double>(t.dim(0))};
  }
}

Bounded CellAuthor::normalised(const Bounded& x) {
  switch (below(3)) {
    case 0:
      return {softmax(x.tensor, -1), 1};
    case 1:
      return {layer_norm(x.tensor, 0.1), 4};
    default:
      return {x.tensor / sqrt(1 + sum(square(x.tensor), -1, true)), 1};
  }
}

/// Places of the value weighed by how well they fit the query: products of matrices of a batch.
Bounded CellAuthor::attended(const Bounded& query, const Bounded& value) {
  const Tensor& q = query.tensor;
  const Tensor& v = value.tensor;
  if (q.dim(0) != v.dim(0)) return unary(query);
  const Tensor column = expand_dims(q, 2);                         // [batch, n, 1]
  const Tensor outer = matmul(column, expand_dims(v, 1));          // [batch, n, m]
  const Tensor read = matmul(column, tanh(outer), {true, false});  // [batch, 1, m]
  return {reshape(read, {q.dim(0), v.dim(1)}), query.bound * static_cast<double>(q.dim(1))};
}

void CellAuthor::gates(Pool& pool) {
  const Bounded x = pick(pool);
  const Bounded h = pick(pool);
  if (x.tensor.rank() != 2 || h.tensor.rank() != 2) return;
  const bool joined = chance(2) && x.tensor.dim(0) == h.tensor.dim(0);
  const Bounded both =
      joined ? Bounded{concat({x.tensor, h.tensor}, -1), std::max(x.bound, h.bound)} : Bounded{};
  for (std::size_t gate = 1 + below(4); gate > 0; --gate) {
    Bounded z = linear(joined ? both : x);
    if (!joined) {
      const Bounded from_h = linear(h);
      if (fits(z.tensor, from_h.tensor)) z = {z.tensor + from_h.tensor, z.bound + from_h.bound};
    }
    for (const Tensor& b : weights_) {
      if (b.rank() == 1 && b.dim(0) == z.tensor.dim(-1) && chance(2)) {
        z = {z.tensor + b, z.bound + of_weights};
        break;
      }
    }
    pool.push_back({chance(3) ? tanh(z.tensor) : sigmoid(z.tensor), 1});
  }
}

Bounded CellAuthor::nested(const Pool& pool, int depth) {
  const Bounded first = tamed(pick(pool), 2);
  const Bounded each = tamed(pick(pool), 2);
  const auto length = static_cast<Index>(1 + below(3));
  const Shape over_time = each.tensor.shape().inserted(0, length);
  const Tensor xs = broadcast_to(each.tensor, over_time) * numbers(over_time, each.tensor.dtype());
  const ScanBody inner = body(1 + below(4), 1, depth - 1, pool);
  const Carried run = loop(inner, {first.tensor}, {xs}, length);
  if (chance(2)) return {run.carry[0], 2};
  return {mean(run.ys[0], 0), most};
}

void CellAuthor::write(Pool& pool, std::size_t lines, int depth) {
  if (!chance(4)) gates(pool);
  for (std::size_t line = 0; line < lines; ++line) {
    const Bounded x = pick(pool);
    const Bounded y = pick(pool);
    const std::size_t choice = below(40);
    if (choice == 0 && depth > 0) {
      pool.push_back(tamed(nested(pool, depth), most));
    } else if (choice < 2) {
      gates(pool);
    } else if (x.tensor.rank() != 2 || x.tensor.size() == 0) {
      pool.push_back(tamed(choice < 20 ? binary(x, y) : unary(x), most));
    } else {
      const Bounded made = choice < 9    ? linear(x)
                           : choice < 16 ? unary(x)
                           : choice < 25 ? binary(x, y)
                           : choice < 28 ? jumping(x, y)
                           : choice < 31 ? reduced(x)
                           : choice < 36 ? moved(x, y)
                           : choice < 38 ? normalised(x)
                                         : attended(x, y.tensor.rank() == 2 ? y : x);
      pool.push_back(tamed(made, most));
    }
  }
}

ScanBody CellAuthor::body(std::size_t lines, std::size_t ys, int depth, const Pool& outside) {
  const auto seed = static_cast<unsigned>(random_());
  return [seed, lines, ys, depth, outside, weights = weights_, table = table_, jumps = jumps_](
             const Tensors& carry, const Tensors& xs) {
    CellAuthor author(seed, weights, table, jumps);
    Pool pool;
    if (!outside.empty() && author.chance(3)) pool.push_back(author.pick(outside));
    for (const Tensor& x : xs) {
      if (is_floating(x.dtype())) pool.push_back({x, 2});
    }
    Carried step;
    step.carry.resize(carry.size());
    for (std::size_t i = 0; i < carry.size(); ++i) {
      if (is_floating(carry[i].dtype())) {
        pool.push_back({carry[i], 2});
      } else {  // counts the steps, and tells the body
        step.carry[i] = carry[i] + 1;
        pool.push_back({cast(carry[i], carry[0].dtype()) * 0.1, 2});
      }
    }
    for (const Tensor& x : xs) {
      if (x.dtype() == DType::int32) {  // ids: rows of a weight
        pool.push_back({take(table, x, 0), of_weights});
      }
    }
    author.write(pool, lines, depth);
    if (pool.size() > 8 && author.chance(2))  // what came in has had its turn
      pool.erase(pool.begin(), pool.begin() + static_cast<std::ptrdiff_t>(pool.size() / 2));
    for (std::size_t i = 0; i < carry.size(); ++i) {
      if (!step.carry[i].defined()) step.carry[i] = author.like(pool, carry[i].spec(), 2).tensor;
    }
    for (const Tensor& x : xs) {  // where a row of the batch has ended, its state stays
      if (x.dtype() == DType::boolean) step.carry[0] = where(x, step.carry[0], carry[0]);
    }
    for (std::size_t i = 0; i < ys; ++i) step.ys.push_back(author.tamed(author.pick(pool), 2).tensor);
    return step;
  };
}

Carried CellAuthor::loop(const ScanBody& body, const Tensors& carry, const Tensors& xs, Index length) {
  const std::size_t kind = below(12);
  const bool reverse = chance(3);
  if (kind == 0 && length > 0 && length <= 3) {
    std::vector<Tensors> ys(static_cast<std::size_t>(length));
    Carried result{carry, {}};
    for (Index i = 0; i < length; ++i) {
      const Index t = reverse ? length - 1 - i : i;
      Tensors now;
      for (const Tensor& x : xs) now.push_back(select(x, 0, t));
      Carried step = body(result.carry, now);
      result.carry = step.carry;
      ys[static_cast<std::size_t>(t)] = step.ys;
    }
    for (std::size_t i = 0; i < ys[0].size(); ++i) {
      Tensors over_time;
      for (const Tensors& step : ys) over_time.push_back(step[i]);
      result.ys.push_back(stack(over_time, 0));
    }
    return result;
  }
  ScanOptions options;
  options.length = length;
  options.reverse = reverse;
  if (kind == 1) options.checkpoint = chance(2) ? ScanOptions::automatic : static_cast<Index>(1 + below(3));
  return scan(body, carry, xs, options);
}

}  // namespace sluice::test
