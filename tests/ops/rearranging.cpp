// Copies and moves made of other ops, and constant matrices and vectors: each against its definition.

#include <sluice/graph/evaluate.h>
#include <sluice/ops/ops.h>

#include <cmath>
#include <limits>

#include "support/catch.h"
#include "support/check_op.h"

using namespace sluice;
using namespace sluice::test;

namespace {

using Position = std::vector<Index>;
using Integers = std::vector<std::int32_t>;

Integers integers(const Tensor& x) { return evaluate(x).to_vector<std::int32_t>(); }

std::size_t place(Index axis) { return static_cast<std::size_t>(axis); }

/// The element of x for each position of a shape.
auto taken(const std::function<Shape(const Shape&)>& shape,
           const std::function<Position(const Shape&, Position)>& from) {
  return [=](const std::vector<Values>& x) {
    return filled(shape(x[0].shape), [&](const Position& at) { return x[0].at(from(x[0].shape, at)); });
  };
}

}  // namespace

TEST_CASE("roll moves elements around an axis") {
  for (const Index shift : {Index{1}, Index{-1}, Index{7}}) {
    CAPTURE(shift);
    for (const Index axis : {Index{0}, Index{-1}}) {
      check_op("roll", [=](const Tensors& x) { return roll(x[0], shift, axis); },
               {{{5}}, {{1}}, {{0}}, {{2, 3}}, {{3, 2, 2}}, {{2, 0}}},
               {.reference = taken([](const Shape& x) { return x; },
                                   [=](const Shape& x, Position at) {
                                     Index& i = at[axis == 0 ? 0 : at.size() - 1];
                                     const Index n = axis == 0 ? x[0] : x.back();
                                     i = ((i - shift) % n + n) % n;
                                     return at;
                                   }),
                .composite = true});
    }
  }
  CHECK(integers(roll(arange(5), 2, 0)) == Integers{3, 4, 0, 1, 2});
  CHECK(integers(roll(arange(5), std::numeric_limits<Index>::min(), 0)) == Integers{3, 4, 0, 1, 2});
  CHECK(evaluate(roll(tensor({true, false, false}), -1, 0)).to_vector<bool>() ==
        std::vector<bool>{false, false, true});
  const Tensor x = ones({2, 3});
  CHECK(roll(x, 6, 1).is(x));
  check_error([](const Tensors& t) { return roll(t[0], 1, 1); }, {f32({3})}, "[roll] axis must lie in -1..0");
  check_error([](const Tensors& t) { return roll(t[0], 1, 0); }, {f32({})}, "[roll] a scalar has no axes");
  check_error([](const Tensors&) { return roll(Tensor(), 1, 0); }, {f32({})}, "got an undefined Tensor");
}

TEST_CASE("repeat copies each slice of an axis") {
  for (const Index times : {Index{1}, Index{3}, Index{0}}) {
    CAPTURE(times);
    check_op("repeat", [=](const Tensors& x) { return repeat(x[0], times, 1); },
             {{{2, 3}}, {{1, 4}}, {{2, 1, 3}}, {{2, 0}}, {{0, 2}}, {{2, 2, 1, 2}}},
             {.reference = taken([=](const Shape& x) { return x.with(1, x[1] * times); },
                                 [=](const Shape&, Position at) {
                                   at[1] /= times;
                                   return at;
                                 }),
              .composite = true});
  }
  CHECK(integers(repeat(arange(3), 2, 0)) == Integers{0, 0, 1, 1, 2, 2});
  CHECK(integers(repeat(reshape(arange(4), {2, 2}), 2, -1)) == Integers{0, 0, 1, 1, 2, 2, 3, 3});
  CHECK(repeat(ones({1, 1, 1, 1, 1, 1, 1, 2}), 2, 7).shape() == Shape{1, 1, 1, 1, 1, 1, 1, 4});
  const auto many = [](Index times, Index axis) {
    return [=](const Tensors& x) { return repeat(x[0], times, axis); };
  };
  check_error(many(-1, 0), {f32({2})},
              "[repeat] the number of times cannot be negative: got -1; give 0 or more");
  check_error(many(2, 2), {f32({2, 3})}, "[repeat] axis must lie in -2..1");
  check_error(many(Index{1} << 60, 0), {f32({2})}, "[repeat] in shape: a tensor has at most 2^48 elements");
  check_error(many(Index{1} << 56, 1), {f32({0, Index{1} << 56})}, "[repeat] in shape: ");
}

TEST_CASE("tile copies the whole tensor") {
  const auto by = [](Position times) {
    const auto shape = [times](Shape x) {
      while (x.rank() < static_cast<Index>(times.size())) x = x.inserted(0, 1);
      const Index more = x.rank() - static_cast<Index>(times.size());
      for (Index i = more; i < x.rank(); ++i) x = x.with(i, x[i] * times[place(i - more)]);
      return x;
    };
    return CheckOptions{.reference = taken(shape,
                                           [](const Shape& x, Position at) {
                                             at.erase(at.begin(),
                                                      at.end() - static_cast<std::ptrdiff_t>(x.rank()));
                                             for (Index i = 0; i < x.rank(); ++i) at[place(i)] %= x[i];
                                             return at;
                                           }),
                        .composite = true};
  };
  const Samples samples = {{{}}, {{3}}, {{2, 3}}, {{2, 0}}, {{1, 3, 2}}};
  for (const Position& times : {Position{2}, Position{2, 3}, Position{3, 1, 2}, Position{0, 2}}) {
    CAPTURE(times);
    check_op(
        "tile", [=](const Tensors& x) { return tile(x[0], times); }, samples, by(times));
  }
  CHECK(integers(tile(arange(2), {3})) == Integers{0, 1, 0, 1, 0, 1});
  CHECK(integers(tile(arange(2), {2, 2})) == Integers{0, 1, 0, 1, 0, 1, 0, 1});
  check_error(
      [](const Tensors& x) {
        return tile(x[0], {2, -1});
      },
      {f32({2})}, "[tile] the numbers of times cannot be negative: got [2, -1]; give 0 or more");
  check_error(
      [](const Tensors& x) {
        return tile(x[0], {1, 1, 1, 1, 1, 1, 1, 1, 1});
      },
      {f32({2})}, "[tile] in shape: a tensor has at most 8 axes");
  check_error([](const Tensors& x) { return tile(x[0], {Index{1} << 60}); }, {f32({2})},
              "[tile] in shape: a tensor has at most 2^48 elements");
}

TEST_CASE("diagonal and diag_embed take and make diagonals") {
  check_op("diagonal", [](const Tensors& x) { return diagonal(x[0]); },
           {{{3, 3}}, {{2, 4}}, {{4, 2}}, {{1, 1}}, {{1, 5}}, {{0, 3}}, {{3, 0}}, {{2, 3, 2}}, {{0, 2, 2}}},
           {.reference = taken(
                [](const Shape& x) {
                  const Shape shorter = x.erased(x.rank() - 1);
                  return shorter.with(x.rank() - 2, std::min(x[x.rank() - 2], x.back()));
                },
                [](const Shape&, Position at) {
                  at.push_back(at.back());
                  return at;
                }),
            .composite = true});
  const auto embedded = [](const std::vector<Values>& x) {
    return filled(x[0].shape.inserted(x[0].shape.rank(), x[0].shape.back()), [&](Position at) {
      const Index column = at.back();
      at.pop_back();
      return at.back() == column ? x[0].at(at) : 0;
    });
  };
  check_op("diag_embed", [](const Tensors& x) { return diag_embed(x[0]); },
           {{{3}}, {{1}}, {{0}}, {{2, 3}}, {{2, 0}}, {{0, 2}}, {{2, 1, 3}}, {{17}}},
           {.reference = embedded, .composite = true});
  check_op("diag", [](const Tensors& x) { return diag(x[0]); }, {{{4}}},
           {.reference = embedded, .composite = true});
  CHECK(integers(diag(tensor({5, 6}))) == Integers{5, 0, 0, 6});
  CHECK(integers(diag(reshape(arange(6), {2, 3}))) == Integers{0, 4});
  CHECK(integers(diag(reshape(arange(8), {2, 2, 2}))) == Integers{0, 3, 4, 7});
  check_error([](const Tensors& x) { return diagonal(x[0]); }, {f32({3})},
              "[diagonal] needs at least two axes: got [3]; diag_embed makes matrices of their diagonals");
  check_error([](const Tensors& x) { return diag_embed(x[0]); }, {f32({})},
              "[diag_embed] needs at least one axis: got a scalar");
  check_error([](const Tensors& x) { return diag(x[0]); }, {f32({})},
              "[diag] needs at least one axis: got a scalar");
}

TEST_CASE("outer multiplies each with each") {
  check_op("outer", [](const Tensors& x) { return outer(x[0], x[1]); },
           {{{2}, {3}}, {{1}, {1}}, {{0}, {2}}, {{2, 3}, {2, 2}}, {{2, 1}, {3}}, {{2}, {4, 1, 3}}},
           {.reference =
                [](const std::vector<Values>& x) {
                  const Shape& a = x[0].shape;
                  const Shape& b = x[1].shape;
                  const Shape leading = broadcast(a.erased(a.rank() - 1), b.erased(b.rank() - 1), "the test");
                  const Shape all =
                      leading.inserted(leading.rank(), a.back()).inserted(leading.rank() + 1, b.back());
                  return filled(all, [&](const Position& at) {
                    const auto element = [&](const Values& v, Index last) {
                      Position from(at.end() - 2 - static_cast<std::ptrdiff_t>(v.shape.rank() - 1),
                                    at.end() - 2);
                      for (std::size_t i = 0; i < from.size(); ++i)
                        if (v.shape[static_cast<Index>(i)] == 1) from[i] = 0;
                      from.push_back(last);
                      return v.at(from);
                    };
                    return element(x[0], at[at.size() - 2]) * element(x[1], at.back());
                  });
                },
            .composite = true});
  const auto call = [](const Tensors& x) { return outer(x[0], x[1]); };
  check_error(call, {f32({3}), f32({})},
              "[outer] needs vectors, or several on leading axes: got f32[3] and f32[]");
  check_error(call, {f32({3}), f64({3})}, "[outer] in multiply: dtypes must be equal");
  check_error(call, {f32({2, 3}), f32({3, 3})}, "[outer] in multiply: shapes must be equal or 1");
}

TEST_CASE("eye is the identity") {
  CHECK(evaluate(eye(2)).to_vector() == std::vector<float>{1, 0, 0, 1});
  CHECK(integers(eye(2, 3, DType::int32)) == Integers{1, 0, 0, 0, 1, 0});
  CHECK(integers(eye(3, 2, DType::int32)) == Integers{1, 0, 0, 1, 0, 0});
  CHECK(eye(2, DType::float64).spec() == f64({2, 2}));
  CHECK(eye(0, 3).shape() == Shape{0, 3});
  CHECK(evaluate(eye(2, DType::boolean)).to_vector<bool>() == std::vector<bool>{true, false, false, true});
  check_error([](const Tensors&) { return eye(-1); }, Specs{}, "[eye] in shape: a length cannot be negative");
}

TEST_CASE("linspace has equal distances and exact ends") {
  CHECK(evaluate(linspace(0, 1, 5)).to_vector() == std::vector<float>{0, 0.25, 0.5, 0.75, 1});
  CHECK(evaluate(linspace(3, -1, 3, DType::float64)).to_vector<double>() == std::vector<double>{3, 1, -1});
  CHECK(evaluate(linspace(2, 7, 1)).to_vector() == std::vector<float>{2});
  CHECK(linspace(2, 7, 0).shape() == Shape{0});
  for (const Index count : {Index{2}, Index{3}, Index{7}, Index{50}, Index{1001}}) {
    const auto y = evaluate(linspace(0.1, 0.7, count, DType::float64)).to_vector<double>();
    CAPTURE(count);
    CHECK(y.front() == 0.1);
    CHECK(y.back() == 0.7);
    CHECK(std::is_sorted(y.begin(), y.end()));
  }
  constexpr double most = std::numeric_limits<double>::max();
  CHECK(evaluate(linspace(-most, most, 3, DType::float64)).to_vector<double>() ==
        std::vector<double>{-most, 0, most});
  const auto call = [](double from, double to, Index count, DType dtype) {
    return [=](const Tensors&) { return linspace(from, to, count, dtype); };
  };
  check_error(call(0, 1, -1, DType::float32), Specs{}, "[linspace] the count cannot be negative: got -1");
  check_error(call(0, 1, 3, DType::int32), Specs{}, "[linspace] the dtype must be f32 or f64: got i32");
  check_error(call(0, NAN, 3, DType::float32), Specs{}, "[linspace] the ends must be finite: got 0 and nan");
  check_error(call(0, 1e300, 3, DType::float32), Specs{}, "[linspace] an end of ");
}
