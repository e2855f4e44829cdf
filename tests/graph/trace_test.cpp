#include "support/catch.h"

#include <sluice/graph/arithmetic.h>
#include <sluice/graph/evaluate.h>
#include <sluice/graph/leaf.h>
#include <sluice/graph/print.h>
#include <sluice/graph/trace.h>
#include <sluice/graph/verify.h>
#include <sluice/graph/walk.h>
#include <sluice/ops/scan.h>
#include <sluice/ops/tanh.h>

using namespace sluice;

namespace {
const Spec vector2{DType::float32, {2}};
}

TEST_CASE("a traced function is a closed graph that runs on other values") {
  const Graph graph = trace([](const Tensors& x) { return Tensors{x[0] * x[1] + 1}; }, {vector2, vector2});
  const Tensors results = evaluate(graph, {tensor({1.f, 2.f}), tensor({3.f, 4.f})});
  CHECK(results[0].to_vector() == std::vector<float>{4, 9});
  CHECK_THROWS_WITH(evaluate(graph, {zeros({2})}), contains("one argument per input: got 1 for 2 inputs"));
  CHECK_THROWS_WITH(evaluate(graph, {zeros({2}), zeros({3})}), contains("got f32[3] for f32[2]"));
}

TEST_CASE("assignments are recorded, seen by later reads, and done when the graph runs") {
  Variable count(zeros({}));
  const Graph graph = trace(
      [&](const Tensors&) {
        count.assign(count + 1);
        const Tensor seen = count;
        count.assign(count * 10);
        return Tensors{seen};
      },
      {});
  CHECK(count.value().item() == 0);
  CHECK(graph.writes.size() == 1);
  CHECK(evaluate(graph, {})[0].item() == 1);
  CHECK(count.value().item() == 10);
  CHECK(evaluate(graph, {})[0].item() == 11);
  CHECK(count.value().item() == 110);
}

TEST_CASE("a failed trace leaves no trace behind") {
  Variable v(zeros({}));
  CHECK_THROWS_AS(trace(
                      [&](const Tensors& x) {
                        v.assign(v + 1);
                        return Tensors{x[0] + zeros({3})};
                      },
                      {vector2}),
                  ShapeError);
  CHECK_FALSE(is_tracing());
  CHECK(evaluate(v + 0).item() == 0);
  CHECK_THROWS_WITH(trace([](const Tensors&) { return Tensors{Tensor()}; }, {}),
                    contains("undefined Tensor"));
}

TEST_CASE("tensors of a traced function cannot be used outside of it") {
  Tensor leaked;
  static_cast<void>(trace(
      [&](const Tensors& x) {
        leaked = x[0];
        return x;
      },
      {vector2}));
  CHECK_THROWS_WITH(evaluate(leaked + 1),
                    contains("a tensor of a function that was traced (graph/trace_test.cpp"));
  CHECK_THROWS_WITH(trace([&](const Tensors& x) { return Tensors{x[0] + leaked}; }, {vector2}),
                    contains("may use only its own arguments: got a tensor f32[2]"));
}

TEST_CASE("tensors of a scan's inside cannot be used outside of it") {
  Tensor leaked;
  const auto body = [&](const Tensors& carry, const Tensors&) {
    leaked = carry[0] * 2;
    return Carried{{leaked}, {}};
  };
  static_cast<void>(scan(body, {zeros({2})}, {}, {.length = 3}));
  CHECK_THROWS_AS(trace([&](const Tensors&) { return Tensors{leaked}; }, {}), Error);
}

TEST_CASE("the verifier finds graphs that are not legal") {
  Graph graph = trace([](const Tensors& x) { return Tensors{tanh(x[0])}; }, {vector2});
  verify(graph);
  SECTION("a placeholder that is no input") {
    graph.inputs.clear();
    CHECK_THROWS_WITH(verify(graph), contains("every placeholder of a graph must be one of its inputs"));
  }
  SECTION("an input twice") {
    graph.inputs.push_back(graph.inputs[0]);
    CHECK_THROWS_WITH(verify(graph), contains("the same input twice"));
  }
  SECTION("an input that is no placeholder") {
    graph.inputs.push_back(zeros({2}));
    CHECK_THROWS_WITH(verify(graph), contains("must be a placeholder"));
  }
  SECTION("outputs that the op would not infer") {
    const Node& node = graph.outputs[0].node();
    graph.outputs[0] =
        Tensor(std::make_shared<Node>(node.op, node.inputs, Specs{{DType::float64, {9}}}, Location{}, 1));
    CHECK_THROWS_WITH(verify(graph), contains("outputs of 'tanh' are not what its op infers"));
  }
  SECTION("a write of another shape") {
    graph.writes.push_back({Variable(zeros({3})), graph.outputs[0]});
    CHECK_THROWS_WITH(verify(graph), contains("it has f32[3], the graph writes f32[2]"));
  }
  SECTION("a write without the leaf of its variable") {
    graph.writes.push_back({Variable(zeros({2})), graph.outputs[0]});
    CHECK_THROWS_WITH(verify(graph), contains("a write names the leaf that stands for its Variable"));
  }
  SECTION("a read of what a variable held before") {
    graph.outputs.push_back(Variable(zeros({2})).read());
    CHECK_THROWS_WITH(verify(graph), contains("a graph reads Variables when it begins to run"));
  }
  SECTION("a variable written twice") {
    const Variable v(zeros({2}));
    graph = trace([&](const Tensors& x) { return v.assign(x[0]), Tensors{}; }, {vector2});
    graph.writes.push_back(graph.writes.front());
    CHECK_THROWS_WITH(verify(graph), contains("writes a Variable twice"));
  }
}

TEST_CASE("a graph prints as text, one node a line") {
  const Variable w(zeros({2}));
  const Graph graph = trace(
      [&](const Tensors& x) {
        w.assign(w + x[0]);
        return Tensors{tanh(x[0] * 2)};
      },
      {vector2});
  CHECK(to_text(graph) ==
        "graph(a0: f32[2]) {\n"
        "  %0 = multiply(a0, 2)  f32[2]\n"
        "  %1 = tanh(%0)  f32[2]\n"
        "  v0 = variable  f32[2]\n"
        "  %2 = add(v0, a0)  f32[2]\n"
        "  v0 <- %2\n"
        "  return %1\n"
        "}\n");
}

TEST_CASE("the body of a scan prints below it") {
  const auto body = [](const Tensors& carry, const Tensors& x) {
    const Tensor next = carry[0] + x[0];
    return Carried{{next}, {next}};
  };
  const auto total = scan(body, {zeros({2})}, {zeros({5, 2})});
  const std::string text = to_text(total.ys[0]);
  CHECK_THAT(
      text,
      contains("scan(%0, %1, carries=1, xs=1, steps=5)  1: f32[5, 2]\n    graph(a0: f32[2], a1: f32[2]) {"));
}

TEST_CASE("a graph prints for Graphviz") {
  const Graph graph = trace([](const Tensors& x) { return Tensors{tanh(x[0])}; }, {vector2});
  const std::string dot = to_dot(graph);
  CHECK_THAT(dot, contains("digraph {"));
  CHECK_THAT(dot, contains("n1 [label=\"tanh\\nf32[2]\"]"));
  CHECK_THAT(dot, contains("n0 -> n1;"));
  CHECK_THAT(dot, contains("n1 -> out0;"));
}

TEST_CASE("substitution rebuilds what depends on the replaced tensor and nothing else") {
  const Tensor x = zeros({2});
  const Tensor other = tanh(ones({2}));
  const Tensor y = tanh(x) + other;
  TensorMap<Tensor> replace;
  replace.emplace(x, ones({2}));
  const Tensor changed = substitute({y}, replace)[0];
  CHECK_FALSE(changed.is(y));
  CHECK(changed.input(1).is(other));
  CHECK(substitute({other}, replace)[0].is(other));
}
