#include "support/catch.h"

#include <sluice/compile/program.h>
#include <sluice/compile/repeats.h>
#include <sluice/graph/arithmetic.h>
#include <sluice/graph/grad.h>
#include <sluice/nn/lstm.h>
#include <sluice/ops/ops.h>

#include <string>

using namespace sluice;

namespace {

Graph looped(int steps) {
  return trace(
      [&](const Tensors& x) {
        Tensor h = x[0];
        for (int t = 0; t < steps; ++t) h = tanh(matmul(h, x[1]) + x[2]);
        return grad(sum(h), Tensors{x[1]});
      },
      {Spec{DType::float32, {2, 3}}, Spec{DType::float32, {3, 3}}, Spec{DType::float32, {3}}});
}

}  // namespace

TEST_CASE("a loop written out by hand is noticed, with its steps and its line") {
  CHECK_THAT(unrolled_loop_warning(looped(20)),
             contains("looks like a loop of 20 steps ('matmul' of f32[2, 3], compile/repeats_test.cpp:") &&
                 contains("write it as a scan"));
  CHECK_THAT(Program(looped(9)).print(), contains("looks like a loop of 9 steps"));
}

TEST_CASE("the first step of a loop counts, which reads where the loop begins") {
  const auto warning = [](int steps, bool from_argument) {
    const auto products = [&](const Tensors& x) {
      Tensor h = from_argument ? x[0] : ones({2, 3});
      for (int t = 0; t < steps; ++t) h = tanh(matmul(h, x[1]));
      return Tensors{h};
    };
    return unrolled_loop_warning(
        trace(products, {Spec{DType::float32, {2, 3}}, Spec{DType::float32, {3, 3}}}));
  };
  for (const bool from_argument : {true, false}) {
    CHECK_THAT(warning(9, from_argument), contains("a loop of 9 steps ('matmul' of f32[2, 3], "));
    CHECK_THAT(warning(20, from_argument), contains("a loop of 20 steps"));
    CHECK(warning(8, from_argument).empty());
  }
}

TEST_CASE("a loop of a cell's steps is noticed by the line that calls the cell") {
  const nn::LSTMCell cell(3, 4, random::key(1));
  int line = 0;
  const Graph graph = trace(
      [&](const Tensors& x) {
        nn::State state = cell.initial(2);
        line = Location::current().line + 1;
        for (int t = 0; t < 12; ++t) state = cell(x[0], state);
        return Tensors{state.output()};
      },
      {Spec{DType::float32, {2, 3}}});
  CHECK_THAT(unrolled_loop_warning(graph),
             contains("looks like a loop of 12 steps") &&
                 contains("compile/repeats_test.cpp:" + std::to_string(line) + ")"));
}

TEST_CASE("few steps, layers with weights of their own and uses side by side are no loop") {
  CHECK(unrolled_loop_warning(looped(8)).empty());
  const auto layers = [](const Tensors& x) {
    Tensor h = x[0];
    for (std::size_t i = 1; i < x.size(); ++i) h = tanh(matmul(h, x[i]));
    return Tensors{h};
  };
  CHECK(unrolled_loop_warning(trace(layers, Specs(20, Spec{DType::float32, {3, 3}}))).empty());
  const auto side_by_side = [](const Tensors& x) {
    Tensors products;
    for (int i = 0; i < 20; ++i) products.push_back(matmul(x[0] * i, x[1]));
    return products;
  };
  CHECK(unrolled_loop_warning(trace(side_by_side, Specs(2, Spec{DType::float32, {3, 3}}))).empty());
  const auto scanned = [](const Tensors& x) {
    return scan(
               [&](const Tensors& c, const Tensors&) -> Carried {
                 return {{tanh(matmul(c[0], x[1]))}, {}};
               },
               {x[0]}, {}, {20})
        .carry;
  };
  CHECK(Program(trace(scanned, Specs(2, Spec{DType::float32, {3, 3}}))).print().find("looks like") ==
        std::string::npos);
}
