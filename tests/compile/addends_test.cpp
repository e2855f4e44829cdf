// What is added to products: join_addends and add_to_products, and what the program makes of them.

#include "support/catch.h"
#include "support/close.h"
#include "support/passes.h"

#include <sluice/compile/matmul_add.h>
#include <sluice/compile/passes.h>
#include <sluice/compile/program.h>
#include <sluice/graph/evaluate.h>
#include <sluice/graph/print.h>
#include <sluice/kernels/threads.h>
#include <sluice/ops/ops.h>

#include <cstring>

using namespace sluice;
using test::left_of;
using test::occurrences;
using test::traced;

namespace {

Graph joined(const Graph& graph) { return passes::simplify(passes::join_addends(graph)); }

/// Two gates of one product, each with a vector of its own, and then the same columns of a matrix.
Tensors gates(const Tensors& x) {
  const Tensor p = matmul(x[0], x[1]);
  return {tanh(slice(p, 1, 0, 2) + x[2] + slice(x[4], 1, 0, 2)),
          sigmoid(slice(x[4], 1, 2, 5) + (x[3] + slice(p, 1, 2, 5)))};
}
const std::vector<Shape> gate_shapes{{6, 4}, {4, 5}, {2}, {3}, {6, 5}};

}  // namespace

TEST_CASE("what is added to all parts of a product is added to the whole") {
  CHECK(left_of(joined, gates, gate_shapes) ==
        "%0 = matmul(a0, a1); %1 = concat(a2, a3, axis=0); %2 = add(%1, a4); %3 = add(%0, %2); "
        "%4 = slice(%3, [0:6, 0:2]); %5 = tanh(%4); %6 = slice(%3, [0:6, 2:5]); %7 = sigmoid(%6); %5, %7");
}

TEST_CASE(
    "parts of a product stay apart where they do not cover it, differ in what is added, or need each other") {
  const auto unchanged = [](const TensorFunction& function) {
    const Graph graph = traced(function, {{6, 4}, {4, 5}, {2}, {3}, {6, 3}}).graph;
    CHECK(to_text(passes::join_addends(graph)) == to_text(graph));
  };
  unchanged([](const Tensors& x) {  // a column is left over
    const Tensor p = matmul(x[0], x[1]);
    return Tensors{slice(p, 1, 0, 2) + x[2], slice(p, 1, 2, 4) + x[2]};
  });
  unchanged([](const Tensors& x) {  // a vector and a matrix
    const Tensor p = matmul(x[0], x[1]);
    return Tensors{slice(p, 1, 0, 2) + x[2], slice(p, 1, 2, 5) + x[4]};
  });
  unchanged([](const Tensors& x) {  // the second vector is made of the first sum
    const Tensor p = matmul(x[0], x[1]);
    const Tensor first = slice(p, 1, 0, 2) + x[2];
    return Tensors{first, slice(p, 1, 2, 5) + x[3] * sum(first)};
  });
  unchanged([](const Tensors& x) {  // one part is wanted as it is
    const Tensor p = matmul(x[0], x[1]);
    const Tensor part = slice(p, 1, 0, 2);
    return Tensors{part, part + x[2], slice(p, 1, 2, 5) + x[3]};
  });
}

TEST_CASE("a sum with a product begins the product") {
  const auto pass = passes::add_to_products;
  const auto bias = [](const Tensors& x) { return Tensors{x[2] + matmul(x[0], x[1])}; };
  CHECK(left_of(pass, bias, {{6, 4}, {4, 5}, {5}}) == "%0 = matmul_add(a0, a1, a2); %0");
  CHECK(left_of(pass, bias, {{2, 6, 4}, {4, 5}, {1, 1, 5}}) == "%0 = matmul_add(a0, a1, a2); %0");
  const auto matrix = [](const Tensors& x) { return Tensors{matmul(x[0], x[1], {false, true}) + x[2]}; };
  CHECK(left_of(pass, matrix, {{6, 4}, {5, 4}, {6, 5}}) ==
        "%0 = matmul_add(a0, a1, a2, transpose_b=true); %0");
}

TEST_CASE(
    "a product that is used elsewhere, has another shape than the sum, or stands in a group stays alone") {
  const auto unchanged = [](const TensorFunction& function, const std::vector<Shape>& shapes) {
    const Graph graph = traced(function, shapes).graph;
    CHECK(to_text(passes::add_to_products(graph)) == to_text(graph));
  };
  unchanged(
      [](const Tensors& x) {
        const Tensor p = matmul(x[0], x[1]);
        return Tensors{p, p + x[2]};
      },
      {{6, 4}, {4, 5}, {5}});
  const auto plain = [](const Tensors& x) { return Tensors{matmul(x[0], x[1]) + x[2]}; };
  unchanged(plain, {{1, 4}, {4, 5}, {6, 5}});     // the sum has more rows
  unchanged(plain, {{6, 4}, {4, 5}, {6, 1}});     // a column for all
  unchanged(plain, {{2, 6, 4}, {2, 4, 5}, {5}});  // two products
  unchanged(
      [](const Tensors& x) {
        return Tensors{matmul(x[0], x[1], {true, false}) + x[2]};
      },
      {{4, 6}, {4, 5}, {5}});
  unchanged([](const Tensors& x) { return Tensors{tanh(matmul(x[0], x[1]) + sigmoid(x[2]))}; },
            {{6, 4}, {4, 5}, {6, 5}});
}

TEST_CASE("a program adds before it multiplies, packed or not, with the interpreter's values") {
  for (const Index rows : {1, 7, 16, 100}) {
    for (const Index columns : {1, 20}) {
      const test::Traced before = traced(
          [](const Tensors& x) {
            return Tensors{matmul(x[0], x[1]) + x[2], matmul(x[0], x[3], {false, true}) + x[4]};
          },
          {{rows, 8}, {8, columns}, {columns}, {columns, 8}, {rows, columns}});
      const Tensors expected = evaluate(before.graph, before.arguments);
      for (const bool packed : {false, true}) {
        Program program(before.graph, packed ? PassSet::all() : PassSet::without({"pack"}));
        INFO(program.print());
        const std::string text = program.print();
        CHECK(text.find("elementwise") == std::string::npos);
        const Tensors results = program.run(before.arguments);
        for (std::size_t i = 0; i < results.size(); ++i)
          test::check_close(results[i], test::numbers(expected[i]), 1e-12);
      }
    }
  }
}

TEST_CASE("biases of gates leave a loop with the product of its inputs") {
  const auto layer = [](const Tensors& a) {
    const Carried run = scan(
        [&](const Tensors& c, const Tensors& x) {
          const auto gate = [&](std::size_t i) {
            return matmul(x[0], a[i]) + matmul(c[0], a[i + 1]) + a[i + 2];
          };
          const Tensor h = sigmoid(gate(1)) * tanh(gate(4));
          return Carried{{h}, {h}};
        },
        {zeros({3, 5}, DType::float64)}, {a[0]});
    return Tensors{run.ys[0]};
  };
  const test::Traced before = traced(layer, {{9, 3, 4}, {4, 5}, {5, 5}, {5}, {4, 5}, {5, 5}, {5}});
  const Graph after = optimize(before.graph, PassSet::all());
  test::require_same_values(before.graph, after, before.arguments);
  CHECK(occurrences(after, "matmul_add(") == 2);
  CHECK(occurrences(after, "= add(") == 0);
}

TEST_CASE("a step reads what its product has side by side where it is, and gives the same after a loop") {
  const Index hidden = 20;
  const test::Traced weights =
      traced([](const Tensors& x) { return x; }, {{3 + hidden, hidden}, {hidden}, {6, 3}});
  const Variable weight(weights.arguments[0]);
  const Variable bias(weights.arguments[1]);
  const Tensor inputs = weights.arguments[2];
  const auto step = [&](const Tensor& x, const Tensor& h) {
    return tanh(matmul(concat({x, h}, 1), weight.read()) + bias.read());
  };
  const Variable state(zeros({1, hidden}, DType::float64));
  const Graph graph = trace(
      [&](const Tensors& x) {
        const Tensor h = step(x[0], state.read());
        state.assign(h);
        return Tensors{h};
      },
      {{DType::float64, Shape{1, 3}}});
  Program program(graph);
  const std::string text = program.print();
  INFO(text);
  CHECK(text.find("copy", text.find("every run")) == std::string::npos);
  Tensor h = zeros({1, hidden}, DType::float64);
  for (Index i = 0; i < 6; ++i) {
    const Tensor x = slice(inputs, 0, i, i + 1);
    const Tensor got = program.run({x})[0];
    h = evaluate(step(x, h));
    test::check_close(got, test::numbers(h), 1e-12);
    if (i == 3) weight.assign(evaluate(weight.read() * 0.5));
  }
}

TEST_CASE("a concat that is read by others than products is there as a whole") {
  const test::Traced before = traced(
      [](const Tensors& x) {
        const Tensor joined = concat({x[0], x[1]}, 1);
        return Tensors{matmul(joined, full({7, 5}, 0.5, DType::float64)), joined};
      },
      {{2, 3}, {2, 4}});
  Program program(before.graph);
  const Tensors results = program.run(before.arguments);
  const Tensors expected = evaluate(before.graph, before.arguments);
  for (std::size_t i = 0; i < results.size(); ++i)
    test::check_close(results[i], test::numbers(expected[i]), 1e-12);
}

TEST_CASE("rows of a sum with a product go to threads with the same bits", "[threads]") {
  const auto layer = [](const Tensors& a) {
    const Carried run = scan(
        [&](const Tensors& c, const Tensors& x) {
          const Tensor h = tanh(matmul(c[0], a[1]) + x[0]);
          return Carried{{h}, {h}};
        },
        {zeros({64, 48}, DType::float64)}, {a[0]});
    return Tensors{run.ys[0]};
  };
  const test::Traced before = traced(layer, {{9, 64, 48}, {48, 48}});
  std::vector<Array> values;
  for (const int threads : {1, 3, 4}) {
    kernels::set_threads(threads);
    Program program(before.graph);
    values.push_back(program.run(before.arguments)[0].value());
    CHECK(std::memcmp(values[0].data(), values.back().data(), values[0].bytes()) == 0);
  }
  kernels::set_threads(0);
}

TEST_CASE("matmul_add tells what it does not take") {
  const auto add = [](const Shape& addend) {
    return make(std::make_shared<MatMulAdd>(MatMulOptions{}), {zeros({6, 4}), zeros({4, 5}), zeros(addend)},
                Location::current());
  };
  CHECK(add({1, 5}).shape() == Shape{6, 5});
  CHECK_THROWS_AS(add({6, 1}), ShapeError);
  CHECK_THROWS_AS(add({4, 5}), ShapeError);
}
