#include "support/catch.h"

#include <sluice/graph/tensor.h>

#include <array>
#include <cmath>
#include <limits>

using namespace sluice;

namespace {

using Ints = std::vector<std::int32_t>;

/// Whether the tensor is f32 of this shape with these values.
bool is_float32(const Tensor& x, const Shape& shape, const std::vector<float>& values) {
  return x.spec() == Spec{DType::float32, shape} && x.to_vector() == values;
}

}  // namespace

TEST_CASE("a constant is made of any range of numbers") {
  std::vector<float> numbers{1, 2, 3, 4};
  CHECK(is_float32(tensor(numbers), {4}, numbers));
  CHECK(is_float32(tensor(numbers, {2, 2}), {2, 2}, numbers));
  CHECK(is_float32(tensor(std::span<float>(numbers)), {4}, numbers));
  CHECK(is_float32(tensor(std::span<const float>(numbers), {4, 1}), {4, 1}, numbers));
  CHECK(is_float32(tensor(std::array<float, 2>{5, 6}), {2}, {5, 6}));
  const float plain[] = {7, 8};
  CHECK(is_float32(tensor(plain, {1, 2}), {1, 2}, {7, 8}));
  CHECK(is_float32(tensor(std::vector<float>{}), {0}, {}));
  CHECK(is_float32(tensor(std::vector<float>{}, {0, 2}), {0, 2}, {}));
  CHECK(tensor(std::vector<double>{1e300}).to_vector<double>() == std::vector<double>{1e300});
  CHECK(tensor(Ints{3, -3}).to_vector<std::int32_t>() == Ints{3, -3});
}

TEST_CASE("a constant has a copy of the numbers") {
  std::vector<float> numbers{1, 2};
  const Tensor x = tensor(numbers);
  numbers[0] = 3;
  CHECK(x.to_vector() == std::vector<float>{1, 2});
}

TEST_CASE("a constant is made of bools, in a vector too") {
  const std::vector<bool> bools{true, false, true, true};
  CHECK(tensor(bools).spec() == Spec{DType::boolean, {4}});
  CHECK(tensor(bools, {2, 2}).to_vector<bool>() == bools);
  CHECK(tensor(std::array<bool, 2>{false, true}).to_vector<bool>() == std::vector<bool>{false, true});
}

TEST_CASE("integers of any width become i32 if they fit") {
  constexpr std::int64_t least = std::numeric_limits<std::int32_t>::min();
  constexpr std::int64_t most = std::numeric_limits<std::int32_t>::max();
  const Tensor ids = tensor(std::vector<std::int64_t>{least, -1, most}, {3, 1});
  CHECK(ids.spec() == Spec{DType::int32, {3, 1}});
  CHECK(ids.to_vector<std::int64_t>() == std::vector<std::int64_t>{least, -1, most});
  CHECK(tensor(std::vector<std::size_t>{0, 5}).to_vector<std::int32_t>() == Ints{0, 5});
  CHECK(tensor(std::vector<std::uint8_t>{255}).to_vector<std::int32_t>() == Ints{255});
  CHECK(tensor(std::vector<std::int16_t>{-7}).to_vector<std::int32_t>() == Ints{-7});
  CHECK(tensor({1U, 2U}).to_vector<std::int32_t>() == Ints{1, 2});
  CHECK_THROWS_WITH(tensor(std::vector<std::int64_t>{1, most + 1}), contains("got 2147483648 at place 1"));
  CHECK_THROWS_WITH(tensor(std::vector<std::int64_t>{least - 1}), contains("got -2147483649 at place 0"));
  CHECK_THROWS_WITH(tensor(std::vector<std::uint32_t>{4294967295}), contains("got 4294967295 at place 0"));
  CHECK_THROWS_WITH(tensor(std::vector<std::size_t>{~std::size_t{0}}), contains("got 18446744073709551615"));
}

TEST_CASE("braces have the type of their literals, or the one that is named") {
  CHECK(tensor({1.0}).spec() == Spec{DType::float64, {1}});
  CHECK(tensor({1.f, 2.f}).spec() == Spec{DType::float32, {2}});
  CHECK(tensor({1, 2}).spec() == Spec{DType::int32, {2}});
  CHECK(tensor({true}).spec() == Spec{DType::boolean, {1}});
  CHECK(is_float32(tensor<float>({1, 2}), {2}, {1, 2}));
  CHECK(is_float32(tensor<float>({}, {0}), {0}, {}));
  CHECK(tensor({7.0}, {}).spec() == Spec{DType::float64, {}});
}

TEST_CASE("nested braces are rows, and matrices") {
  CHECK(is_float32(tensor({{1.f, 2.f}, {3.f, 4.f}, {5.f, 6.f}}), {3, 2}, {1, 2, 3, 4, 5, 6}));
  CHECK(is_float32(tensor({{1.f}}), {1, 1}, {1}));
  CHECK(is_float32(tensor({{1.f}, {2.f}}), {2, 1}, {1, 2}));
  CHECK(is_float32(tensor<float>({{1, 2}, {3, 4}}), {2, 2}, {1, 2, 3, 4}));
  CHECK(is_float32(tensor<float>({{1}, {2}}), {2, 1}, {1, 2}));
  CHECK(tensor({{1.0, 2.0}}).dtype() == DType::float64);
  CHECK(tensor({{true, false}, {false, true}}).to_vector<bool>() ==
        std::vector<bool>{true, false, false, true});
  CHECK(is_float32(tensor({{{1.f, 2.f}}, {{3.f, 4.f}}, {{5.f, 6.f}}}), {3, 1, 2}, {1, 2, 3, 4, 5, 6}));
  CHECK_THROWS_WITH(tensor({{1, 2}, {3, 4}, {5}}), contains("got [1] in row 2 after [2] in row 0"));
  CHECK_THROWS_WITH(tensor({{1, 2}, {}}), contains("got [0] in row 1 after [2] in row 0"));
  CHECK_THROWS_WITH(tensor({{{1}, {2}}, {{3}}}), contains("got [1, 1] in row 1 after [2, 1] in row 0"));
}

TEST_CASE("values are converted to the dtype that is named") {
  const std::vector<double> numbers{1, 0.1, -0.0, 1e-60, std::numeric_limits<double>::infinity()};
  const Tensor x = tensor(numbers, {5, 1}, DType::float32);
  CHECK(is_float32(x, {5, 1}, {1, 0.1F, 0, 0, std::numeric_limits<float>::infinity()}));
  CHECK(std::signbit(x.at(2, 0)));
  CHECK(is_float32(tensor(numbers, DType::float32), {5}, x.to_vector()));
  CHECK(std::isnan(tensor({std::nan("")}, DType::float32).item()));
  CHECK(is_float32(tensor({0.5, 2.0}, {2, 1}, DType::float32), {2, 1}, {0.5, 2}));
  CHECK(is_float32(tensor(std::vector<std::int64_t>{16777217}, {1}, DType::float32), {1}, {16777216}));
  CHECK(tensor({0, 1}, DType::boolean).to_vector<bool>() == std::vector<bool>{false, true});
  CHECK(tensor({2.0, -3.0}, DType::int32).to_vector<std::int32_t>() == Ints{2, -3});
  CHECK(tensor({2.0}, DType::float64).dtype() == DType::float64);
  CHECK_THROWS_WITH(tensor(std::vector<double>{1, 1e39}, {2}, DType::float32), contains("got 1e+39"));
  CHECK_THROWS_WITH(tensor({0.5}, DType::int32), contains("must be a 32-bit integer: got 0.5"));
  CHECK_THROWS_WITH(tensor({std::nan("")}, DType::int32), contains("must be a 32-bit integer: got nan"));
  CHECK_THROWS_WITH(tensor({2}, DType::boolean), contains("must be 0 or 1: got 2"));
}
