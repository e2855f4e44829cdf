#include "support/catch.h"

#include <sluice/compile/passes.h>
#include <sluice/graph/arithmetic.h>
#include <sluice/graph/evaluate.h>
#include <sluice/graph/grad.h>
#include <sluice/graph/print.h>
#include <sluice/ops/scan.h>
#include <sluice/ops/sum.h>
#include <sluice/ops/tanh.h>

using namespace sluice;

namespace {

const Specs specs{Spec{DType::float32, {2}}, Spec{DType::float32, {3, 2}}};
const Tensors arguments{tensor({0.5f, -1.f}), tensor({1.f, 2.f, 3.f, 4.f, 5.f, 6.f}, {3, 2})};

void check_same_values(const Graph& before, const Graph& after) {
  const Tensors expected = evaluate(before, arguments);
  const Tensors found = evaluate(after, arguments);
  REQUIRE(found.size() == expected.size());
  for (std::size_t i = 0; i < found.size(); ++i) CHECK(found[i].to_vector() == expected[i].to_vector());
}

}  // namespace

TEST_CASE("scan_form makes ys of what the way back needs and drops what nobody uses") {
  const Graph graph = trace(
      [](const Tensors& a) {
        const auto result = scan(
            [](const Tensors& c, const Tensors& x) {
              return Carried{{tanh(c[0] + x[0]), c[1] * 2}, {x[0] * 3, c[0]}};
            },
            {a[0], a[0]}, {a[1], a[1] * 2});
        const Tensor loss = sum(result.carry[0]);
        return Tensors{loss, grad(loss, a[0])};
      },
      specs);
  const Graph after = passes::scan_form(graph);
  CHECK(to_text(after) == R"(graph(a0: f32[2], a1: f32[3, 2]) {
  %0 = scan(a0, a1, carries=1, xs=1, steps=3)  0: f32[2], 1: f32[3, 2]
    graph(a0: f32[2], a1: f32[2]) {
      %0 = add(a0, a1)  f32[2]
      %1 = tanh(%0)  f32[2]
      return %1, %1
    }
  %1 = sum(%0.0, axes=[0])  f32[]
  %2 = reshape(1, shape=[1])  f32[1]
  %3 = broadcast_to(%2, shape=[2])  f32[2]
  %4 = constant(0, 0)  f32[2]
  %5 = scan(%3, %4, %0.1, carries=2, xs=1, steps=3, reverse=true)  0: f32[2], 1: f32[2]
    graph(a0: f32[2], a1: f32[2], a2: f32[2]) {
      %0 = multiply(a2, a2)  f32[2]
      %1 = subtract(1, %0)  f32[2]
      %2 = multiply(a0, %1)  f32[2]
      %3 = multiply(a1, 2)  f32[2]
      return %2, %3
    }
  %6 = add(%5.0, %5.1)  f32[2]
  return %1, %6
}
)");
  check_same_values(graph, after);
}

TEST_CASE("scan_form takes out of the loop what passes through it unchanged") {
  const Graph graph = trace(
      [](const Tensors& a) {
        const auto result = scan(
            [&](const Tensors& c, const Tensors& x) {
              return Carried{{c[0] + c[1], c[1]}, {x[0], a[0], c[1], c[0]}};
            },
            {a[0], a[0] * 2}, {a[1]});
        return Tensors{result.carry[0], result.carry[1], result.ys[0],
                       result.ys[1],    result.ys[2],    result.ys[3]};
      },
      specs);
  const Graph after = passes::scan_form(graph);
  CHECK(to_text(after) == R"(graph(a0: f32[2], a1: f32[3, 2]) {
  %0 = multiply(a0, 2)  f32[2]
  %1 = scan(a0, %0, carries=1, xs=0, steps=3)  0: f32[2], 1: f32[3, 2]
    graph(a0: f32[2], a1: f32[2]) {
      %0 = add(a0, a1)  f32[2]
      return %0, a0
    }
  %2 = reshape(a0, shape=[1, 2])  f32[1, 2]
  %3 = broadcast_to(%2, shape=[3, 2])  f32[3, 2]
  %4 = reshape(%0, shape=[1, 2])  f32[1, 2]
  %5 = broadcast_to(%4, shape=[3, 2])  f32[3, 2]
  return %1.0, %0, a1, %3, %5, %1.1
}
)");
  check_same_values(graph, after);
}

TEST_CASE("scan_form leaves alone a scan of which everything is used") {
  const Graph graph = trace(
      [](const Tensors& a) {
        const auto result = scan(
            [](const Tensors& c, const Tensors& x) {
              return Carried{{c[0] + x[0]}, {c[0] * x[0]}};
            },
            {a[0]}, {a[1]});
        return Tensors{result.carry[0], result.ys[0]};
      },
      specs);
  CHECK(to_text(passes::scan_form(graph)) == to_text(graph));
}

TEST_CASE("the way back computes a function of a carry again where the carry is kept anyway") {
  const auto stacked = [](const std::function<Tensor(const Tensor& old, const Tensor& next)>& output) {
    const Graph graph = trace(
        [&](const Tensors& a) {
          const auto result = scan(
              [&](const Tensors& c, const Tensors& x) {
                const Tensor next = c[0] * x[0];
                return Carried{{next}, {output(c[0], next)}};
              },
              {a[0]}, {a[1]});
          return Tensors{grad(sum(result.ys[0]), a[1])};
        },
        specs);
    const Graph after = passes::scan_form(graph);
    check_same_values(graph, after);
    const std::string text = to_text(after);
    const std::string first = text.substr(0, text.find("reverse"));
    return text.substr(first.size()).find("tanh") != std::string::npos;
  };
  // The product needs the carry as it came in; so tanh(next), which its own gradient needs, follows from what
  // is kept.
  CHECK(stacked([](const Tensor&, const Tensor& next) { return tanh(next); }));
  // tanh of what came in is computed in the same step.
  CHECK_FALSE(stacked([](const Tensor& old, const Tensor&) { return tanh(old * old); }));
}
