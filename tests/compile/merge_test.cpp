#include "support/catch.h"
#include "support/passes.h"

#include <sluice/compile/pass.h>
#include <sluice/compile/passes.h>
#include <sluice/graph/grad.h>
#include <sluice/graph/print.h>
#include <sluice/ops/ops.h>

using namespace sluice;
using test::left_of;
using test::occurrences;
using test::traced;

namespace {

constexpr auto f64 = DType::float64;

/// The laws of merging, with what they leave behind taken away.
Graph merged(const Graph& graph) { return passes::simplify(passes::merge_matmuls(graph)); }

Tensors scanned(const ScanBody& body, const Tensors& carry, const Tensors& xs) {
  Carried run = scan(body, carry, xs);
  run.carry.insert(run.carry.end(), run.ys.begin(), run.ys.end());
  return run.carry;
}

}  // namespace

TEST_CASE("products with the same left operand become one, the right ones side by side") {
  const auto many_rows = [](const Tensors& x) { return Tensors{matmul(x[0], x[1]), matmul(x[0], x[2])}; };
  CHECK(left_of(merged, many_rows, {{20, 3}, {3, 4}, {3, 5}}) ==
        "%0 = concat(a1, a2, axis=1); %1 = matmul(a0, %0); %2 = slice(%1, [0:20, 0:4]); "
        "%3 = slice(%1, [0:20, 4:9]); %2, %3");
  const auto transposed = [](const Tensors& x) {
    return Tensors{matmul(x[0], x[1], {false, true}), matmul(x[0], x[2], {false, true})};
  };
  CHECK(left_of(merged, transposed, {{20, 3}, {4, 3}, {5, 3}}) ==
        "%0 = concat(a1, a2, axis=0); %1 = matmul(a0, %0, transpose_b=true); %2 = slice(%1, [0:20, 0:4]); "
        "%3 = slice(%1, [0:20, 4:9]); %2, %3");
  const auto side_by_side = [](const Tensors& x) {
    return Tensors{matmul(x[0], slice(x[1], 1, 2, 5)), matmul(x[0], slice(x[1], 1, 0, 2))};
  };
  CHECK(left_of(merged, side_by_side, {{1, 3}, {3, 5}}) ==
        "%0 = matmul(a0, a1); %1 = slice(%0, [0:1, 2:5]); %2 = slice(%0, [0:1, 0:2]); %1, %2");
}

TEST_CASE("products that need each other, or have too few rows for copies of their operands, stay") {
  const auto dependent = [](const Tensors& x) {
    return Tensors{matmul(x[0], matmul(transpose(x[0]), matmul(x[0], x[1])))};
  };
  const Graph graph = traced(dependent, {{20, 3}, {3, 4}}).graph;
  CHECK(to_text(passes::merge_matmuls(graph)) == to_text(graph));
  const auto few_rows = [](const Tensors& x) { return Tensors{matmul(x[0], x[1]), matmul(x[0], x[2])}; };
  const Graph small = traced(few_rows, {{2, 3}, {3, 4}, {3, 5}}).graph;
  CHECK(to_text(passes::merge_matmuls(small)) == to_text(small));
}

TEST_CASE("products merge wherever they are used, but never in a circle") {
  // The second right operand is at hand much later than the first product is used.
  const auto late = [](const Tensors& x) {
    const Tensor first = matmul(x[0], x[1]);
    const Tensor right = tanh(sigmoid(tanh(x[2])));
    return Tensors{tanh(tanh(tanh(first))), matmul(x[0], right)};
  };
  const test::Traced before = traced(late, {{20, 3}, {3, 4}, {3, 4}});
  const Graph after = passes::merge_matmuls(before.graph);
  test::require_same_values(before.graph, after, before.arguments);
  CHECK(occurrences(after, "matmul(") == 1);
  // Each pair could be one; both together could not.
  const auto crossed = [](const Tensors& x) {
    const Tensor a = matmul(x[0], x[2]);
    const Tensor b = matmul(x[1], x[3]);
    return Tensors{matmul(x[0], slice(b, 0, 0, 3)), matmul(x[1], slice(a, 0, 0, 3))};
  };
  const test::Traced both = traced(crossed, {{20, 3}, {20, 3}, {3, 4}, {3, 4}});
  const Graph one = passes::merge_matmuls(both.graph);
  test::require_same_values(both.graph, one, both.arguments);
  CHECK(occurrences(one, "matmul(") == 3);
}

TEST_CASE("weights that no run changes are put together for products of few rows, too") {
  const Variable a(ones({3, 4}));
  const Variable b(ones({3, 4}));
  const auto function = [&](const Tensors& x) { return Tensors{matmul(x[0], a), matmul(x[0], b)}; };
  const Spec row{DType::float32, {1, 3}};
  CHECK(occurrences(passes::merge_matmuls(trace(function, {row})), "matmul(") == 1);
  const auto trained = [&](const Tensors& x) {
    const Tensors products = function(x);
    a.assign(a * 0.5);
    return products;
  };
  CHECK(occurrences(passes::merge_matmuls(trace(trained, {row})), "matmul(") == 2);
}

TEST_CASE("a sum of products is one product with a longer inner length") {
  const auto function = [](const Tensors& x) {
    return Tensors{x[0] + matmul(x[1], x[2]) + (x[0] + matmul(x[3], x[4]))};
  };
  CHECK(left_of(merged, function, {{20, 4}, {20, 2}, {2, 4}, {20, 3}, {3, 4}}) ==
        "%0 = concat(a1, a3, axis=1); %1 = concat(a2, a4, axis=0); %2 = matmul(%0, %1); "
        "%3 = add(%2, a0); %4 = add(%3, a0); %4");
  const auto gradient = [](const Tensors& x) {  // of a weight that was used at two steps
    return Tensors{matmul(x[0], x[1], {true, false}) + matmul(x[2], x[3], {true, false})};
  };
  CHECK(
      left_of(merged, gradient, {{2, 20}, {2, 30}, {3, 20}, {3, 30}}) ==
      "%0 = concat(a0, a2, axis=0); %1 = concat(a1, a3, axis=0); %2 = matmul(%0, %1, transpose_a=true); %2");
  const auto used_twice = [](const Tensors& x) {
    const Tensor product = matmul(x[0], x[1]);
    return Tensors{product, product + matmul(x[2], x[1])};
  };
  const Graph graph = traced(used_twice, {{80, 4}, {4, 5}, {80, 4}}).graph;
  CHECK(to_text(passes::merge_matmuls(graph)) == to_text(graph));
}

TEST_CASE("small products with the same right operand become one, the left ones above each other") {
  const auto function = [](const Tensors& x) { return Tensors{matmul(x[0], x[2]), matmul(x[1], x[2])}; };
  CHECK(left_of(merged, function, {{2, 3}, {1, 3}, {3, 4}}) ==
        "%0 = concat(a0, a1, axis=0); %1 = matmul(%0, a2); %2 = slice(%1, [0:2, 0:4]); "
        "%3 = slice(%1, [2:3, 0:4]); %2, %3");
  const Graph large = traced(function, {{70, 3}, {1, 3}, {3, 4}}).graph;
  CHECK(to_text(passes::merge_matmuls(large)) == to_text(large));
}

TEST_CASE("in a body, captured operands are put side by side in one order, whoever uses them") {
  const auto function = [](const Tensors& x) {
    const Tensors forward = scanned(
        [&](const Tensors& c, const Tensors&) -> Carried {
          return {{tanh(matmul(c[0], x[2])) + tanh(matmul(c[0], x[1]))}, {c[0]}};
        },
        {x[0]}, {zeros({3}, f64)});
    const Tensors back = scanned(
        [&](const Tensors& c, const Tensors&) -> Carried {
          return {{matmul(tanh(c[0]), x[1], {false, true}) + matmul(c[0], x[2], {false, true})}, {}};
        },
        {forward[0]}, {zeros({3}, f64)});
    return Tensors{back[0], forward[1]};
  };
  const test::Traced before = traced(function, {{2, 4}, {4, 4}, {4, 4}});
  const Graph after = merged(passes::scan_form(before.graph));
  test::require_same_values(before.graph, after, before.arguments);
  CHECK(occurrences(after, "matmul(") == 2);
  // Both scans capture the second argument's tensors in the order of the first.
  CHECK(occurrences(after, "concat(") == 3);
}

TEST_CASE(
    "products of joined operands are split in bodies, and slices of products are products with slices") {
  const auto function = [](const Tensors& x) {
    return scanned(
        [&](const Tensors& c, const Tensors& step) -> Carried {
          return {{tanh(matmul(concat({step[0], c[0]}, -1), x[2]) + x[3])}, {}};
        },
        {x[1]}, {x[0]});
  };
  const test::Traced before = traced(function, {{5, 2, 3}, {2, 4}, {7, 4}, {4}});
  const Graph after = passes::split_concats(before.graph);
  test::require_same_values(before.graph, after, before.arguments);
  CHECK(occurrences(after, "matmul(") == 2);
  CHECK(occurrences(after, "concat(") == 0);

  const auto back = [](const Tensors& x) {
    return scanned(
        [&](const Tensors& c, const Tensors& step) -> Carried {
          const Tensor both = matmul(c[0], x[2], {false, true}) + matmul(step[0], x[2], {false, true});
          return {{slice(both, 1, 3)}, {slice(both, 1, 0, 3)}};
        },
        {x[1]}, {x[0]});
  };
  const test::Traced sliced = traced(back, {{5, 2, 4}, {2, 4}, {7, 4}});
  const Graph split = passes::split_concats(sliced.graph);
  test::require_same_values(sliced.graph, split, sliced.arguments);
  CHECK(occurrences(split, "matmul(") == 4);
  const auto whole = [](const Tensors& x) {  // the product is needed as a whole as well
    return scanned(
        [&](const Tensors& c, const Tensors&) -> Carried {
          const Tensor both = matmul(c[0], x[1], {false, true});
          return {{slice(both, 1, 3)}, {both}};
        },
        {x[0]}, {zeros({2}, f64)});
  };
  const Graph kept = traced(whole, {{2, 4}, {7, 4}}).graph;
  CHECK(to_text(passes::split_concats(kept)) == to_text(kept));
}

TEST_CASE("outside of bodies a joined operand is split where only transposed products use it") {
  const auto split = [](const Tensors& x) {
    return Tensors{matmul(concat({x[0], x[1]}, 1), x[2], {true, false})};
  };
  CHECK(left_of(passes::split_concats, split, {{4, 2}, {4, 3}, {4, 5}}) ==
        "%0 = matmul(a0, a2, transpose_a=true); %1 = matmul(a1, a2, transpose_a=true); "
        "%2 = concat(%0, %1, axis=0); %2");
  const auto kept = [](const Tensors& x) {
    const Tensor joined = concat({x[0], x[1]}, 1);
    return Tensors{matmul(joined, x[2], {true, false}), tanh(joined)};
  };
  const Graph graph = traced(kept, {{4, 2}, {4, 3}, {4, 5}}).graph;
  CHECK(to_text(passes::split_concats(graph)) == to_text(graph));
}

TEST_CASE("a concat that a body makes to be stacked is made outside") {
  const auto function = [](const Tensors& x) {
    const Tensors run = scanned(
        [&](const Tensors& c, const Tensors& step) -> Carried {
          return {{tanh(c[0] + step[0])}, {concat({step[0], c[0]}, 1)}};
        },
        {zeros({2, 3}, f64)}, {x[0]});
    return Tensors{matmul(reshape(run[1], {10, 6}), x[1], {true, false})};
  };
  const test::Traced before = traced(function, {{5, 2, 3}, {10, 4}});
  const Graph after = passes::simplify(passes::split_stacks(passes::scan_form(before.graph)));
  test::require_same_values(before.graph, after, before.arguments);
  CHECK_THAT(to_text(after), contains("return %1, a0"));  // the carry as it came in is what is stacked
  CHECK(occurrences(after, "concat(") == 1);
  const Graph split = passes::split_concats(after);
  test::require_same_values(before.graph, split, before.arguments);
  CHECK(occurrences(split, "matmul(") == 2);
}

TEST_CASE("what a body joins leaves it joined") {
  const auto function = [](const Tensors& x) {
    const Tensors run = scanned(
        [&](const Tensors& c, const Tensors& step) -> Carried {
          const Tensor a = tanh(c[0] + step[0]);
          const Tensor b = sigmoid(c[0] * step[1]);
          return {{matmul(concat({a, b}, 1), x[1])}, {b, a}};
        },
        {zeros({2, 3}, f64)}, {slice(x[0], 2, 3, 6), slice(x[0], 2, 0, 3)});
    return Tensors{run[0], concat({run[2], run[1]}, -1)};
  };
  const test::Traced before = traced(function, {{5, 2, 6}, {6, 3}});
  const Graph after = passes::simplify(passes::join_stacks(passes::scan_form(before.graph)));
  test::require_same_values(before.graph, after, before.arguments);
  CHECK(occurrences(after, "carries=1, xs=1") == 1);
  CHECK(occurrences(after, "concat(") == 1);  // the one in the body
}

TEST_CASE("what is joined outside of a scan is joined inside") {
  const auto function = [](const Tensors& x) {
    const Tensors run = scanned(
        [&](const Tensors& c, const Tensors& step) -> Carried {
          return {{c[0] + step[0]}, {tanh(c[0]), c[0]}};
        },
        {zeros({2, 3}, f64)}, {x[0]});
    return Tensors{concat({run[2], run[1]}, -1), run[1]};
  };
  const test::Traced before = traced(function, {{5, 2, 3}});
  const Graph after = passes::simplify(passes::join_stacks(passes::scan_form(before.graph)));
  test::require_same_values(before.graph, after, before.arguments);
  CHECK(to_text(after) == R"(graph(a0: f64[5, 2, 3]) {
  %0 = constant(0, 0, 0, 0, 0, 0)  f64[2, 3]
  %1 = scan(%0, a0, carries=1, xs=1, steps=5)  1: f64[5, 2, 6]
    graph(a0: f64[2, 3], a1: f64[2, 3]) {
      %0 = add(a0, a1)  f64[2, 3]
      %1 = tanh(a0)  f64[2, 3]
      %2 = concat(a0, %1, axis=1)  f64[2, 6]
      return %0, %2
    }
  %2 = slice(%1.1, [0:5, 0:2, 3:6])  f64[5, 2, 3]
  return %1.1, %2
}
)");
}

TEST_CASE("what is done alike to all parts is done to the whole") {
  const auto biases = [](const Tensors& x) {
    return Tensors{sum(slice(x[0], 2, 3, 5), {0, 1}), sum(slice(x[0], 2, 0, 3), {0, 1})};
  };
  CHECK(left_of(passes::join_parts, biases, {{2, 3, 5}}) ==
        "%0 = sum(a0, axes=[0, 1]); %1 = slice(%0, [3:5]); %2 = slice(%0, [0:3]); %1, %2");
  const auto weights = [](const Tensors& x) {
    return Tensors{concat({slice(x[0], 1, 0, 3), slice(x[1], 1, 0, 3)}, 0),
                   concat({slice(x[0], 1, 3, 5), slice(x[1], 1, 3, 5)}, 0)};
  };
  CHECK(left_of(passes::join_parts, weights, {{2, 5}, {3, 5}}) ==
        "%0 = concat(a0, a1, axis=0); %1 = slice(%0, [0:5, 0:3]); %2 = slice(%0, [0:5, 3:5]); %1, %2");
  const auto gap = [](const Tensors& x) {
    return Tensors{sum(slice(x[0], 1, 3, 5), 0), sum(slice(x[0], 1, 0, 2), 0), sum(slice(x[0], 1, 0, 2), 1)};
  };
  const Graph graph = traced(gap, {{2, 5}}).graph;
  CHECK(to_text(passes::join_parts(graph)) == to_text(graph));
}
