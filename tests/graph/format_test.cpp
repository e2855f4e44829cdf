#include "support/catch.h"

#include <sluice/graph/arithmetic.h>
#include <sluice/graph/evaluate.h>
#include <sluice/graph/fmt.h>
#include <sluice/graph/trace.h>
#include <sluice/graph/with_values.h>
#include <sluice/ops/reshape.h>

#include <cmath>
#include <limits>
#include <sstream>

using namespace sluice;

namespace {

template <class T>
std::string streamed(const T& x) {
  std::ostringstream out;
  out << x;
  return out.str();
}

Tensor counting(const Shape& shape, DType dtype = DType::int32) {
  return evaluate(reshape(arange(shape.size(), dtype), shape));
}

}  // namespace

TEST_CASE("a small constant is one line") {
  CHECK(tensor({{1.f, 2.f, 3.f}, {4.f, 5.f, 6.f}}).text() == "f32[2, 3] {{1, 2, 3}, {4, 5, 6}}");
  CHECK(full({}, 3).text() == "f32[] 3");
  CHECK(tensor({0.1f, -0.f, 1e-10f, 16777216.f}).text() == "f32[4] {0.1, -0, 1e-10, 16777216}");
  CHECK(tensor({0.1, 1.0 / 3}).text() == "f64[2] {0.1, 0.3333333333333333}");
  CHECK(tensor({std::nan(""), -std::numeric_limits<double>::infinity()}).text() == "f64[2] {nan, -inf}");
  CHECK(tensor({true, false}).text() == "bool[2] {true, false}");
  CHECK(tensor({-2147483647, 7}).text() == "i32[2] {-2147483647, 7}");
  CHECK(zeros({0}).text() == "f32[0] {}");
  CHECK(zeros({2, 0}).text() == "f32[2, 0] {}");
  CHECK(arange(8).text() == "i32[8] {0, 1, 2, 3, 4, 5, 6, 7}");
  CHECK(counting({8, 1}).text() == "i32[8, 1] {{0}, {1}, {2}, {3}, {4}, {5}, {6}, {7}}");
  CHECK(counting({2, 2, 2}).text() == "i32[2, 2, 2] {{{0, 1}, {2, 3}}, {{4, 5}, {6, 7}}}");
}

TEST_CASE("a long constant shows its first values") {
  CHECK(arange(9).text() == "i32[9] {0, 1, 2, 3, 4, 5, ...}");
  CHECK(arange(1000000).text() == "i32[1000000] {0, 1, 2, 3, 4, 5, ...}");
}

TEST_CASE("the rows of a matrix stand below each other") {
  CHECK(tensor({{1.f, -2.5f, 3.f}, {100.f, 5.f, 6.f}, {7.f, 8.f, 0.25f}}).text() ==
        "f32[3, 3]\n"
        "{{  1, -2.5,    3},\n"
        " {100,    5,    6},\n"
        " {  7,    8, 0.25}}");
  CHECK(counting({6, 2}).text() ==
        "i32[6, 2]\n"
        "{{ 0,  1},\n"
        " { 2,  3},\n"
        " { 4,  5},\n"
        " { 6,  7},\n"
        " { 8,  9},\n"
        " {10, 11}}");
  CHECK(counting({50, 128}).text() ==
        "i32[50, 128]\n"
        "{{  0,   1,   2,   3,   4,   5, ...},\n"
        " {128, 129, 130, 131, 132, 133, ...},\n"
        " {256, 257, 258, 259, 260, 261, ...},\n"
        " ...}");
  CHECK(counting({4, 2, 2}).text() ==
        "i32[4, 2, 2]\n"
        "{{{0, 1},\n"
        "  {2, 3}},\n"
        " {{4, 5},\n"
        "  {6, 7}},\n"
        " ...}");
}

TEST_CASE("a tensor without a value says where it comes from") {
  const Tensor x = zeros({50, 128});
  const std::string line = std::to_string(__LINE__ + 1);
  const Tensor sum = x + 1;
  CHECK(sum.text() == "f32[50, 128], the result of 'add' (graph/format_test.cpp:" + line + ")");
  CHECK(Tensor().text() == "an undefined tensor");
  const std::string made = std::to_string(__LINE__ + 1);
  const Variable v(ones({2}));
  const std::string read = "f32[2], a read of a Variable made at graph/format_test.cpp:" + made;
  CHECK(v.read().text() == read);
  std::string argument, inner, variable;
  trace(
      [&](const Tensors& xs) {
        argument = xs[0].text();
        inner = v.read().text();
        variable = streamed(v);
        return xs;
      },
      {{DType::int32, {3}}});
  CHECK(argument == "i32[3], an argument");
  CHECK(inner == read);
  CHECK(variable == "a Variable f32[2] made at graph/format_test.cpp:" + made);
}

TEST_CASE("what can be streamed, and given to fmt") {
  const Tensor x = tensor({1.f, 2.f});
  const Variable v(x * 3);
  CHECK(streamed(x) == "f32[2] {1, 2}");
  CHECK(streamed(v) == "f32[2] {3, 6}");
  CHECK(streamed(Variable()) == "an undefined Variable");
  CHECK(streamed(x.shape()) == "[2]");
  CHECK(streamed(x.spec()) == "f32[2]");
  CHECK(streamed(DType::boolean) == "bool");
  with_values({v}, {x}, [&] {
    CHECK_THAT(streamed(v), contains("a Variable f32[2] made at"));
    return Tensors{};
  });
  CHECK(fmt::format("{} {} {} {} {}", x, v, x.shape(), x.spec(), x.dtype()) ==
        "f32[2] {1, 2} f32[2] {3, 6} [2] f32[2] f32");
  const struct Named : Tensor { std::string name; } named{x, "x"};  // as what layers and optimisers return
  CHECK(streamed(named) == "f32[2] {1, 2}");
  CHECK(fmt::format("{}", named) == "f32[2] {1, 2}");
  CHECK(fmt::format("{:>6}|{:<5}|", x.shape(), x.dtype()) == "   [2]|f32  |");
}
