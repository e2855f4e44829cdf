// The four operations and the sign change, against plain C++.

#include <sluice/graph/arithmetic.h>
#include <sluice/graph/evaluate.h>

#include <cmath>
#include <cstdint>
#include <limits>

#include "support/catch.h"
#include "support/check_op.h"

using namespace sluice;
using namespace sluice::test;

namespace {

using Elements = std::vector<double>;
constexpr float inf = std::numeric_limits<float>::infinity();

std::vector<std::int32_t> ints(const Tensor& x) { return evaluate(x).to_vector<std::int32_t>(); }
std::vector<float> floats(const Tensor& x) { return evaluate(x).to_vector(); }

}  // namespace

TEST_CASE("add sums elements that broadcast") {
  const auto add = [](const Tensors& x) { return x[0] + x[1]; };
  check_op("add", add, binary_samples(), {.scalar = [](const Elements& x) { return x[0] + x[1]; }});
  check_error(add, {f32({2, 3}), f32({2})},
              "[add] shapes must be equal or 1 on every axis, counted from the last: got "
              "[2, 3] and [2]");
  check_error(add, {f32({2}), f64({2})},
              "[add] dtypes must be equal: got f32[2] and f64[2]; cast one of them");
  check_error(add, {boolean({2}), boolean({2})},
              "[add] the operand must be a tensor of numbers (f32, f64 or i32): got "
              "bool[2]");
}

TEST_CASE("subtract takes the second from the first") {
  const auto subtract = [](const Tensors& x) { return x[0] - x[1]; };
  check_op("subtract", subtract, binary_samples(), {.scalar = [](const Elements& x) { return x[0] - x[1]; }});
  check_error(subtract, {f32({4}), f32({3})}, "[subtract] shapes must be equal or 1");
  check_error(subtract, {i32({2}), f32({2})}, "[subtract] dtypes must be equal: got i32[2] and f32[2]");
  check_error(subtract, {boolean({}), boolean({})}, "got bool[]");
}

TEST_CASE("multiply is elementwise") {
  const auto multiply = [](const Tensors& x) { return x[0] * x[1]; };
  check_op("multiply", multiply, binary_samples(), {.scalar = [](const Elements& x) { return x[0] * x[1]; }});
  check_op("multiply", [](const Tensors& x) { return x[0] * x[0]; }, unary_samples(),
           {.scalar = [](const Elements& x) { return x[0] * x[0]; }});
  check_error(multiply, {f32({2, 2}), f32({3, 2, 3})}, "[multiply] shapes must be equal or 1");
  check_error(multiply, {f64({2}), i32({2})}, "[multiply] dtypes must be equal: got f64[2] and i32[2]");
  check_error(multiply, {boolean({3}), boolean({3})}, "[multiply] the operand must be a tensor of numbers");
}

TEST_CASE("divide is elementwise") {
  const auto divide = [](const Tensors& x) { return x[0] / x[1]; };
  check_op("divide", divide, binary_samples(),
           {.scalar = [](const Elements& x) { return x[0] / x[1]; }, .low = 0.5, .high = 2});
  check_error(divide, {f32({2}), f32({3})}, "[divide] shapes must be equal or 1");
  check_error(divide, {f32({2}), i32({2})}, "[divide] dtypes must be equal: got f32[2] and i32[2]");
  check_error(divide, {i32({2}), i32({2})}, "[divide] an integer cannot be divided by 0");
}

TEST_CASE("negate changes the sign") {
  const auto negate = [](const Tensors& x) { return -x[0]; };
  check_op("negate", negate, unary_samples(), {.scalar = [](const Elements& x) { return -x[0]; }});
  check_error(negate, {boolean({2})},
              "[negate] the operand must be a tensor of numbers (f32, f64 or i32): got bool[2]");
  CHECK(std::signbit(floats(-tensor({0.f}))[0]));
  CHECK(ints(-tensor({3, -4})) == std::vector<std::int32_t>{-3, 4});
}

TEST_CASE("a number takes the dtype of the tensor beside it, on either side") {
  const Tensor x = tensor({1.0, 2.0});
  CHECK((x + 1).dtype() == DType::float64);
  CHECK(evaluate(1 - x).to_vector<double>() == std::vector<double>{0, -1});
  CHECK(evaluate(1 / x).to_vector<double>() == std::vector<double>{1, 0.5});
  CHECK(ints(2 * tensor({1, 2})) == std::vector<std::int32_t>{2, 4});
  CHECK_THROWS_WITH(tensor({1, 2}) * 0.5,
                    contains("a number beside an i32 tensor must be a 32-bit integer: got 0.5"));
}

TEST_CASE("arithmetic on infinities, NaN and zeros is IEEE arithmetic") {
  const Tensor x = tensor({inf, -inf, 0.f, -0.f, NAN});
  const auto sum = floats(x + tensor({-inf, -inf, -0.f, -0.f, 1.f}));
  CHECK(std::isnan(sum[0]));
  CHECK(sum[1] == -inf);
  CHECK_FALSE(std::signbit(sum[2]));
  CHECK(std::signbit(sum[3]));
  CHECK(std::isnan(sum[4]));
  const auto product = floats(x * 0);
  CHECK(std::isnan(product[0]));
  CHECK(std::signbit(product[3]));
  const auto quotient = floats(1 / x);
  CHECK(std::vector<float>(quotient.begin(), quotient.begin() + 4) ==
        std::vector<float>{0.f, -0.f, inf, -inf});
  CHECK(std::isnan(quotient[4]));
}

TEST_CASE("integers wrap around on overflow and divide towards zero") {
  constexpr std::int32_t most = std::numeric_limits<std::int32_t>::max();
  constexpr std::int32_t least = std::numeric_limits<std::int32_t>::min();
  CHECK(ints(tensor({most, 1}) + 1) == std::vector<std::int32_t>{least, 2});
  CHECK(ints(tensor({least, 1}) - 1) == std::vector<std::int32_t>{most, 0});
  CHECK(ints(tensor({most, 3}) * 2) == std::vector<std::int32_t>{-2, 6});
  CHECK(ints(-tensor({least, 0})) == std::vector<std::int32_t>{least, 0});
  CHECK(ints(tensor({7, -7, least, 6}) / tensor({2, 2, -1, -4})) ==
        std::vector<std::int32_t>{3, -3, least, -1});
}
