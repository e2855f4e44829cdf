#include "support/catch.h"

#include <sluice/compile/compile.h>
#include <sluice/graph/arithmetic.h>
#include <sluice/graph/evaluate.h>
#include <sluice/graph/variable.h>
#include <sluice/ops/compare.h>
#include <sluice/ops/logical.h>

#include <cmath>
#include <limits>

using namespace sluice;

// A number that a tensor's dtype does not have is refused wherever the two meet: never cut, wrapped or made
// infinite.

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

}  // namespace

TEST_CASE("full refuses what its dtype does not have, and names the line") {
  CHECK_THROWS_WITH(full({1}, 0.9, DType::int32),
                    contains("[full] the value of an i32 tensor must be a 32-bit integer: got 0.9") &&
                        contains("numbers_test.cpp:"));
  CHECK_THROWS_WITH(full({1}, std::nan(""), DType::int32), contains("got nan"));
  CHECK_THROWS_WITH(full({1}, 3, DType::boolean),
                    contains("the value of a bool tensor must be 0 or 1: got 3"));
  CHECK_THROWS_WITH(full({1}, 0.5, DType::boolean), contains("got 0.5"));
  CHECK_THROWS_WITH(full({1}, 1e300), contains("the value of an f32 tensor must lie within 3.4e38 of 0") &&
                                          contains("got 1e+300; use an f64 tensor"));
  CHECK_THROWS_AS(full({1}, -1e39), ShapeError);
  CHECK(full({1}, -2147483648.0, DType::int32).item() == -2147483648.0);
  CHECK(full({1}, std::numeric_limits<float>::max()).item() == std::numeric_limits<float>::max());
  CHECK(std::isinf(full({1}, infinity).item()));
  CHECK(std::isnan(full({1}, std::nan("")).item()));
  CHECK(full({1}, 1e300, DType::float64).item() == 1e300);
  CHECK(full({1}, 0.1).item() == Approx(0.1));  // rounding is no other number
}

TEST_CASE("a number beside a tensor must be one of its dtype") {
  const Tensor x = full({2}, 1);
  const Tensor b = full({2}, 1, DType::boolean);
  CHECK_THROWS_WITH(x * 1e300, contains("[operand] a number beside an f32 tensor") && contains("got 1e+300"));
  CHECK_THROWS_WITH(x + -1e39, contains("-1e+39"));
  CHECK_THROWS_WITH(equal(b, 3), contains("a number beside a bool tensor must be 0 or 1: got 3"));
  CHECK_THROWS_WITH(logical_and(b, 0.5), contains("got 0.5"));
  CHECK_THROWS_WITH(full({2}, 1, DType::int32) + 0.5, contains("must be a 32-bit integer: got 0.5"));
  CHECK(evaluate(logical_and(b, true)).to_vector<bool>() == std::vector<bool>{true, true});
  CHECK(evaluate(x * infinity).to_vector() == std::vector<float>(2, std::numeric_limits<float>::infinity()));
}

TEST_CASE("a Variable is assigned numbers of its dtype only") {
  const Variable i(full({2}, 1, DType::int32));
  const Variable b(full({2}, 1, DType::boolean));
  const Variable x(full({2}, 1));
  CHECK_THROWS_WITH(i.assign(0.5), contains("0.5"));
  CHECK_THROWS_WITH(b.assign(2), contains("2"));
  CHECK_THROWS_WITH(x.assign(1e300), contains("1e+300"));
  CHECK_THROWS_WITH(compile([&] { i.assign(2.5); })(), contains("2.5"));
  CHECK(i.value().to_vector<std::int32_t>() == std::vector<std::int32_t>{1, 1});
}

TEST_CASE("arange stops where its dtype has no next number") {
  CHECK_THROWS_WITH(
      arange((Index{1} << 31) + 1),
      contains("[arange] i32 has the whole numbers 0 to 2147483647 only: got a count of 2147483649") &&
          contains("numbers_test.cpp:"));
  CHECK_THROWS_WITH(arange((Index{1} << 24) + 2, DType::float32), contains("0 to 16777216"));
  CHECK_THROWS_WITH(arange(3, DType::boolean), contains("0 to 1 only"));
  CHECK_THROWS_WITH(arange(-1), contains("cannot be negative: got -1"));
  CHECK(arange(2, DType::boolean).to_vector<bool>() == std::vector<bool>{false, true});
  CHECK(arange(0).size() == 0);
}

TEST_CASE("extents beyond all memory are refused before anything is allocated") {
  CHECK_THROWS_WITH(
      (Shape{Index{1} << 20, Index{1} << 40}),
      contains("at most 2^48 elements: got [1048576, 1099511627776]") && contains("numbers_test.cpp:"));
  CHECK_THROWS_WITH(
      full({1 << 20, 1 << 20, 8}, 1),
      contains("[full] in memory: what this process holds must fit into ") && contains("numbers_test.cpp:"));
  CHECK_THROWS_WITH(arange(Index{1} << 46, DType::float64),
                    contains("got a tensor f64[") && contains("numbers_test.cpp:"));
  // What only a node needs is refused when it is computed.
  const Tensor column = zeros({Index{1} << 24, 1});
  const Tensor large = column + zeros({1, Index{1} << 20});
  CHECK_THROWS_WITH(evaluate(large),
                    contains("got a tensor f32[16777216, 1048576] of ") && contains("numbers_test.cpp:"));
  CHECK_THROWS_WITH(compile([&] { return large * 2; })(),
                    contains("[compile] in memory: ") && contains("f32[16777216, 1048576]"));
}

TEST_CASE("a tensor without elements may have long axes") {
  const Shape shape{0, Index{1} << 47, 4};
  CHECK(shape.size() == 0);
  CHECK(zeros(shape).shape() == shape);
  CHECK(evaluate(zeros(shape) + 1).shape() == shape);
  CHECK_THROWS_WITH((Shape{0, Index{1} << 62}), contains("at most 2^56"));
  CHECK_THROWS_WITH((Shape{Index{1} << 40, 0, Index{1} << 40}), contains("at most 2^56"));
  CHECK_THROWS_AS(shape.erased(0), ShapeError);  // of 2^49 elements
}

namespace {

/// Takes anything, and is what its last operand is.
class Last final : public Op {
 public:
  std::string_view name() const override { return "last"; }
  Specs infer(std::span<const Spec> inputs) const override { return {inputs.back()}; }
  void run(std::span<const View>, std::span<const MutableView>) const override {}
};

}  // namespace

TEST_CASE("a number takes the dtype of floats beside it, else of integers, and only else of a mask") {
  const Tensor mask = zeros({2}, DType::boolean);
  const Tensor ids = zeros({2}, DType::int32);
  const Tensor single = zeros({2});
  const Tensor x = zeros({2}, DType::float64);
  CHECK(make<Last>({mask, ids, x, 0.5}).dtype() == DType::float64);
  CHECK(make<Last>(mask, single, 0.5).dtype() == DType::float32);
  CHECK(make<Last>({single, x, 0.5}).dtype() == DType::float32);
  CHECK(make<Last>(mask, ids, 7).dtype() == DType::int32);
  CHECK(make<Last>(ids, 7).dtype() == DType::int32);
  CHECK(make<Last>(mask, 1).dtype() == DType::boolean);
  CHECK(make<Last>({0.5, 1}).dtype() == DType::float32);
  CHECK_THROWS_WITH(make<Last>(mask, 0.5), contains("a number beside a bool tensor must be 0 or 1: got 0.5"));
  CHECK_THROWS_WITH(make<Last>(mask, ids, 0.5), contains("a number beside an i32 tensor must be"));
}
