// Ops that cut tensors and put them together.

#include <sluice/graph/evaluate.h>
#include <sluice/graph/variable.h>
#include <sluice/ops/concat.h>
#include <sluice/ops/pad.h>
#include <sluice/ops/reshape.h>
#include <sluice/ops/select.h>
#include <sluice/ops/slice.h>
#include <sluice/ops/split.h>
#include <sluice/ops/stack.h>

#include <cmath>
#include <limits>

#include "support/catch.h"
#include "support/check_op.h"

using namespace sluice;
using namespace sluice::test;

namespace {

using Position = std::vector<Index>;

Tensor counted(const Shape& shape) { return reshape(arange(shape.size()), shape); }

std::vector<std::int32_t> numbers(const Tensor& x) { return evaluate(x).to_vector<std::int32_t>(); }
using Numbers = std::vector<std::int32_t>;

}  // namespace

TEST_CASE("concat puts tensors one behind the other") {
  const auto reference = [](std::size_t axis) {
    return [axis](const std::vector<Values>& x) {
      Index length = 0;
      for (const Values& part : x) length += part.shape[static_cast<Index>(axis)];
      return filled(x[0].shape.with(static_cast<Index>(axis), length), [&](Position at) {
        std::size_t part = 0;
        while (at[axis] >= x[part].shape[static_cast<Index>(axis)]) {
          at[axis] -= x[part].shape[static_cast<Index>(axis)];
          ++part;
        }
        return x[part].at(at);
      });
    };
  };
  check_op("concat", [](const Tensors& x) { return concat(x); },
           {{{2}, {3}}, {{1}, {0}, {2}}, {{0}, {0}}, {{2, 3}, {1, 3}}, {{1, 2, 2}, {2, 2, 2}}},
           {.reference = reference(0)});
  check_op("concat", [](const Tensors& x) { return concat(x, -1); },
           {{{2, 3}, {2, 1}}, {{1, 1}, {1, 2}, {1, 3}}, {{0, 2}, {0, 1}}}, {.reference = reference(1)});
  check_op("concat", [](const Tensors& x) { return concat(x, 1); }, {{{2, 1, 3}, {2, 2, 3}}},
           {.reference = reference(1)});
  CHECK(numbers(concat({counted({2, 2}), counted({2, 1})}, 1)) == Numbers{0, 1, 0, 2, 3, 1});
  const Variable v(ones({2}));
  CHECK(concat({v, v.read()}).shape() == Shape{4});
  const auto last = [](const Tensors& x) { return concat(x, -1); };
  check_error(last, {f32({2, 3}), f32({3, 3})},
              "[concat] all tensors must have one dtype and, but for axis 1, one shape: "
              "got f32[2, 3] and f32[3, 3]");
  check_error(last, {f32({2, 3}), f64({2, 3})}, "got f32[2, 3] and f64[2, 3]");
  check_error(last, {f32({2, 3}), f32({3})}, "got f32[2, 3] and f32[3]");
  check_error(last, {f32({}), f32({})}, "[concat] a scalar has no axes");
  check_error(last, Specs{}, "[concat] takes at least one tensor");
}

TEST_CASE("stack puts tensors along a new axis") {
  CHECK(numbers(stack({counted({2}), counted({2})})) == Numbers{0, 1, 0, 1});
  CHECK(numbers(stack({counted({2}), counted({2})}, -1)) == Numbers{0, 0, 1, 1});
  CHECK(stack({ones({2, 3}), ones({2, 3})}, 1).shape() == Shape{2, 2, 3});
  check_op("stack", [](const Tensors& x) { return stack(x, 0); },
           {{{}, {}}, {{2}, {2}}, {{0}, {0}}, {{2, 3}, {2, 3}, {2, 3}}, {{1}}},
           {.reference =
                [](const std::vector<Values>& x) {
                  std::vector<double> all;
                  for (const Values& part : x) all.insert(all.end(), part.data.begin(), part.data.end());
                  return all;
                },
            .composite = true});
  const auto function = [](const Tensors& x) { return stack(x, 0); };
  check_error(function, {f32({2}), f32({3})},
              "[stack] all tensors must have one shape and dtype: got f32[2] and f32[3]");
  check_error(function, Specs{}, "[stack] takes at least one tensor");
  check_error([](const Tensors& x) { return stack(x, 2); }, {f32({2})}, "[stack] axis must lie in -2..1");
}

TEST_CASE("slice takes a range of an axis as NumPy does") {
  const Tensor x = arange(6);
  CHECK(numbers(slice(x, 0, 1, 3)) == Numbers{1, 2});
  CHECK(numbers(slice(x, 0, -2)) == Numbers{4, 5});
  CHECK(numbers(slice(x, 0, 0, -4)) == Numbers{0, 1});
  CHECK(numbers(slice(x, 0, 1, 6, 2)) == Numbers{1, 3, 5});
  CHECK(numbers(slice(x, 0, 0, 100, 4)) == Numbers{0, 4});
  CHECK(numbers(slice(x, 0, -100, 2)) == Numbers{0, 1});
  constexpr Index most = std::numeric_limits<Index>::max();
  CHECK(numbers(slice(x, 0, 2, Range::to_end, most)) == Numbers{2});
  CHECK(numbers(slice(x, 0, -most - 1, most, most - 1)) == Numbers{0});
  CHECK(slice(x, 0, 4, 4, most).shape() == Shape{0});
  CHECK(slice(x, 0, 4, 2).shape() == Shape{0});
  CHECK(slice(x, 0, 0).is(x));
  CHECK(numbers(slice(counted({3, 4}), {{1}, {0, -1, 2}})) == Numbers{4, 6, 8, 10});
  CHECK(numbers(slice(counted({2, 3}), {{1, 2}})) == Numbers{3, 4, 5});
  CHECK(numbers(slice(counted({3, 4}), -1, 3)) == Numbers{3, 7, 11});

  const auto range = [](std::size_t axis, Index begin, Index step) {
    return [=](const std::vector<Values>& v) {
      const Index length = v[0].shape[static_cast<Index>(axis)];
      const Index count = std::max<Index>(0, (length - begin + step - 1) / step);
      return filled(v[0].shape.with(static_cast<Index>(axis), count), [&](Position at) {
        at[axis] = begin + at[axis] * step;
        return v[0].at(at);
      });
    };
  };
  check_op("slice", [](const Tensors& t) { return slice(t[0], 0, 1); },
           {{{2}}, {{5}}, {{1}}, {{3, 2}}, {{2, 2, 2}}}, {.reference = range(0, 1, 1)});
  check_op("slice", [](const Tensors& t) { return slice(t[0], -1, 1, Range::to_end, 3); },
           {{{2, 5}}, {{1, 2}}, {{2, 7}}, {{0, 4}}}, {.reference = range(1, 1, 3)});
  check_op("slice",
           [](const Tensors& t) {
             return slice(t[0], {{1}, {0, -1, 2}, {2}});
           },
           {{{3, 4, 5}}, {{2, 3, 2}}});

  check_error([](const Tensors& t) { return slice(t[0], 0, 0, 2, 0); }, {f32({3})},
              "[slice] the step must be at least 1: got 0; use flip");
  check_error([](const Tensors& t) { return slice(t[0], 1, 0); }, {f32({3})},
              "[slice] axis must lie in -1..0");
  check_error(
      [](const Tensors& t) {
        return slice(t[0], {{0}, {0}});
      },
      {f32({3})}, "[slice] at most one range per axis: got 2 ranges for [3]");
}

TEST_CASE("select takes one place of an axis and drops it") {
  CHECK(numbers(select(counted({2, 3}), 0, 1)) == Numbers{3, 4, 5});
  CHECK(numbers(select(counted({2, 3}), -1, -1)) == Numbers{2, 5});
  check_op("select", [](const Tensors& x) { return select(x[0], 1, -2); },
           {{{2, 3}}, {{1, 2}}, {{0, 2}}, {{2, 2, 2}}}, {.composite = true});
  check_error([](const Tensors& x) { return select(x[0], 0, 2); }, {f32({2, 3})},
              "[select] the place must lie in -2..1 on axis 0 of [2, 3]: got 2");
  check_error([](const Tensors& x) { return select(x[0], 0, -3); }, {f32({2, 3})}, "got -3");
  check_error([](const Tensors& x) { return select(x[0], 2, 0); }, {f32({2, 3})},
              "[select] axis must lie in -2..1");
}

TEST_CASE("split cuts an axis into parts that concat joins again") {
  const Tensors halves = split(counted({2, 4}), 2, 1);
  REQUIRE(halves.size() == 2);
  CHECK(numbers(halves[0]) == Numbers{0, 1, 4, 5});
  CHECK(numbers(halves[1]) == Numbers{2, 3, 6, 7});
  const Tensors parts = split(counted({3, 2}), {1, 0, 2});
  REQUIRE(parts.size() == 3);
  CHECK(parts[1].shape() == Shape{0, 2});
  CHECK(numbers(parts[2]) == Numbers{2, 3, 4, 5});
  const auto joined = [](const Tensors& x) { return concat(split(x[0], 2, -1), -1); };
  check_op("split", joined, {{{2}}, {{3, 4}}, {{0, 2}}, {{1, 2, 6}}},
           {.reference = [](const std::vector<Values>& x) { return x[0].data; }, .composite = true});
  check_error(
      [](const Tensors& x) { return split(x[0], 2, 0); }, {f32({3})},
      "[split] the length of axis 0 must be a multiple of the parts: got 2 parts of [3]; give the sizes");
  check_error([](const Tensors& x) { return split(x[0], 0, 0); }, {f32({3})}, "got 0 parts");
  check_error(
      [](const Tensors& x) {
        return split(x[0], {1, 1}, 0);
      },
      {f32({3})}, "[split] the sizes must add up to the length of axis 0: got [1, 1] for [3]");
  check_error([](const Tensors& x) { return split(x[0], {4, -1}, 0); }, {f32({3})}, "got [4, -1] for [3]");
  constexpr Index most = std::numeric_limits<Index>::max();  // the sum would wrap around to 3
  check_error([](const Tensors& x) { return split(x[0], {most, most, 5}, 0); }, {f32({3})}, "must add up");
  check_error([](const Tensors& x) { return split(x[0], most, 0); }, {f32({0})}, "must be a multiple");
}

TEST_CASE("pad refuses what is too long, and a value that i32 does not have") {
  constexpr Index most = std::numeric_limits<Index>::max();
  check_error([](const Tensors& t) { return pad(t[0], {{most, most}}); }, {f32({3})}, "[pad] a padding");
  check_error([](const Tensors& t) { return pad(t[0], {{1, most}}); }, {f32({0})}, "[pad] a padding");
  const Spec whole{DType::int32, {3}};
  check_error(
      [](const Tensors& t) {
        return pad(t[0], {{1, 1}}, 1e300);
      },
      {whole}, "must be a 32-bit integer: got 1e+300");
  check_error([](const Tensors& t) { return pad(t[0], {{1, 1}}, 0.5); }, {whole}, "got 0.5");
  check_error([](const Tensors& t) { return pad(t[0], {{1, 1}}, std::nan("")); }, {whole}, "got nan");
}

TEST_CASE("pad surrounds a tensor with a value") {
  CHECK(numbers(pad(counted({2, 2}), {{1, 0}, {0, 1}}, 9)) == Numbers{9, 9, 9, 0, 1, 9, 2, 3, 9});
  const Tensor x = ones({2});
  CHECK(pad(x, {{0, 0}}).is(x));
  CHECK(pad(x, {}).is(x));
  const auto reference = [](const std::vector<Values>& v) {
    const Shape& shape = v[0].shape;
    return filled(shape.with(0, shape[0] + 3), [&](Position at) {
      at[0] -= 2;
      return at[0] < 0 || at[0] >= shape[0] ? -1.5 : v[0].at(at);
    });
  };
  check_op("pad",
           [](const Tensors& t) {
             return pad(t[0], {{2, 1}}, -1.5);
           },
           {{{3}}, {{1}}, {{0}}, {{2, 3}}, {{0, 2}}, {{2, 0}}, {{2, 1, 3}}}, {.reference = reference});
  check_op("pad", [](const Tensors& t) { return pad(t[0], {{2, 1}, {0, 3}}); }, {{{2, 3}}, {{1, 1, 2}}});
  check_error(
      [](const Tensors& t) {
        return pad(t[0], {{-1, 0}});
      },
      {f32({3})}, "[pad] a padding cannot be negative: got -1 and 0 for axis 0; use slice to cut");
  check_error(
      [](const Tensors& t) {
        return pad(t[0], {{0, 0}, {1, 1}});
      },
      {f32({3})}, "[pad] at most one padding per axis: got 2 for [3]");
  check_error([](const Tensors& t) { return pad(t[0], {{1, 1}}); }, {f32({})}, "got 1 for []");
}
