#include "support/catch.h"

#include <sluice/graph/arithmetic.h>
#include <sluice/graph/evaluate.h>
#include <sluice/graph/grad.h>
#include <sluice/graph/print.h>
#include <sluice/graph/trace.h>
#include <sluice/ops/select.h>
#include <sluice/ops/sum.h>

using namespace sluice;

TEST_CASE("to_vector widens and does not narrow") {
  using Doubles = std::vector<double>;
  using Longs = std::vector<std::int64_t>;
  const Tensor floats = tensor({0.5f, -3.f});
  const Tensor ids = tensor({-2147483647, 5});
  const Tensor bools = tensor({true, false});
  CHECK(floats.to_vector<double>() == Doubles{0.5, -3});
  CHECK(ids.to_vector<double>() == Doubles{-2147483647, 5});
  CHECK(ids.to_vector<std::int64_t>() == Longs{-2147483647, 5});
  CHECK(bools.to_vector<bool>() == std::vector<bool>{true, false});
  CHECK(bools.to_vector<double>() == Doubles{1, 0});
  CHECK(bools.to_vector<float>() == std::vector<float>{1, 0});
  CHECK(bools.to_vector<std::int32_t>() == std::vector<std::int32_t>{1, 0});
  CHECK(bools.to_vector<std::int64_t>() == Longs{1, 0});
  CHECK(zeros({0, 2}).to_vector<double>().empty());

  const Tensor doubles = tensor({0.5});
  CHECK_THROWS_WITH(doubles.to_vector(), contains("the tensor holds f64: got a request for f32") &&
                                             contains("call to_vector<double>, or cast it to f32 first"));
  CHECK_THROWS_WITH(doubles.to_vector<std::int64_t>(),
                    contains("got a request for i64") && contains("cast it to i32 first"));
  CHECK_THROWS_WITH(floats.to_vector<std::int32_t>(),
                    contains("the tensor holds f32: got a request for i32"));
  CHECK_THROWS_WITH(floats.to_vector<bool>(), contains("got a request for bool"));
  CHECK_THROWS_WITH(ids.to_vector<float>(), contains("the tensor holds i32: got a request for f32") &&
                                                contains("call to_vector<std::int32_t> or <double>"));
  CHECK_THROWS_WITH(ids.to_vector<bool>(), contains("got a request for bool"));
}

TEST_CASE("an element of a constant by its indices") {
  const Tensor x = tensor({{1.f, 2.f, 3.f}, {4.f, 5.f, 6.f}});
  CHECK(x.at(0, 0) == 1);
  CHECK(x.at(1, 0) == 4);
  CHECK(x.at(1, 2) == 6);
  CHECK(x.at(-1, -3) == 4);
  CHECK(x.at(-2, std::size_t{2}) == 3);
  CHECK(tensor({{{1, 2}}, {{3, 4}}}).at(1, 0, -1) == 4);
  CHECK(tensor({true}).at(0) == 1);
  CHECK_THROWS_WITH(x.at(2, 0), contains("[at] index 0 must lie in -2..1 for f32[2, 3]: got 2"));
  CHECK_THROWS_WITH(x.at(0, 3), contains("[at] index 1 must lie in -3..2 for f32[2, 3]: got 3"));
  CHECK_THROWS_WITH(x.at(0, -4), contains("got -4"));
  CHECK_THROWS_WITH(x.at(0), contains("one index per axis: got 1 for f32[2, 3]"));
  CHECK_THROWS_WITH(x.at(0, 0, 0), contains("one index per axis: got 3 for f32[2, 3]"));
  CHECK_THROWS_WITH(full({}, 1).at(0), contains("read a scalar by item()"));
  CHECK_THROWS_WITH(zeros({0}).at(0), contains("got 0"));
  const int line = __LINE__ + 1;
  const auto read = [&] { return (x + 1).at(0, 0); };
  CHECK_THROWS_WITH(read(), contains("[at] only a computed tensor has a value") &&
                                contains("read_test.cpp:" + std::to_string(line)));
}

TEST_CASE("a row by its index") {
  const Tensor x = tensor({{1.f, 2.f, 3.f}, {4.f, 5.f, 6.f}});
  CHECK(to_text(x[1]) == to_text(select(x, 0, 1)));
  CHECK(evaluate(x[0]).to_vector() == std::vector<float>{1, 2, 3});
  CHECK(evaluate(x[-1]).to_vector() == std::vector<float>{4, 5, 6});
  CHECK(x[0][1].shape() == Shape{});
  CHECK(evaluate(x[0][1]).item() == 2);
  CHECK(evaluate(x[std::size_t{1}][-1]).item() == 6);
  CHECK(evaluate(tensor({3, 4})[1]).spec() == Spec{DType::int32, {}});
  CHECK(evaluate(grad(sum(x[1] * x[1]), x)).to_vector() == std::vector<float>{0, 0, 0, 8, 10, 12});
  const int line = __LINE__ + 1;
  const auto row = [&] { return x[2]; };
  CHECK_THROWS_WITH(row(), contains("must lie in -2..1") && contains("got 2") &&
                               contains("read_test.cpp:" + std::to_string(line)));
  CHECK_THROWS_WITH(x[0][0][0], contains("[row] a scalar has no rows: got [0] of f32[]"));
}

TEST_CASE("a row of a Variable is one of its value when it is read") {
  const Variable v(tensor({{1.f, 2.f}, {3.f, 4.f}}));
  const Tensor before = v[1];
  v.assign(v * 10);
  CHECK(evaluate(before).to_vector() == std::vector<float>{3, 4});
  CHECK(evaluate(v[-1][0]).item() == 30);
  CHECK(evaluate(grad(sum(v[0] * 2), v)).to_vector() == std::vector<float>{2, 2, 0, 0});
  const Graph graph =
      trace([&](const Tensors& x) { return Tensors{v[0] + x[0][1]}; }, {{DType::float32, {2, 2}}});
  CHECK(evaluate(graph, {tensor({{1.f, 2.f}, {3.f, 4.f}})})[0].to_vector() == std::vector<float>{13, 24});
}
