// Ops that rearrange all elements: each against its definition, position by position.

#include <sluice/graph/evaluate.h>
#include <sluice/ops/broadcast_to.h>
#include <sluice/ops/expand_dims.h>
#include <sluice/ops/flip.h>
#include <sluice/ops/reshape.h>
#include <sluice/ops/squeeze.h>
#include <sluice/ops/transpose.h>

#include "support/catch.h"
#include "support/check_op.h"

using namespace sluice;
using namespace sluice::test;

namespace {

using Position = std::vector<Index>;

/// The same elements in the same order.
std::vector<double> unchanged(const std::vector<Values>& x) { return x[0].data; }

Shape rearranged(const Shape& shape, const Position& order) {
  Position dims;
  for (const Index axis : order) dims.push_back(shape[axis]);
  return Shape(std::span<const Index>(dims));
}

auto transposed(Position order) {
  return [order](const std::vector<Values>& x) {
    return filled(rearranged(x[0].shape, order), [&](const Position& at) {
      Position from(at.size());
      for (std::size_t i = 0; i < at.size(); ++i) from[static_cast<std::size_t>(order[i])] = at[i];
      return x[0].at(from);
    });
  };
}

}  // namespace

TEST_CASE("transpose exchanges the last two axes") {
  const auto function = [](const Tensors& x) { return transpose(x[0]); };
  check_op("transpose", function, {{{2, 3}}, {{3, 2}}, {{1, 4}}, {{4, 1}}, {{0, 3}}, {{33, 4}}},
           {.reference = transposed({1, 0})});
  check_op("transpose", function, {{{2, 3, 4}}, {{2, 0, 3}}, {{1, 2, 1}}},
           {.reference = transposed({0, 2, 1})});
  check_op("transpose", function, {{{2, 1, 2, 3}}}, {.reference = transposed({0, 1, 3, 2})});
  check_error(function, {f32({3})}, "[transpose] needs at least two axes: got [3]");
}

TEST_CASE("transpose puts the axes in any order") {
  check_op("transpose",
           [](const Tensors& x) {
             return transpose(x[0], {2, 0, -2});
           },
           {{{2, 3, 4}}, {{2, 1, 3}}}, {.reference = transposed({2, 0, 1})});
  check_op("transpose",
           [](const Tensors& x) {
             return transpose(x[0], {3, 1, 0, 2});
           },
           {{{2, 3, 2, 2}}}, {.reference = transposed({3, 1, 0, 2})});
  const Tensor x = ones({2, 3});
  CHECK(transpose(x, {0, 1}).is(x));
  check_error([](const Tensors& t) { return transpose(t[0], {0}); }, {f32({3, 2})},
              "[transpose] the order must name each axis once: got [0] for [3, 2]");
  check_error(
      [](const Tensors& t) {
        return transpose(t[0], {0, 0});
      },
      {f32({3, 2})}, "[transpose] an axis can be named once only: got axis 0 twice in [0, 0]");
  check_error(
      [](const Tensors& t) {
        return transpose(t[0], {0, 2});
      },
      {f32({3, 2})}, "[transpose] axis must lie in -2..1 for a tensor of rank 2: got 2");
}

TEST_CASE("transpose of a large matrix is right in every tile and of every dtype") {
  const Index rows = 203;
  const Index columns = 517;
  for (const DType dtype : {DType::float32, DType::float64, DType::int32}) {
    const Tensor y = evaluate(transpose(reshape(arange(rows * columns, dtype), {rows, columns})));
    Index wrong = 0;
    for (Index i = 0; i < rows; ++i) {
      for (Index j = 0; j < columns; ++j) {
        wrong += y.value().element(j * rows + i) != static_cast<double>(i * columns + j) ? 1 : 0;
      }
    }
    CHECK(wrong == 0);
  }
  CHECK(evaluate(transpose(tensor({true, false, true, true}, {2, 2}))).to_vector<bool>() ==
        std::vector<bool>{true, true, false, true});
}

TEST_CASE("broadcast_to repeats elements by NumPy's rule") {
  const auto to = [](const Shape& shape) {
    return [shape](const Tensors& x) { return broadcast_to(x[0], shape); };
  };
  const auto reference = [](const Shape& shape) {
    return [shape](const std::vector<Values>& x) {
      return filled(shape, [&](const Position& at) {
        Position from;
        for (Index axis = 0; axis < x[0].shape.rank(); ++axis) {
          const Index i = at[static_cast<std::size_t>(shape.rank() - x[0].shape.rank() + axis)];
          from.push_back(x[0].shape[axis] == 1 ? 0 : i);
        }
        return x[0].at(from);
      });
    };
  };
  check_op("broadcast_to", to({2, 3}), {{{}}, {{1}}, {{3}}, {{2, 1}}, {{1, 3}}, {{1, 1}}},
           {.reference = reference({2, 3})});
  check_op("broadcast_to", to({2, 3, 4}), {{{3, 1}}, {{2, 1, 4}}, {{1, 3, 1}}, {{4}}},
           {.reference = reference({2, 3, 4})});
  check_op("broadcast_to", to({0, 3}), {{{3}}, {{1, 3}}}, {.reference = reference({0, 3})});
  const Tensor x = ones({2, 3});
  CHECK(broadcast_to(x, {2, 3}).is(x));
  check_error(to({2, 3}), {f32({2})},
              "[broadcast_to] each axis, counted from the last, must be 1 or that of the target: "
              "got [2] for [2, 3]");
  check_error(to({2, 3}), {f32({1, 2, 3})}, "got [1, 2, 3] for [2, 3]");
  check_error(to({1, 3}), {f32({2, 3})}, "got [2, 3] for [1, 3]");
}

TEST_CASE("reshape keeps the elements in order") {
  const auto to = [](std::initializer_list<Index> dims) {
    return [dims = std::vector<Index>(dims)](const Tensors& x) {
      return reshape(x[0], Shape(std::span<const Index>(dims)));
    };
  };
  check_op("reshape", to({2, 3}), {{{6}}, {{3, 2}}, {{1, 6}}, {{2, 3, 1}}}, {.reference = unchanged});
  check_op("reshape", to({}), {{{1}}, {{1, 1}}}, {.reference = unchanged});
  check_op("reshape", to({0, 5}), {{{0}}, {{3, 0}}}, {.reference = unchanged});
  check_op("reshape",
           [](const Tensors& x) {
             return reshape(x[0], {-1, 2});
           },
           {{{6}}, {{2}}, {{0}}, {{3, 4}}}, {.reference = unchanged});
  CHECK(reshape(ones({3, 4}), {2, -1}).shape() == Shape{2, 6});
  CHECK(reshape(ones({3, 4}), {-1}).shape() == Shape{12});
  CHECK(flatten(ones({3, 0})).shape() == Shape{0});
  CHECK(flatten(ones({})).shape() == Shape{1});
  check_error(to({2, 3}), {f32({5})},
              "[reshape] the number of elements must stay the same: got [5] with 5 for [2, 3] with 6");
  check_error(
      [](const Tensors& x) {
        return reshape(x[0], {-1, 4});
      },
      {f32({6})}, "[reshape] -1 must stand for one whole length: got [6] with 6 elements for [-1, 4]");
  check_error(
      [](const Tensors& x) {
        return reshape(x[0], {-1, -1});
      },
      {f32({6})}, "[reshape] only one length can be -1");
  check_error(
      [](const Tensors& x) {
        return reshape(x[0], {-1, 0});
      },
      {f32({0})}, "-1 must stand for one whole length");
  check_error(
      [](const Tensors& x) {
        return reshape(x[0], {-2, 3});
      },
      {f32({6})}, "[reshape] in shape: a length cannot be negative");
}

TEST_CASE("expand_dims and squeeze add and take axes of length 1") {
  const Tensor x = ones({2, 3});
  CHECK(expand_dims(x, 0).shape() == Shape{1, 2, 3});
  CHECK(expand_dims(x, 1).shape() == Shape{2, 1, 3});
  CHECK(expand_dims(x, -1).shape() == Shape{2, 3, 1});
  CHECK(expand_dims(x, -3).shape() == Shape{1, 2, 3});
  CHECK(squeeze(ones({1, 2, 1})).shape() == Shape{2});
  CHECK(squeeze(ones({1, 2, 1}), -1).shape() == Shape{1, 2});
  CHECK(squeeze(ones({1, 2, 1}), {0, 2}).shape() == Shape{2});
  check_op("expand_dims", [](const Tensors& t) { return expand_dims(t[0], -1); }, unary_samples(),
           {.reference = unchanged, .composite = true});
  check_op("squeeze", [](const Tensors& t) { return squeeze(t[0]); }, unary_samples(),
           {.reference = unchanged, .composite = true});
  check_error([](const Tensors& t) { return expand_dims(t[0], 3); }, {f32({2, 3})},
              "[expand_dims] axis must lie in -3..2");
  check_error([](const Tensors& t) { return squeeze(t[0], 0); }, {f32({2, 1})},
              "[squeeze] only axes of length 1 can go: got axis 0 of [2, 1]");
  check_error([](const Tensors& t) { return squeeze(t[0], 2); }, {f32({2, 1})},
              "[squeeze] axis must lie in -2..1");
}

TEST_CASE("flip turns axes around") {
  const auto reference = [](const Position& axes) {
    return [axes](const std::vector<Values>& x) {
      return filled(x[0].shape, [&](Position at) {
        for (const Index axis : axes)
          at[static_cast<std::size_t>(axis)] = x[0].shape[axis] - 1 - at[static_cast<std::size_t>(axis)];
        return x[0].at(at);
      });
    };
  };
  check_op("flip", [](const Tensors& x) { return flip(x[0]); }, {{{5}}, {{1}}, {{0}}, {{40}}},
           {.reference = reference({0})});
  check_op("flip", [](const Tensors& x) { return flip(x[0], -1); }, {{{2, 3}}, {{3, 1}}, {{0, 2}}},
           {.reference = reference({1})});
  check_op("flip",
           [](const Tensors& x) {
             return flip(x[0], {0, -1});
           },
           {{{2, 3, 4}}, {{3, 1, 2}}}, {.reference = reference({0, 2})});
  const Tensor scalar = ones({});
  CHECK(flip(scalar).is(scalar));
  check_error([](const Tensors& x) { return flip(x[0], 1); }, {f32({3})}, "[flip] axis must lie in -1..0");
  check_error(
      [](const Tensors& x) {
        return flip(x[0], {0, -2});
      },
      {f32({3, 2})}, "[flip] an axis can be named once only");
  check_error([](const Tensors& x) { return flip(x[0], 0); }, {f32({})},
              "[flip] a scalar has no axes: got axis 0");
}
