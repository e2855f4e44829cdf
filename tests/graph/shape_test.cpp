#include "support/catch.h"

#include <sluice/graph/error.h>
#include <sluice/graph/shape.h>

using namespace sluice;

TEST_CASE("a shape knows its rank, its size and its text") {
  const Shape shape{2, 3, 4};
  CHECK(shape.rank() == 3);
  CHECK(shape.size() == 24);
  CHECK(shape.back() == 4);
  CHECK(shape.text() == "[2, 3, 4]");
  CHECK(Shape{}.size() == 1);
  CHECK(Shape{}.text() == "[]");
  CHECK(Shape{3, 0}.size() == 0);
  CHECK(Spec{DType::float64, {5}}.text() == "f64[5]");
  CHECK(Spec{DType::int32, {5}}.bytes() == 20);
}

TEST_CASE("axes are added, changed and taken away in copies") {
  const Shape shape{2, 3};
  CHECK(shape.inserted(0, 7) == Shape{7, 2, 3});
  CHECK(shape.inserted(2, 7) == Shape{2, 3, 7});
  CHECK(shape.erased(0) == Shape{3});
  CHECK(shape.with(1, 9) == Shape{2, 9});
  CHECK(shape == Shape{2, 3});
  CHECK_FALSE(shape == Shape{2, 3, 1});
}

TEST_CASE("shapes broadcast by NumPy's rule") {
  CHECK(broadcast({2, 3}, {3}, "add") == Shape{2, 3});
  CHECK(broadcast({3}, {2, 1}, "add") == Shape{2, 3});
  CHECK(broadcast({}, {4, 5}, "add") == Shape{4, 5});
  CHECK(broadcast({1, 0}, {3, 1}, "add") == Shape{3, 0});
  CHECK_THROWS_WITH(
      broadcast({2, 3}, {2}, "add"),
      "[add] shapes must be equal or 1 on every axis, counted from the last: got [2, 3] and [2]; "
      "reshape or expand one of them");
}

TEST_CASE("an axis may count from the end, and must exist") {
  CHECK(normal_axis(-1, 3, "sum") == 2);
  CHECK(normal_axis(0, 1, "sum") == 0);
  CHECK_THROWS_WITH(normal_axis(2, 2, "sum"),
                    contains("[sum] axis must lie in -2..1 for a tensor of rank 2: got 2"));
  CHECK_THROWS_WITH(normal_axis(0, 0, "sum"), contains("[sum] a scalar has no axes: got axis 0"));
}

TEST_CASE("absurd shapes are refused with the lengths in the text") {
  CHECK_THROWS_WITH(
      (Shape{2, -1}),
      contains("[shape] a length cannot be negative: got [2, -1]; give 0 or more (graph/shape_test.cpp:"));
  CHECK_THROWS_WITH((Shape{1, 1, 1, 1, 1, 1, 1, 1, 1}),
                    contains("[shape] a tensor has at most 8 axes: got 9, [1, 1, 1, 1, 1, 1, 1, 1, 1]; fold "
                             "some into one (graph/shape_test.cpp:"));
  CHECK_THROWS_WITH((Shape{Index{1} << 40, Index{1} << 40}), contains("at most 2^48 elements"));
  CHECK_THROWS_WITH((Shape{0, Index{1} << 62}), contains("at most 2^56"));
}
