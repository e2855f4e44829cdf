#include "compile/random_functions_ops.h"

#include <sluice/nn/loss.h>
#include <sluice/ops/ops.h>

#include <algorithm>
#include <cmath>

namespace sluice::test {

namespace {

using In = RandomOp::Operands;

constexpr double most_ids = 4;  // ids are meant to lie below

bool broadcasts(const Shape& from, const Shape& to) {
  if (from.rank() > to.rank()) return false;
  for (Index i = 1; i <= from.rank(); ++i) {
    const Index length = from[from.rank() - i];
    if (length != to[to.rank() - i] && length != 1) return false;
  }
  return true;
}

/// b where it broadcasts against a, or a part of its sum.
Tensor beside(const Term& a, const Term& b) {
  const Shape& x = a.tensor.shape();
  const Shape& y = b.tensor.shape();
  return broadcasts(x, y) || broadcasts(y, x) ? b.tensor : like(b.tensor, {b.tensor.dtype(), {}});
}

/// With at least one axis.
Tensor with_axis(const Tensor& x) { return x.rank() > 0 ? x : reshape(x, {1}); }
Tensor with_two_axes(const Tensor& x) { return x.rank() > 1 ? x : reshape(x, {1, x.size()}); }

Term sum_of(const Tensor& x, double bound, const Axes& axes) {
  const Tensor y = sum(x, axes);
  const double terms = static_cast<double>(x.size()) / static_cast<double>(std::max<Index>(1, y.size()));
  return {y, bound * std::max(1.0, terms)};
}

Term product(const Term& a, const Term& b) {
  const Tensor x = with_axis(a.tensor);
  const Tensor& w = b.tensor;
  const double bound = a.bound * b.bound * static_cast<double>(std::max<Index>(1, x.dim(-1)));
  if (w.rank() == 2 && w.dim(0) == x.dim(-1)) return {matmul(x, w), bound};
  if (w.rank() == 2 && w.dim(1) == x.dim(-1)) return {matmul(x, w, {.transpose_b = true}), bound};
  if (w.rank() == 2 && x.rank() == 2 && w.dim(0) == x.dim(0))
    return {matmul(x, w, {.transpose_a = true}), a.bound * b.bound * static_cast<double>(x.dim(0))};
  return {x * like(w, {w.dtype(), {}}), a.bound * b.bound};
}

/// Rows of x, by ids that are moved into its length.
Tensor moved_in(const Tensor& ids, Index length) {
  return clamp(ids, 0, static_cast<double>(std::max<Index>(length, 1) - 1));
}
Term rows(const In& in, bool checked) {
  const Tensor x = with_axis(in[0].tensor);
  if (x.dim(0) == 0) return in[0];
  return {take(x, checked ? moved_in(in[1].tensor, x.dim(0)) : in[1].tensor, 0), in[0].bound};
}
Term added_rows(const In& in, bool checked) {
  const Tensor x = with_axis(in[0].tensor);
  if (x.dim(0) == 0) return in[0];
  const Tensor ids = checked ? moved_in(in[1].tensor, x.dim(0)) : in[1].tensor;
  const Tensor update = broadcast_to(sum(in[2].tensor) * 0.2, take(x, ids, 0).shape());
  return {index_add(x, ids, update, 0),
          in[0].bound + in[2].bound * static_cast<double>(4 * in[2].tensor.size())};
}
/// Ids of the shape that goes along the last axis of x.
Tensor ids_along(const Tensor& x, const Tensor& ids, bool checked) {
  const Tensor one = broadcast_to(sum(ids), x.shape().with(x.rank() - 1, 2));
  return checked ? moved_in(one, x.dim(-1)) : one;
}
Term along(const In& in, bool checked) {
  const Tensor x = with_axis(in[0].tensor);
  if (x.dim(-1) == 0) return in[0];
  return {take_along_axis(x, ids_along(x, in[1].tensor, checked)), in[0].bound};
}
Term scattered(const In& in, bool checked) {
  const Tensor x = with_axis(in[0].tensor);
  if (x.dim(-1) == 0) return in[0];
  const Tensor ids = ids_along(x, in[1].tensor, checked);
  return {scatter_add(x, ids, like(in[2].tensor, {x.dtype(), ids.shape()})), in[0].bound + 50 * in[2].bound};
}
Term surprise(const In& in, bool checked) {
  const Tensor x = with_axis(in[0].tensor);
  if (x.dim(-1) == 0) return in[0];
  const Tensor one = broadcast_to(sum(in[1].tensor), x.shape().erased(x.rank() - 1));
  return {nn::cross_entropy(x, checked ? moved_in(one, x.dim(-1)) : one, {.reduction = nn::Reduction::sum}),
          (2 * in[0].bound + 4) * static_cast<double>(x.size())};
}

Tensor number_of(const Tensor& integers) { return integers.rank() == 0 ? integers : sum(integers); }

/// x sigmoid(2 x) + 0.1 y, an op that programs take apart.
struct Gated final : Formula<Gated, 2> {
  static constexpr std::string_view id = "gated";
  static Tensor formula(const Tensor& x, const Tensor& y) { return x * sigmoid(2 * x) + 0.1 * y; }
};

/// The rows of x, with the gradient of their double.
struct Rows final : Formula<Rows, 2> {
  static constexpr std::string_view id = "rows";
  static Tensor formula(const Tensor& x, const Tensor& ids) { return take(x, ids, 0); }
  Tensors gradient(const Tensor& y, const Tensor& dy) const override {
    const Tensor& x = y.input(0);
    return {index_add(zeros_like(x), y.input(1), 2 * dy, 0), Tensor()};
  }
};
Term formula_rows(const In& in) {
  const Tensor x = with_axis(in[0].tensor);
  if (x.dim(0) == 0) return in[0];
  return {make<Rows>(x, in[1].tensor), in[0].bound};
}

const RandomOp ops[] = {
    // Elementwise.
    {"tanh($0)", "n", 'n', 6, [](const In& in, double) { return Term{tanh(in[0].tensor)}; }},
    {"sigmoid($0)", "n", 'n', 4, [](const In& in, double) { return Term{sigmoid(in[0].tensor)}; }},
    {"sin($0)", "n", 'n', 2, [](const In& in, double) { return Term{sin(in[0].tensor)}; }},
    {"exp(tanh($0))", "n", 'n', 2, [](const In& in, double) { return Term{exp(tanh(in[0].tensor)), 3}; }},
    {"square($0)", "n", 'n', 3,
     [](const In& in, double) { return Term{square(in[0].tensor), in[0].bound * in[0].bound}; }},
    {"sqrt(1 + square($0))", "n", 'n', 2,
     [](const In& in, double) { return Term{sqrt(1 + square(in[0].tensor)), in[0].bound + 1}; }},
    {"log1p(square($0))", "n", 'n', 1,
     [](const In& in, double) { return Term{log1p(square(in[0].tensor)), in[0].bound + 1}; }},
    {"silu($0)", "n", 'n', 2, [](const In& in, double) { return Term{silu(in[0].tensor), in[0].bound}; }},
    {"relu($0 - $x)", "n", 'n', 2,
     [](const In& in, double x) { return Term{relu(in[0].tensor - x), in[0].bound + 1}; }},
    {"abs($0 - $x)", "n", 'n', 1,
     [](const In& in, double x) { return Term{abs(in[0].tensor - x), in[0].bound + 1}; }},
    {"$0 * $x", "n", 'n', 4, [](const In& in, double x) { return Term{in[0].tensor * x, in[0].bound}; }},
    {"$0 + $x", "n", 'n', 3, [](const In& in, double x) { return Term{in[0].tensor + x, in[0].bound + 1}; }},
    {"1 - $0", "n", 'n', 3, [](const In& in, double) { return Term{1 - in[0].tensor, in[0].bound + 1}; }},
    {"-$0", "n", 'n', 2, [](const In& in, double) { return Term{-in[0].tensor, in[0].bound}; }},
    {"stop_gradient($0)", "n", 'n', 2,
     [](const In& in, double) { return Term{stop_gradient(in[0].tensor), in[0].bound}; }},
    {"straight_through(tanh($0), $0)", "n", 'n', 2,
     [](const In& in, double) { return Term{straight_through(tanh(in[0].tensor), in[0].tensor)}; }},
    {"gated($0, $1)", "nn", 'n', 4,
     [](const In& in, double) {
       return Term{make<Gated>(in[0].tensor, beside(in[0], in[1])), in[0].bound + in[1].bound};
     }},
    {"$0 + $1", "nn", 'n', 8,
     [](const In& in, double) {
       return Term{in[0].tensor + beside(in[0], in[1]), in[0].bound + in[1].bound};
     }},
    {"$0 - $1", "nn", 'n', 6,
     [](const In& in, double) {
       return Term{in[0].tensor - beside(in[0], in[1]), in[0].bound + in[1].bound};
     }},
    {"$0 * $1", "nn", 'n', 8,
     [](const In& in, double) {
       return Term{in[0].tensor * beside(in[0], in[1]), in[0].bound * in[1].bound};
     }},
    {"$0 / (2 + square($1))", "nn", 'n', 3,
     [](const In& in, double) { return Term{in[0].tensor / (2 + square(beside(in[0], in[1]))), in[0].bound}; }},
    {"maximum($0, $1 + $x)", "nn", 'n', 2,
     [](const In& in, double x) {
       return Term{maximum(in[0].tensor, beside(in[0], in[1]) + x), in[0].bound + in[1].bound + 1};
     }},
    {"where($0 < $x, $0, $1)", "nn", 'n', 2,
     [](const In& in, double x) {
       return Term{where(in[0].tensor < x, in[0].tensor, beside(in[0], in[1])), in[0].bound + in[1].bound};
     }},
    {"where($0, $1, $2)", "mnn", 'n', 4,
     [](const In& in, double) {
       const Tensor a = in[1].tensor;
       return Term{where(like(in[0].tensor, {DType::boolean, a.shape()}), a, like(in[2].tensor, a.spec())),
                      in[1].bound + in[2].bound * static_cast<double>(in[2].tensor.size() + 1)};
     }},
    // Sums and the like.
    {"sum($0)", "n", 'n', 3, [](const In& in, double) { return sum_of(in[0].tensor, in[0].bound, {}); }},
    {"sum($0, 0)", "n", 'n', 3,
     [](const In& in, double) { return sum_of(with_axis(in[0].tensor), in[0].bound, 0); }},
    {"mean($0, -1)", "n", 'n', 2,
     [](const In& in, double) {
       const Tensor x = with_axis(in[0].tensor);
       return Term{x.dim(-1) == 0 ? sum(x, -1) : mean(x, -1), in[0].bound};
     }},
    {"max($0, -1)", "n", 'n', 1,
     [](const In& in, double) {
       const Tensor x = with_axis(in[0].tensor);
       return Term{x.dim(-1) == 0 ? sum(x, -1) : max(x, -1), in[0].bound};
     }},
    {"logsumexp($0, -1)", "n", 'n', 1,
     [](const In& in, double) {
       const Tensor x = with_axis(in[0].tensor);
       return Term{x.dim(-1) == 0 ? sum(x, -1) : logsumexp(x, -1), in[0].bound + 5};
     }},
    {"softmax($0)", "n", 'n', 2, [](const In& in, double) { return Term{softmax(with_axis(in[0].tensor), -1)}; }},
    {"layer_norm($0, 0.1)", "n", 'n', 1,
     [](const In& in, double) { return Term{layer_norm(with_axis(in[0].tensor), 0.1), 5}; }},
    {"cumsum($0, 0)", "n", 'n', 1,
     [](const In& in, double) {
       const Tensor x = with_axis(in[0].tensor);
       return Term{cumsum(x, 0), in[0].bound * static_cast<double>(x.dim(0) + 1)};
     }},
    {"matmul($0, $1)", "nn", 'n', 14, [](const In& in, double) { return product(in[0], in[1]); }},
    // Moves.
    {"transpose($0)", "n", 'n', 3,
     [](const In& in, double) { return Term{transpose(with_two_axes(in[0].tensor)), in[0].bound}; }},
    {"flatten($0)", "n", 'n', 2, [](const In& in, double) { return Term{flatten(in[0].tensor), in[0].bound}; }},
    {"slice($0, 0, 0, 1)", "n", 'n', 3,
     [](const In& in, double) { return Term{slice(with_axis(in[0].tensor), 0, 0, 1), in[0].bound}; }},
    {"slice($0, -1, 1)", "n", 'n', 3,
     [](const In& in, double) { return Term{slice(with_axis(in[0].tensor), -1, 1), in[0].bound}; }},
    {"flip($0, 0)", "n", 'n', 1,
     [](const In& in, double) { return Term{flip(with_axis(in[0].tensor), 0), in[0].bound}; }},
    {"concat({$0, $1}, -1)", "nn", 'n', 4,
     [](const In& in, double) {
       const Tensor a = with_axis(in[0].tensor);
       return Term{concat({a, like(in[1].tensor, a.spec())}, -1),
                      std::max(in[0].bound, in[1].bound * static_cast<double>(in[1].tensor.size() + 1))};
     }},
    {"stack({$0, $1})", "nn", 'n', 2,
     [](const In& in, double) {
       return Term{stack({in[0].tensor, like(in[1].tensor, in[0].tensor.spec())}),
                      std::max(in[0].bound, in[1].bound * static_cast<double>(in[1].tensor.size() + 1))};
     }},
    {"pad($0, {{1, 0}})", "n", 'n', 1,
     [](const In& in, double x) { return Term{pad(with_axis(in[0].tensor), {{1, 0}}, x), in[0].bound + 1}; }},
    {"distinct({2, 3}, $x)", "n", 'n', 2,
     [](const In& in, double x) { return Term{distinct({2, 3}, x, in[0].tensor.dtype())}; }},
    // Places.
    {"take($0, clamp($1))", "ni", 'n', 4, [](const In& in, double) { return rows(in, true); }},
    {"take($0, $1)", "ni", 'n', 1, [](const In& in, double) { return rows(in, false); }},
    {"rows($0, $1)", "ni", 'n', 1, [](const In& in, double) { return formula_rows(in); }},
    {"index_add($0, clamp($1), $2)", "nin", 'n', 2, [](const In& in, double) { return added_rows(in, true); }},
    {"index_add($0, $1, $2)", "nin", 'n', 1, [](const In& in, double) { return added_rows(in, false); }},
    {"take_along_axis($0, clamp(sum($1)))", "ni", 'n', 2, [](const In& in, double) { return along(in, true); }},
    {"take_along_axis($0, sum($1))", "ni", 'n', 1, [](const In& in, double) { return along(in, false); }},
    {"scatter_add($0, clamp(sum($1)), $2)", "nin", 'n', 1, [](const In& in, double) { return scattered(in, true); }},
    {"scatter_add($0, sum($1), $2)", "nin", 'n', 1, [](const In& in, double) { return scattered(in, false); }},
    {"cross_entropy($0, clamp(sum($1)))", "ni", 'n', 2, [](const In& in, double) { return surprise(in, true); }},
    {"cross_entropy($0, sum($1))", "ni", 'n', 1, [](const In& in, double) { return surprise(in, false); }},
    {"one_hot($1, 4) beside $0", "ni", 'n', 1,
     [](const In& in, double) { return Term{one_hot(in[1].tensor, 4, in[0].tensor.dtype())}; }},
    {"cast($1) * 0.1 beside $0", "ni", 'n', 2,
     [](const In& in, double) { return Term{sin(cast(in[1].tensor, in[0].tensor.dtype()) * 0.1)}; }},
    {"cast($1) beside $0", "nm", 'n', 1,
     [](const In& in, double) { return Term{cast(in[1].tensor, in[0].tensor.dtype())}; }},
    {"matmul($0, ones({7, 7}))", "n", 'n', 1,  // never fits
     [](const In& in, double) { return Term{matmul(with_axis(in[0].tensor), ones({7, 7}))}; }},
    // Random numbers.
    {"random::uniform($1, like $0)", "nk", 'n', 3,
     [](const In& in, double) {
       return Term{random::uniform(in[1].tensor, in[0].tensor.shape(), 0, 1, in[0].tensor.dtype())};
     }},
    {"random::normal($1, like $0)", "nk", 'n', 2,
     [](const In& in, double) {
       return Term{random::normal(in[1].tensor, in[0].tensor.shape(), 0, 1, in[0].tensor.dtype()), 6};
     }},
    {"where(random::bernoulli($1, 0.7), $0 / 0.7, 0)", "nk", 'n', 2,
     [](const In& in, double) {
       return Term{where(random::bernoulli(in[1].tensor, 0.7, in[0].tensor.shape()), in[0].tensor / 0.7, 0),
                      in[0].bound * 2};
     }},
    {"random::fold_in($0, $1)", "ki", 'k', 3,
     [](const In& in, double) { return Term{random::fold_in(in[0].tensor, number_of(in[1].tensor))}; }},
    {"random::split($0)[1]", "k", 'k', 3,
     [](const In& in, double) { return Term{random::split(in[0].tensor)[1]}; }},
    // Integers.
    {"$0 + 1", "i", 'i', 6, [](const In& in, double) { return Term{in[0].tensor + 1}; }},
    {"$0 * $1", "ii", 'i', 2, [](const In& in, double) { return Term{in[0].tensor * beside(in[0], in[1])}; }},
    {"$0 - $1", "ii", 'i', 2, [](const In& in, double) { return Term{in[0].tensor - beside(in[0], in[1])}; }},
    {"$0 / ($1 * $1 + 1)", "ii", 'i', 2,
     [](const In& in, double) {
       const Tensor by = clamp(beside(in[0], in[1]), -9, 9);
       return Term{in[0].tensor / (by * by + 1)};
     }},
    {"$0 / $1", "ii", 'i', 1, [](const In& in, double) { return Term{in[0].tensor / beside(in[0], in[1])}; }},
    {"clamp($0, 0, 3)", "i", 'i', 3, [](const In& in, double) { return Term{clamp(in[0].tensor, 0, most_ids - 1)}; }},
    {"argmax($0 * 1.7 + distinct)", "n", 'i', 2,
     [](const In& in, double x) {
       const Tensor t = with_axis(in[0].tensor);
       if (t.dim(-1) == 0) return Term{cast(sum(t), DType::int32)};
       return Term{argmax(t * 1.7 + distinct({t.dim(-1)}, x, t.dtype()), -1)};
     }},
    {"cast(floor(tanh($0) * 3 + $x))", "n", 'i', 2,
     [](const In& in, double x) { return Term{cast(floor(tanh(in[0].tensor) * 3 + x), DType::int32)}; }},
    {"random::categorical($1, $0)", "nk", 'i', 2,
     [](const In& in, double) {
       const Tensor t = with_axis(in[0].tensor);
       return Term{t.dim(-1) == 0 ? cast(sum(t), DType::int32) : random::categorical(in[1].tensor, t)};
     }},
    {"where($0, $1, $2)", "mii", 'i', 2,
     [](const In& in, double) {
       const Tensor a = in[1].tensor;
       return Term{where(like(in[0].tensor, {DType::boolean, a.shape()}), a, like(in[2].tensor, a.spec()))};
     }},
    // Masks.
    {"$0 < $x", "n", 'm', 3, [](const In& in, double x) { return Term{in[0].tensor < x}; }},
    {"$0 < $1 + $x", "nn", 'm', 3,
     [](const In& in, double x) { return Term{in[0].tensor < beside(in[0], in[1]) + x}; }},
    {"$0 <= $1", "ii", 'm', 2, [](const In& in, double) { return Term{in[0].tensor <= beside(in[0], in[1])}; }},
    {"logical_not($0)", "m", 'm', 1, [](const In& in, double) { return Term{logical_not(in[0].tensor)}; }},
    {"logical_and($0, $1)", "mm", 'm', 2,
     [](const In& in, double) {
       return Term{logical_and(in[0].tensor, like(in[1].tensor, in[0].tensor.spec()))};
     }},
    {"random::bernoulli($0, 0.5)", "k", 'm', 1,
     [](const In& in, double) { return Term{random::bernoulli(in[0].tensor, 0.5, {2, 3})}; }},
};

}  // namespace

std::span<const RandomOp> random_ops() { return ops; }

Term tamed(const Term& value, double bound) {
  if (value.bound <= bound) return value;
  return {tanh(value.tensor * (2 / value.bound)), 1, value.opaque};
}

Tensor like(const Tensor& value, const Spec& spec) {
  if (value.spec() == spec) return value;
  if (broadcasts(value.shape(), spec.shape)) return broadcast_to(value, spec.shape);
  if (spec.dtype == DType::boolean) return broadcast_to(sum(cast(value, DType::int32)) > 1, spec.shape);
  const Tensor part = spec.dtype == DType::int32 ? sum(value) : sum(value) * 0.25;
  return broadcast_to(part, spec.shape);
}

Tensor scalar(const Term& value) {
  const Tensor& t = value.tensor;
  if (t.rank() == 0) return t;
  return sum(sin(t) * distinct(t.shape(), 0.4, t.dtype()));
}

Tensor distinct(const Shape& shape, double seed, DType dtype) {
  std::vector<double> values(static_cast<std::size_t>(shape.size()));
  for (std::size_t i = 0; i < values.size(); ++i)
    values[i] = std::sin(40 * seed + 1.7 * static_cast<double>(i));
  if (dtype == DType::float64) return tensor(values, shape);
  return tensor(std::vector<float>(values.begin(), values.end()), shape);
}

}  // namespace sluice::test
