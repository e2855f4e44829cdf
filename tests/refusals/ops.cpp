#include "refusals/refusal.h"
#include "support/catch.h"

#include <sluice/kernels/threads.h>
#include <sluice/sluice.h>

#include <stdexcept>

using namespace sluice;

TEST_CASE("what elementwise ops refuse") {
  const Tensor f = ones({2, 3});
  const Tensor d = ones({2, 3}, DType::float64);
  const Tensor i = ones({2, 3}, DType::int32);
  const Tensor b = f > 0;
  const Tensor none;
  refuses("abs", "a tensor of numbers", [&] { abs(b); });
  refuses("add", "got f32[2, 3] and f64[2, 3]", [&] { f + d; });
  refuses("add", "got [2, 3] and [4]", [&] { f + ones({4}, DType::float32); });
  refuses("subtract", "got f32[2, 3] and f64[2, 3]", [&] { f - d; });
  refuses("multiply", "got bool[2, 3]", [&] { evaluate(b * f); });
  refuses("divide", "got f32[2, 3] and i32[2, 3]", [&] { f / i; });
  refuses("divide", "divided by 0: got 0", [&] { evaluate(i / 0); });
  refuses("negate", "got bool[2, 3]", [&] { -b; });
  refuses("operand", "must be a 32-bit integer: got 0.5", [&] { i * 0.5; });
  refuses("ceil", "got i32[2, 3]", [&] { ceil(i); });
  refuses("cos", "got i32[2, 3]", [&] { cos(i); });
  refuses("elu", "got i32[2, 3]", [&] { elu(i); });
  refuses("erf", "got i32[2, 3]", [&] { erf(i); });
  refuses("exp", "got i32[2, 3]", [&] { exp(i); });
  refuses("expm1", "got i32[2, 3]", [&] { expm1(i); });
  refuses("floor", "got i32[2, 3]", [&] { floor(i); });
  refuses("fmod", "got f32[2, 3] and f64[2, 3]", [&] { fmod(f, d); });
  refuses("fmod", "divided by 0: got 0", [&] { evaluate(fmod(i, 0)); });
  refuses("gelu", "got i32[2, 3]", [&] { gelu(i); });
  refuses("isfinite", "got bool[2, 3]", [&] { isfinite(b); });
  refuses("isinf", "got bool[2, 3]", [&] { isinf(b); });
  refuses("isnan", "got bool[2, 3]", [&] { isnan(b); });
  refuses("leaky_relu", "got bool[2, 3]", [&] { leaky_relu(b); });
  refuses("log", "got i32[2, 3]", [&] { log(i); });
  refuses("log_sigmoid", "got i32[2, 3]", [&] { log_sigmoid(i); });
  refuses("log1p", "got i32[2, 3]", [&] { log1p(i); });
  refuses("maximum", "got f32[2, 3] and f64[2, 3]", [&] { maximum(f, d); });
  refuses("minimum", "got f32[2, 3] and f64[2, 3]", [&] { minimum(f, d); });
  refuses("multiply_no_nan", "got f32[2, 3] and f64[2, 3]", [&] { multiply_no_nan(f, d); });
  refuses("norm", "got i32[2, 3]", [&] { norm(i); });
  refuses("pow", "got f32[2, 3] and f64[2, 3]", [&] { pow(f, d); });
  refuses("relu", "got bool[2, 3]", [&] { relu(b); });
  refuses("remainder", "got f32[2, 3] and f64[2, 3]", [&] { remainder(f, d); });
  refuses("remainder", "divided by 0: got 0", [&] { evaluate(remainder(i, 0)); });
  refuses("round", "got i32[2, 3]", [&] { round(i); });
  refuses("rsqrt", "got i32[2, 3]", [&] { rsqrt(i); });
  refuses("sigmoid", "got i32[2, 3]", [&] { sigmoid(i); });
  refuses("sign", "got bool[2, 3]", [&] { sign(b); });
  refuses("silu", "got i32[2, 3]", [&] { silu(i); });
  refuses("sin", "got i32[2, 3]", [&] { sin(i); });
  refuses("softplus", "got i32[2, 3]", [&] { softplus(i); });
  refuses("sqrt", "got i32[2, 3]", [&] { sqrt(i); });
  refuses("square", "got bool[2, 3]", [&] { square(b); });
  refuses("tanh", "got i32[2, 3]", [&] { tanh(i); });
  refuses("trunc", "got i32[2, 3]", [&] { trunc(i); });
  refuses("stop_gradient", "undefined Tensor", [&] { stop_gradient(none); });
  refuses("tap", "undefined Tensor", [&] { tap(none, "x", [](const Tapped&) {}); });
  refuses("tap", "got an empty one", [&] { tap(f, "x", nullptr); });
  refuses("tap", "got \"enough\"",
          [&] { evaluate(tap(f, "x", [](const Tapped&) { throw std::runtime_error("enough"); })); });
  refuses("tap", "got f64 for f32[2, 3]",
          [&] { evaluate(tap(f, "x", [](const Tapped& t) { t.values<double>(); })); });
  refuses("less", "got f32[2, 3] and i32[2, 3]", [&] { return f < i; });
  refuses("less_equal", "got f32[2, 3] and i32[2, 3]", [&] { return f <= i; });
  refuses("less", "got i32[2, 3] and f32[2, 3]", [&] { return f > i; });
  refuses("less_equal", "got i32[2, 3] and f32[2, 3]", [&] { return f >= i; });
  refuses("equal", "got f32[2, 3] and i32[2, 3]", [&] { equal(f, i); });
  refuses("not_equal", "got f32[2, 3] and i32[2, 3]", [&] { not_equal(f, i); });
  refuses("logical_and", "got f32[2, 3]", [&] { logical_and(f, b); });
  refuses("logical_or", "got f32[2, 3]", [&] { logical_or(f, b); });
  refuses("logical_xor", "got f32[2, 3]", [&] { logical_xor(f, b); });
  refuses("logical_not", "got f32[2, 3]", [&] { logical_not(f); });
  refuses("where", "got f32[2, 3]", [&] { where(f, 1, 0); });
  refuses("where", "got f32[2, 3] and f64[2, 3]", [&] { where(b, f, d); });
  refuses("where", "undefined Tensor", [&] { where(none, f, f); });
  refuses("clamp", "low must not be above high", [&] { clamp(f, 2, 1); });
  refuses("clamp", "got bool[2, 3]", [&] { clamp(b, 0, 1); });
  refuses("cast", "undefined Tensor", [&] { cast(none, DType::float64); });
}

TEST_CASE("what reductions refuse") {
  const Tensor f = ones({2, 3});
  const Tensor i = ones({2, 3}, DType::int32);
  const Tensor b = f > 0;
  const Tensor empty = ones({0, 3});
  const Tensor none;
  refuses("sum", "axis must lie in -2..1", [&] { sum(f, 2); });
  refuses("sum", "got axis 1 twice", [&] { sum(f, {1, -1}); });
  refuses("sum", "undefined Tensor", [&] { sum(none); });
  refuses("mean", "got i32[2, 3]", [&] { mean(i); });
  refuses("mean", "axis must lie in -2..1", [&] { mean(f, 2); });
  refuses("var", "got i32[2, 3]", [&] { var(i); });
  refuses("var", "axis must lie in -2..1", [&] { var(f, 2); });
  refuses("var", "0 or more: got -1", [&] { var(f, 0, {.correction = -1}); });
  refuses("stddev", "got bool[2, 3]", [&] { stddev(b); });
  refuses("any", "got f32[2, 3]; compare it", [&] { any(f); });
  refuses("any", "axis must lie in -2..1", [&] { any(b, 2); });
  refuses("all", "got i32[2, 3]; compare it", [&] { all(i); });
  refuses("prod", "axis must lie in -2..1", [&] { prod(f, 2); });
  refuses("max", "axis must lie in -2..1", [&] { max(f, 2); });
  refuses("min", "axis must lie in -2..1", [&] { min(f, -3); });
  refuses("max", "got f32[0, 3]", [&] { max(empty); });
  refuses("argmax", "axis must lie in -2..1", [&] { argmax(f, 2); });
  refuses("argmin", "axis must lie in -2..1", [&] { argmin(f, 2); });
  refuses("argmax", "of f32[0, 3]", [&] { argmax(empty, 0); });
  refuses("cumsum", "axis must lie in -2..1", [&] { cumsum(f, 2); });
  refuses("cumsum", "got bool[2, 3]", [&] { cumsum(b); });
  refuses("sort", "axis must lie in -2..1", [&] { sort(f, 2); });
  refuses("sort", "got bool[2, 3]", [&] { sort(b); });
  refuses("argsort", "got bool[2, 3]", [&] { argsort(b); });
  refuses("argsort", "axis must lie in -2..1", [&] { argsort(f, -3); });
  refuses("top_k", "k must lie in 0..3, the length of axis 1: got 4 for f32[2, 3]", [&] { top_k(f, 4); });
  refuses("top_k", "axis must lie in -2..1", [&] { top_k(f, 1, 2); });
  refuses("softmax", "got i32[2, 3]", [&] { softmax(i); });
  refuses("softmax", "axis must lie in -2..1", [&] { softmax(f, 2); });
  refuses("log_softmax", "got i32[2, 3]", [&] { log_softmax(i); });
  refuses("log_softmax", "axis must lie in -2..1", [&] { log_softmax(f, 2); });
  refuses("linear_cross_entropy", "got f32[2, 3], f32[2, 3], i32[2, 3] and no bias",
          [&] { linear_cross_entropy(f, f, i); });
  refuses("linear_cross_entropy", "classes must lie in 0..1: got 2 at [1] of the classes [2]", [&] {
    evaluate(linear_cross_entropy(f, f, tensor({0, 2})));
  });
  refuses("linear_cross_entropy", "undefined Tensor", [&] { linear_cross_entropy(f, f, none); });
  refuses("logsumexp", "got i32[2, 3]", [&] { logsumexp(i); });
  refuses("logsumexp", "axis must lie in -2..1", [&] { logsumexp(f, 2); });
  refuses("layer_norm", "epsilon cannot be negative or infinite: got -1", [&] { layer_norm(f, -1); });
  refuses("layer_norm", "got i32[2, 3]", [&] { layer_norm(i); });
  refuses("layer_norm", "got [2] and [3] for [2, 3]", [&] { layer_norm(f, ones({2}), ones({3})); });
  refuses("matmul", "got f32[2, 3] and f32[2, 3]", [&] { matmul(f, f); });
  refuses("matmul", "got f32[2, 3] and i32[2, 3]", [&] { matmul(f, i); });
  refuses("matmul", "need at least one axis", [&] { matmul(f, full({}, 1)); });
  refuses("matmul", "a vector cannot be transposed", [&] { matmul(ones({3}), f, {.transpose_a = true}); });
  refuses("matmul", "undefined Tensor", [&] { matmul(none, f); });
}

TEST_CASE("what linear algebra refuses, when built and when run") {
  const Tensor f = ones({3, 3});
  const Tensor i = ones({3, 3}, DType::int32);
  const Tensor batch = tensor({1.f, 2.f, 2.f, 4.f, 4.f, 0.f, 0.f, -1.f}, {2, 1, 2, 2});
  const Tensor side = ones({2});
  const Tensor none;
  refuses("cholesky", "got f32[2, 3]", [&] { cholesky(ones({2, 3})); });
  refuses("cholesky", "got i32[3, 3]", [&] { cholesky(i); });
  refuses("cholesky", "undefined Tensor", [&] { cholesky(none); });
  refuses("cholesky", "got pivot 0 at row 1 of matrix [0, 0] of f32[2, 1, 2, 2]",
          [&] { evaluate(cholesky(batch)); });
  refuses("inverse", "got f32[3]", [&] { inverse(ones({3})); });
  refuses("inverse", "got i32[3, 3]", [&] { inverse(i); });
  refuses("inverse", "got pivot 0 in column 1 of matrix [0, 0] of", [&] { evaluate(inverse(batch)); });
  refuses("logdet", "got i32[3, 3]", [&] { logdet(i); });
  refuses("logdet", "got f32[2, 3]", [&] { logdet(ones({2, 3}), {.positive = true}); });
  refuses("logdet", "got pivot -1 at row 0 of", [&] { evaluate(logdet(batch * -1, {.positive = true})); });
  refuses("slogdet", "got f32[2, 3]", [&] { slogdet(ones({2, 3})); });
  refuses("solve", "got f32[3, 3] and f32[2, 1]", [&] { solve(f, side); });
  refuses("solve", "got f32[3, 3] and i32[3, 3]", [&] { solve(f, i); });
  refuses("solve", "got f32[2, 3]", [&] { solve(ones({2, 3}), f, {.positive = true}); });
  refuses("solve", "got [2] and [3]", [&] { solve(ones({2, 3, 3}), ones({3, 3, 1})); });
  refuses("solve", "undefined Tensor", [&] { solve(f, none); });
  refuses("solve", "got pivot 0 in column 1 of matrix [0, 0] of f32[2, 1, 2, 2]; ",
          [&] { evaluate(solve(batch, side)); });
  refuses("solve", "got pivot 0 at row 1 of", [&] { evaluate(solve(batch, side, {.positive = true})); });
  refuses("solve_triangular", "got f32[3, 3] and f32[]", [&] { solve_triangular(f, 1); });
  refuses("solve_triangular", "got i32[3, 3]", [&] { solve_triangular(i, i); });
}

TEST_CASE("what moves of elements refuse") {
  const Tensor f = ones({2, 3});
  const Tensor d = ones({2, 3}, DType::float64);
  const Tensor none;
  refuses("broadcast_to", "got", [&] { broadcast_to(f, {3, 3}); });
  refuses("broadcast_to", "undefined Tensor", [&] { broadcast_to(none, {3}); });
  refuses("concat", "got none", [&] { concat({}); });
  refuses("concat", "axis must lie in -2..1", [&] { concat({f, f}, 2); });
  refuses("concat", "got", [&] { concat({f, ones({3, 3})}, -1); });
  refuses("concat", "got", [&] { concat({f, d}); });
  refuses("stack", "got none", [&] { stack({}); });
  refuses("stack", "got f32[2, 3] and f64[2, 3]", [&] { stack({f, d}); });
  refuses("diag", "got a scalar", [&] { diag(full({}, 1)); });
  refuses("diag_embed", "got a scalar", [&] { diag_embed(full({}, 1)); });
  refuses("diagonal", "at least two axes: got [3]", [&] { diagonal(ones({3})); });
  refuses("outer", "got f32[2, 3] and f32[]", [&] { outer(f, 2); });
  refuses("outer", "got f32[2, 3, 1] and f64[2, 1, 3]", [&] { outer(f, d); });
  refuses("repeat", "cannot be negative: got -1", [&] { repeat(f, -1, 0); });
  refuses("repeat", "axis must lie in -2..1", [&] { repeat(f, 2, 2); });
  refuses("roll", "axis must lie in -2..1", [&] { roll(f, 1, 2); });
  refuses("tile", "cannot be negative: got [1, -2]", [&] { tile(f, {1, -2}); });
  refuses("eye", "a length cannot be negative", [] { eye(-1); });
  refuses("linspace", "count cannot be negative: got -1", [] { linspace(0, 1, -1); });
  refuses("linspace", "f32 or f64: got i32", [] { linspace(0, 1, 3, DType::int32); });
  refuses("expand_dims", "axis must lie in -3..2", [&] { expand_dims(f, 3); });
  refuses("squeeze", "got axis 1 of [2, 3]", [&] { squeeze(f, {1}); });
  refuses("flip", "axis must lie in -2..1", [&] { flip(f, 2); });
  refuses("flatten", "undefined Tensor", [&] { flatten(none); });
  refuses("reshape", "got [2, 3] with 6 for [4, 2] with 8", [&] { reshape(f, {4, 2}); });
  refuses("reshape", "only one length can be -1", [&] { reshape(f, {-1, -1}); });
  refuses("reshape", "-1 must stand for one whole length", [&] { reshape(f, {-1, 4}); });
  refuses("transpose", "needs at least two axes: got [3]", [&] { transpose(ones({3})); });
  refuses("transpose", "must name each axis once", [&] { transpose(f, {0}); });
  refuses("transpose", "axis 0 twice", [&] { transpose(f, {0, 0}); });
  refuses("select", "must lie in -2..1 on axis 0 of [2, 3]: got 2", [&] { select(f, 0, 2); });
  refuses("select", "axis must lie in -2..1", [&] { select(f, 2, 0); });
  refuses("slice", "step must be at least 1: got 0", [&] { slice(f, 0, 0, 2, 0); });
  refuses("slice", "got 3 ranges for [2, 3]", [&] { slice(f, {{}, {}, {}}); });
  refuses("slice", "axis must lie in -2..1", [&] { slice(f, 2, 0); });
  refuses("split", "got [1, 1] for [2, 3]", [&] { split(f, {1, 1}, 1); });
  refuses("split", "got 2 parts of [2, 3]", [&] { split(f, 2, 1); });
  refuses("pad", "at most one padding per axis: got 3", [&] { pad(f, {{1, 1}, {1, 1}, {1, 1}}); });
  refuses("pad", "cannot be negative: got -1", [&] { pad(f, {{-1, 0}}); });
}

TEST_CASE("what look-ups refuse, when built and when run") {
  const Tensor f = ones({2, 3});
  const Tensor bad = tensor({1, 7});
  const Tensor none;
  refuses("take", "ids must be i32: got f32[2]", [&] { take(f, ones({2})); });
  refuses("take", "axis must lie in -2..1", [&] { take(f, bad, 2); });
  refuses("take", "ids must lie in 0..1: got 7 at [1] of the ids [2]", [&] { evaluate(take(f, bad)); });
  refuses("take", "got 7 at [1]", [&] { evaluate(grad(sum(take(f, bad)), f)); });
  refuses("take_along_axis", "ids must be i32", [&] { take_along_axis(f, f); });
  refuses("take_along_axis", "but for axis 1: got [2] for [2, 3]", [&] { take_along_axis(f, bad); });
  refuses("take_along_axis", "got 7 at [0, 1]", [&] {
    evaluate(take_along_axis(f, tensor({0, 7, 0, 0}, {2, 2})));
  });
  refuses("take_along_axis", "got 7 at [0, 1]", [&] {
    evaluate(grad(sum(take_along_axis(f, tensor({0, 7, 0, 0}, {2, 2}))), f));
  });
  refuses("index_add", "ids must be i32", [&] { index_add(f, ones({2}), f); });
  refuses("index_add", "got x f32[2, 3], ids i32[2], updates f32[2, 2]", [&] {
    index_add(f, bad, ones({2, 2}));
  });
  refuses("index_add", "got 7 at [1]", [&] { evaluate(index_add(f, bad, f)); });
  refuses("index_sum", "got ids i32[2] and updates f32[3, 3]", [&] { index_sum(bad, ones({3, 3}), 0, 4); });
  refuses("index_sum", "got 7 at [1]", [&] { evaluate(index_sum(bad, f, 0, 4)); });
  refuses("scatter_add", "got f32[2] for f32[2, 3]", [&] { scatter_add(f, bad, ones({2})); });
  refuses("scatter_add", "got 7 at [0, 0]", [&] {
    evaluate(scatter_add(f, tensor({7, 0}, {2, 1}), ones({2, 1})));
  });
  refuses("scatter", "ids must be i32", [&] { scatter(f, ones({2}), f); });
  refuses("scatter", "got x f32[2, 3], ids i32[2], values f32[2, 2]", [&] { scatter(f, bad, ones({2, 2})); });
  refuses("scatter", "got 7 at [1]", [&] { evaluate(scatter(f, bad, f)); });
  refuses("scatter", "undefined Tensor", [&] { scatter(f, bad, none); });
  refuses("scatter_sum", "got ids i32[2] and updates f32[3]", [&] { scatter_sum(bad, ones({3}), 0, 4); });
  refuses("scatter_sum", "got 7 at [1]", [&] { evaluate(scatter_sum(bad, ones({2}), 0, 4)); });
  refuses("one_hot", "i32", [&] { one_hot(f, 3); });
  refuses("one_hot", "got", [&] { one_hot(bad, -1); });
  refuses("one_hot", "undefined Tensor", [&] { one_hot(none, 3); });
}

TEST_CASE("what random numbers refuse") {
  const Tensor key = random::key(1);
  const Tensor none;
  const Tensor infinite = full({2}, -std::numeric_limits<double>::infinity());
  refuses("random::split", "count must be from 1 to 1048576: got 0", [&] { random::split(key, 0); });
  refuses("random::split", "a key must be i32[2]: got i32[1]", [&] { random::split(tensor({1})); });
  refuses("random::fold_in", "a key must be i32[2]: got i32[1]", [&] { random::fold_in(tensor({1}), 1); });
  refuses("random::fold_in", "an i32 scalar: got f32[2]", [&] { random::fold_in(key, ones({2})); });
  refuses("random::uniform", "low must be below high", [&] { random::uniform(key, {2}, 1, 1); });
  refuses("random::uniform", "undefined Tensor", [&] { random::uniform(none, {2}); });
  refuses("random::uniform", "f32 or f64: got i32", [&] { random::uniform(key, {2}, 0, 1, DType::int32); });
  refuses("random::normal", "got mean 0 and stddev -1", [&] { random::normal(key, {2}, 0, -1); });
  refuses("random::normal", "a key must be i32[2]", [&] { random::normal(tensor({1}), {2}); });
  refuses("random::bernoulli", "in [0, 1]: got 1.5", [&] { random::bernoulli(key, 1.5, {2}); });
  refuses("random::bernoulli", "got p f32[3] and shape [2, 1]", [&] {
    random::bernoulli(key, ones({3}), {2, 1});
  });
  refuses("random::bernoulli", "undefined Tensor", [&] { random::bernoulli(none, 0.5, {2}); });
  refuses("random::categorical", "f32 or f64: got i32[2]", [&] { random::categorical(key, tensor({1, 2})); });
  refuses("random::categorical", "axis must lie in", [&] { random::categorical(key, ones({2}), 1); });
  refuses("random::categorical", "minus infinity only",
          [&] { evaluate(random::categorical(key, infinite)); });
  refuses("random::categorical", "undefined Tensor", [&] { random::categorical(none, ones({2})); });
}
