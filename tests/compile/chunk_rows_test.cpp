#include "support/catch.h"
#include "support/close.h"
#include "support/passes.h"

#include <sluice/compile/chunk_rows.h>
#include <sluice/compile/compile.h>
#include <sluice/compile/passes.h>
#include <sluice/graph/evaluate.h>
#include <sluice/graph/grad.h>
#include <sluice/graph/print.h>
#include <sluice/kernels/threads.h>
#include <sluice/ops/ops.h>

#include <cmath>
#include <random>

using namespace sluice;
using test::traced;

namespace {

/// Chunks of two rows of whatever has 128 bytes and more.
Graph by_two_rows(const Graph& graph) { return chunk_rows(graph, {127, 1, 2}); }

/// Cross entropy, of inputs [rows..., 3], a weight [3, 6], a bias [6] and numbers [rows...] that ids are made
/// of.
Tensors loss_and_gradients(const Tensors& x) {
  const Tensor ids = expand_dims(cast(abs(x[3]) * 6, DType::int32), -1);
  const Tensor loss = mean(-take_along_axis(log_softmax(matmul(x[0], x[1]) + x[2], -1), ids, -1));
  Tensors all = grad(loss, {x[0], x[1], x[2]});
  all.push_back(loss);
  return all;
}

Graph simplified(const Graph& graph) {
  return optimize(graph, PassSet::only({"scan_form", "simplify", "share"}));
}

void require_untouched(const TensorFunction& function, const std::vector<Shape>& shapes) {
  const Graph graph = simplified(traced(function, shapes).graph);
  CHECK(to_text(by_two_rows(graph)) == to_text(graph));
}

Tensor numbers(const Shape& shape, DType dtype, double start) {
  std::vector<double> values(static_cast<std::size_t>(shape.size()));
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = std::sin(start + 1.7 * static_cast<double>(i));
  return evaluate(cast(tensor(values, shape), dtype));
}

/// Of x [rows, 3], two weights [3, 10] and [10, 10], a bias [10] and a factor [rows, 1].
Tensors random_function_of_rows(const Tensors& x, unsigned seed) {
  std::minstd_rand random(seed + 1);
  Tensors wide{matmul(x[0], x[1])};
  for (int steps = 3 + static_cast<int>(random() % 6); steps > 0; --steps) {
    const Tensor a = wide[random() % wide.size()];
    const Tensor b = wide[random() % wide.size()];
    const Index rows = a.shape()[0];
    switch (random() % 12) {
      case 0:
        wide.push_back(tanh(a));
        break;
      case 1:
        wide.push_back(a + x[2]);
        break;
      case 2:
        wide.push_back(a * b);
        break;
      case 3:
        wide.push_back(log_softmax(a, -1));
        break;
      case 4:
        wide.push_back(softmax(a, -1) * x[4]);
        break;
      case 5:
        wide.push_back(matmul(tanh(a), x[3]));
        break;
      case 6:
        wide.push_back(a - sum(a, {1}, true) / 10);
        break;
      case 7:
        wide.push_back(concat({slice(a, 1, 0, 4), slice(b, 1, 4)}, 1));
        break;
      case 8:
        wide.push_back(reshape(tanh(reshape(a, {rows * 2, 5})), {rows, 10}));
        break;
      case 9:
        wide.push_back(layer_norm(a));
        break;
      case 10:
        wide.push_back(cumsum(a, static_cast<Index>(random() % 2)));
        break;
      default:
        wide.push_back(a + matmul(x[0] * sum(tanh(b), {1}, true), x[1]));
        break;
    }
  }
  const Tensor y = wide.back();
  Tensor loss = mean(y * y);
  if (random() % 2 == 0) loss = loss + sum(tanh(sum(wide[random() % wide.size()], {0})));
  if (random() % 4 == 0) loss = loss + sum(sin(matmul(x[0], wide[random() % wide.size()], {true, false})));
  Tensors all = grad(loss, x);
  all.push_back(loss);
  all.push_back(sum(y, {1}));
  return all;
}

}  // namespace

TEST_CASE("a large value that is used up row by row is computed some rows at a time") {
  const auto function = [](const Tensors& x) { return Tensors{sum(tanh(matmul(x[0], x[1])), {1})}; };
  const test::Traced before = traced(function, {{4, 3}, {3, 8}});
  CHECK(to_text(before.graph) == R"(graph(a0: f64[4, 3], a1: f64[3, 8]) {
  %0 = matmul(a0, a1)  f64[4, 8]
  %1 = tanh(%0)  f64[4, 8]
  %2 = sum(%1, axes=[1])  f64[4]
  return %2
}
)");
  const Graph after = by_two_rows(before.graph);
  test::require_same_values(before.graph, after, before.arguments);
  CHECK(to_text(after) == R"(graph(a0: f64[4, 3], a1: f64[3, 8]) {
  %0 = reshape(a0, shape=[2, 2, 3])  f64[2, 2, 3]
  %1 = scan(%0, a1, carries=0, xs=1, steps=2)  0: f64[2, 2]
    graph(a0: f64[2, 3], a1: f64[3, 8]) {
      %0 = matmul(a0, a1)  f64[2, 8]
      %1 = tanh(%0)  f64[2, 8]
      %2 = sum(%1, axes=[1])  f64[2]
      return %2
    }
  %2 = reshape(%1.0, shape=[4])  f64[4]
  return %2
}
)");
}

TEST_CASE("sums over rows are carried from chunk to chunk") {
  const auto function = [](const Tensors& x) {
    const Tensor y = tanh(matmul(x[0], x[1]));
    return Tensors{matmul(x[0], y, {true, false}), sum(y)};
  };
  const test::Traced before = traced(function, {{6, 3}, {3, 8}});
  const Graph after = by_two_rows(before.graph);
  test::require_same_values(before.graph, after, before.arguments);
  CHECK(to_text(after) == R"(graph(a0: f64[6, 3], a1: f64[3, 8]) {
  %0 = broadcast_to(0, shape=[3, 8])  f64[3, 8]
  %1 = reshape(a0, shape=[3, 2, 3])  f64[3, 2, 3]
  %2 = scan(%0, 0, %1, a1, carries=2, xs=1, steps=3)  0: f64[3, 8], 1: f64[]
    graph(a0: f64[3, 8], a1: f64[], a2: f64[2, 3], a3: f64[3, 8]) {
      %0 = matmul(a2, a3)  f64[2, 8]
      %1 = tanh(%0)  f64[2, 8]
      %2 = matmul(a2, %1, transpose_a=true)  f64[3, 8]
      %3 = add(a0, %2)  f64[3, 8]
      %4 = sum(%1, axes=[0, 1])  f64[]
      %5 = add(a1, %4)  f64[]
      return %3, %5
    }
  return %2.0, %2.1
}
)");
}

TEST_CASE("rows that do not come in equal chunks begin with a shorter one") {
  const auto function = [](const Tensors& x) {
    const Tensor y = tanh(matmul(x[0], x[1]));
    return Tensors{sum(y, {1}), sum(y, {0})};
  };
  const test::Traced before = traced(function, {{7, 3}, {3, 8}});
  const Graph after = by_two_rows(before.graph);
  test::require_same_values(before.graph, after, before.arguments);
  CHECK(to_text(after) == R"(graph(a0: f64[7, 3], a1: f64[3, 8]) {
  %0 = slice(a0, [0:1, 0:3])  f64[1, 3]
  %1 = matmul(%0, a1)  f64[1, 8]
  %2 = tanh(%1)  f64[1, 8]
  %3 = sum(%2, axes=[1])  f64[1]
  %4 = sum(%2, axes=[0])  f64[8]
  %5 = slice(a0, [1:7, 0:3])  f64[6, 3]
  %6 = reshape(%5, shape=[3, 2, 3])  f64[3, 2, 3]
  %7 = scan(%4, %6, a1, carries=1, xs=1, steps=3)  0: f64[8], 1: f64[3, 2]
    graph(a0: f64[8], a1: f64[2, 3], a2: f64[3, 8]) {
      %0 = matmul(a1, a2)  f64[2, 8]
      %1 = tanh(%0)  f64[2, 8]
      %2 = sum(%1, axes=[0])  f64[8]
      %3 = add(a0, %2)  f64[8]
      %4 = sum(%1, axes=[1])  f64[2]
      return %3, %4
    }
  %8 = reshape(%7.1, shape=[6])  f64[6]
  %9 = concat(%3, %8, axis=0)  f64[7]
  return %9, %7.0
}
)");
}

TEST_CASE("neither loss nor gradients of a linear layer and cross entropy need all logits") {
  const test::Traced before = traced(loss_and_gradients, {{12, 3}, {3, 6}, {6}, {12}});
  const Graph simple = simplified(before.graph);
  CHECK(test::occurrences(simple, "f64[12, 6]") > 0);
  const Graph after = by_two_rows(simple);
  test::require_same_values(before.graph, after, before.arguments);
  CHECK(test::occurrences(after, "f64[12, 6]") == 0);
  CHECK(test::occurrences(after, "scan(") == 1);
}

TEST_CASE("rows may be joined of time and batch") {
  const test::Traced before = traced(loss_and_gradients, {{4, 3, 3}, {3, 6}, {6}, {4, 3}});
  const Graph after = by_two_rows(simplified(before.graph));
  test::require_same_values(before.graph, after, before.arguments);
  CHECK(test::occurrences(after, "f64[4, 3, 6]") == 0);
  CHECK(test::occurrences(after, "f64[12, 6]") == 0);
  CHECK(test::occurrences(after, "scan(") == 1);
}

TEST_CASE("what is used as a whole or mixes rows stays") {
  const std::vector<Shape> shapes{{6, 3}, {3, 8}};
  const auto product = [](const Tensors& x) { return tanh(matmul(x[0], x[1])); };
  require_untouched([&](const Tensors& x) { return Tensors{product(x), sum(product(x), {1})}; }, shapes);
  require_untouched([&](const Tensors& x) { return Tensors{sum(cumsum(product(x), 0), {1})}; }, shapes);
  require_untouched([&](const Tensors& x) { return Tensors{sum(softmax(product(x), 0), {1})}; }, shapes);
  require_untouched([&](const Tensors& x) { return Tensors{sum(flip(product(x), {0}), {1})}; }, shapes);
  require_untouched([&](const Tensors& x) { return Tensors{sum(transpose(product(x)), {0})}; }, shapes);
  // A matrix that multiplies rows with each other.
  require_untouched([&](const Tensors& x) { return Tensors{sum(matmul(x[2], product(x)), {1})}; },
                    {{6, 3}, {3, 8}, {6, 6}});
}

TEST_CASE("what needs a sum over all rows before its own can be done stays") {
  require_untouched(
      [](const Tensors& x) {
        const Tensor y = tanh(matmul(x[0], x[1]));
        return Tensors{sum(y * sum(y), {1})};
      },
      {{6, 3}, {3, 8}});
  require_untouched(
      [](const Tensors& x) {
        const Tensor y = tanh(matmul(x[0], x[1]));
        return Tensors{sum(y * sqrt(sum(y * y, {0})), {1})};
      },
      {{6, 3}, {3, 8}});
}

TEST_CASE("small values, large inputs and few rows stay") {
  const auto function = [](const Tensors& x) { return Tensors{sum(tanh(matmul(x[0], x[1])), {1})}; };
  require_untouched(function, {{5, 2}, {2, 3}});    // 120 bytes
  require_untouched(function, {{2, 3}, {3, 20}});   // one chunk
  require_untouched(function, {{6, 12}, {12, 8}});  // the rows are there as a whole, and wider
  const Graph graph = traced(function, {{64, 3}, {3, 200}}).graph;
  CHECK(to_text(passes::chunk_rows(graph)) == to_text(graph));  // 100 KB
}

TEST_CASE("a weight with as many rows as the batch is not cut") {
  const auto function = [](const Tensors& x) {
    const Tensor y = tanh(matmul(x[0], x[1]));
    return Tensors{matmul(y, x[2]), matmul(x[0], y, {true, false})};
  };
  const test::Traced before = traced(function, {{6, 6}, {6, 9}, {9, 6}});
  const Graph after = by_two_rows(before.graph);
  test::require_same_values(before.graph, after, before.arguments);
  CHECK(test::occurrences(after, "scan(") == 1);
  CHECK(test::occurrences(after, "f64[6, 9]  tanh") == 0);
}

TEST_CASE("two large values far from each other become two loops") {
  const auto function = [](const Tensors& x) {
    const Tensor first = cumsum(sum(tanh(matmul(x[0], x[1])), {1}, true), 0);
    return Tensors{sum(exp(matmul(first * x[0], x[1])), {0})};
  };
  const test::Traced before = traced(function, {{6, 3}, {3, 8}});
  const Graph after = by_two_rows(before.graph);
  test::require_same_values(before.graph, after, before.arguments);
  CHECK(test::occurrences(after, "scan(") == 2);
}

TEST_CASE("a compiled loss in chunks has the interpreter's values, in float and double", "[threads]") {
  for (const DType dtype : {DType::float32, DType::float64}) {
    for (const Index rows : {900, 1009}) {  // one is prime
      const Graph graph = trace(
          [&](const Tensors& x) {
            const Tensor loss = mean(-take_along_axis(log_softmax(matmul(x[0], x[1]) + x[2], -1), x[3], -1));
            Tensors all = grad(loss, {x[0], x[1], x[2]});
            all.push_back(loss);
            return all;
          },
          {{dtype, {rows, 20}}, {dtype, {20, 4000}}, {dtype, {4000}}, {DType::int32, {rows, 1}}});
      const Tensor ids = evaluate(reshape(arange(rows), {rows, 1}));
      const Tensors arguments{numbers({rows, 20}, dtype, 0.3), numbers({20, 4000}, dtype, 0.7),
                              numbers({4000}, dtype, 1.1), ids};
      Program program(graph, PassSet::all());
      CHECK_THAT(program.print(), contains("transpose_a onto the last"));
      const std::size_t logits = static_cast<std::size_t>(rows) * 4000 * size_of(dtype);
      for (const MemoryUse& use : program.memory()) CHECK(use.bytes < logits);
      const Tensors expected = evaluate(graph, arguments);
      std::vector<std::vector<double>> one_thread;
      for (const int threads : {1, 2, 3, 4}) {
        kernels::set_threads(threads);
        const Tensors found = program.run(arguments);
        for (std::size_t i = 0; i < found.size(); ++i) {
          if (threads == 1) {
            test::check_close(found[i], expected[i], dtype == DType::float32 ? 1e-5 : 1e-10);
            one_thread.push_back(test::numbers(found[i]));
          }
          CHECK(test::numbers(found[i]) == one_thread[i]);
        }
      }
      kernels::set_threads(0);
    }
  }
}

TEST_CASE("random functions of rows and their gradients in chunks") {
  int loops = 0;
  for (unsigned seed = 0; seed < 150; ++seed) {
    INFO("seed " << seed);
    const Index rows = 4 + seed % 9;
    const auto function = [&](const Tensors& x) { return random_function_of_rows(x, seed); };
    const test::Traced before = traced(function, {{rows, 3}, {3, 10}, {10}, {10, 10}, {rows, 1}});
    const Graph after = chunk_rows(simplified(before.graph), {static_cast<std::size_t>(rows) * 79, 1, 2});
    test::require_same_values(before.graph, after, before.arguments);
    loops += test::occurrences(after, "scan(") > 0 ? 1 : 0;
    Program program(after, PassSet::only({"windows", "fuse", "pack", "rows"}));
    const Tensors found = program.run(before.arguments);
    const Tensors expected = evaluate(before.graph, before.arguments);
    for (std::size_t i = 0; i < found.size(); ++i) test::check_close(found[i], expected[i], 1e-10);
  }
  CHECK(loops > 50);
}

TEST_CASE("products of many blocks, and of a column more than the blocks have", "[threads]") {
  for (const DType dtype : {DType::float32, DType::float64}) {
    for (const Index columns : {1, 63, 64, 65, 129, 500}) {
      for (const Index rows : {17, 100, 301}) {
        const Shape a{rows, 170};
        const Shape b{170, columns};
        const Graph graph = trace([](const Tensors& x) { return Tensors{matmul(x[0], x[1]) + x[2]}; },
                                  {{dtype, a}, {dtype, b}, {dtype, {rows, columns}}});
        const Tensors arguments{numbers(a, dtype, 0.3), numbers(b, dtype, 0.7),
                                numbers({rows, columns}, dtype, 1.1)};
        Program program(graph, PassSet::all());
        const Tensor expected = evaluate(graph, arguments)[0];
        std::vector<double> one_thread;
        for (const int threads : {1, 3}) {
          kernels::set_threads(threads);
          const Tensor found = program.run(arguments)[0];
          if (threads == 1) one_thread = test::numbers(found);
          CHECK(test::numbers(found) == one_thread);
          test::check_close(found, expected, dtype == DType::float32 ? 1e-4 : 1e-10);
        }
        kernels::set_threads(0);
      }
    }
  }
}
