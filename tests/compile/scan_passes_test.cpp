// What leaves loops: split_scans and sink_accumulators, on printed graphs and by value.

#include "support/catch.h"

#include <sluice/compile/compile.h>
#include <sluice/compile/passes.h>
#include <sluice/graph/evaluate.h>
#include <sluice/graph/grad.h>
#include <sluice/graph/print.h>
#include <sluice/ops/ops.h>

#include <cmath>

using namespace sluice;

namespace {

constexpr Index steps = 3, batch = 2, width = 2;

/// Arguments: a carry [batch, width], xs [steps, batch, width], a weight [width, width].
const Specs specs{Spec{DType::float64, {batch, width}}, Spec{DType::float64, {steps, batch, width}},
                  Spec{DType::float64, {width, width}}};

Tensor numbers(const Spec& spec, double seed) {
  std::vector<double> values(static_cast<std::size_t>(spec.shape.size()));
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = std::sin(seed + 1.3 * static_cast<double>(i));
  return tensor(values, spec.shape);
}

/// The graph of a scan, after scan_form.
Graph scanned(const std::function<Carried(const Tensors& a, const Tensors& c, const Tensors& x)>& body,
              bool reverse = false, Index checkpoint = 0) {
  return passes::scan_form(trace(
      [&](const Tensors& a) {
        ScanOptions options;
        options.reverse = reverse;
        options.checkpoint = checkpoint;
        Carried result = scan([&](const Tensors& c, const Tensors& x) { return body(a, c, x); }, {a[0], a[2]},
                              {a[1]}, options);
        result.carry.insert(result.carry.end(), result.ys.begin(), result.ys.end());
        return result.carry;
      },
      specs));
}

void check_same_values(const Graph& before, const Graph& after) {
  Tensors arguments;
  for (const Spec& spec : specs) arguments.push_back(numbers(spec, static_cast<double>(arguments.size())));
  const Tensors expected = evaluate(before, arguments);
  const Tensors found = evaluate(after, arguments);
  REQUIRE(found.size() == expected.size());
  for (std::size_t i = 0; i < found.size(); ++i) {
    REQUIRE(found[i].spec() == expected[i].spec());
    for (Index k = 0; k < found[i].size(); ++k)
      CHECK(found[i].value().element(k) ==
            Approx(expected[i].value().element(k)).epsilon(1e-12).margin(1e-12));
  }
}

/// The ops of the body of the only scan in a graph.
std::string body_of(const Graph& graph) {
  const std::string text = to_text(graph);
  const auto begin = text.find("    graph(");
  REQUIRE(begin != std::string::npos);
  return text.substr(begin, text.find("    }\n", begin) - begin);
}

}  // namespace

TEST_CASE("split_scans does a product with x before the loop, and one of what the loop gives after it") {
  const Graph graph = scanned([](const Tensors& a, const Tensors& c, const Tensors& x) {
    const Tensor h = tanh(matmul(x[0], a[2]) + c[0]);
    return Carried{{h, c[1]}, {matmul(h, a[2])}};
  });
  const Graph after = passes::split_scans(graph);
  CHECK(to_text(after) == R"(graph(a0: f64[2, 2], a1: f64[3, 2, 2], a2: f64[2, 2]) {
  %0 = matmul(a1, a2)  f64[3, 2, 2]
  %1 = scan(a0, %0, carries=1, xs=1, steps=3)  0: f64[2, 2], 1: f64[3, 2, 2]
    graph(a0: f64[2, 2], a1: f64[2, 2]) {
      %0 = add(a1, a0)  f64[2, 2]
      %1 = tanh(%0)  f64[2, 2]
      return %1, %1
    }
  %2 = matmul(%1.1, a2)  f64[3, 2, 2]
  return %1.0, a2, %2
}
)");
  check_same_values(graph, after);
}

TEST_CASE("split_scans leaves elementwise work that the loop needs in it") {
  const Graph graph = scanned([](const Tensors&, const Tensors& c, const Tensors& x) {
    const Tensor h = tanh(x[0]) * c[0];
    return Carried{{h, matmul(c[1], h)}, {tanh(h), sum(concat({h, h, h}, 0))}};
  });
  CHECK(to_text(passes::split_scans(graph)) == to_text(graph));
}

TEST_CASE("split_scans moves what stands between x and a product, and follows a product to the end") {
  const Graph graph = scanned([](const Tensors& a, const Tensors& c, const Tensors& x) {
    const Tensor in = matmul(concat({tanh(x[0]), x[0]}, 0), a[2]);
    const Tensor h = c[0] + slice(in, 0, 0, batch) + slice(in, 0, batch, 2 * batch);
    return Carried{{h, c[1]}, {softmax(matmul(tanh(h), a[2]) + 1, 1), x[0] * 2}};
  });
  const Graph after = passes::split_scans(graph);
  const std::string body = body_of(after);
  for (const char* gone : {"matmul", "concat", "softmax", "multiply"})
    CHECK(body.find(gone) == std::string::npos);
  CHECK_THAT(body, contains("add"));
  check_same_values(graph, after);
}

TEST_CASE("split_scans takes what is the same at every step out of any loop") {
  const auto body = [](const Tensors& a, const Tensors& c, const Tensors& x) {
    return Carried{{c[0] + x[0], c[1]}, {matmul(c[0], transpose(a[2]) * 2)}};
  };
  // The gradient's body multiplies by a weight that its trace has not seen to be the same at every step.
  const auto inner = [&](const Tensors& a, const Tensors& c, const Tensors& x) {
    const Tensor y = scan(
                         [&](const Tensors& in, const Tensors&) {
                           return Carried{{matmul(in[0], tanh(c[1]))}, {}};
                         },
                         {x[0]}, {}, {.length = 2})
                         .carry[0];
    return Carried{{c[0] + y, c[1]}, {body(a, c, x).ys[0]}};
  };
  const Graph graph = scanned(inner);
  const Graph after = passes::split_scans(graph);
  CHECK(body_of(after).find("tanh") == std::string::npos);
  check_same_values(graph, after);
}

TEST_CASE("split_scans takes nothing over time out of a loop that recomputes") {
  const Graph graph = scanned(
      [](const Tensors& a, const Tensors& c, const Tensors& x) {
        return Carried{{tanh(matmul(x[0], a[2]) + c[0]), c[1]}, {}};
      },
      false, 1);
  const Graph after = passes::split_scans(graph);
  const std::string text = to_text(after);
  CHECK(text.find("recompute") < text.find("matmul"));
  check_same_values(graph, after);
  const Graph unlimited =
      passes::split_scans(scanned([](const Tensors& a, const Tensors& c, const Tensors& x) {
        return Carried{{tanh(matmul(x[0], a[2]) + c[0]), c[1]}, {}};
      }));
  CHECK(body_of(unlimited).find("matmul") == std::string::npos);
}

TEST_CASE("sink_accumulators makes a sum of products one product over all time") {
  for (const bool reverse : {false, true}) {
    const Graph graph = scanned(
        [](const Tensors&, const Tensors& c, const Tensors& x) {
          const Tensor h = tanh(x[0] + c[0]);
          return Carried{{h, c[1] + matmul(x[0], h, {true, false})}, {}};
        },
        reverse);
    const Graph after = passes::sink_accumulators(graph);
    CHECK_THAT(to_text(after), contains(R"(
      %0 = add(a1, a0)  f64[2, 2]
      %1 = tanh(%0)  f64[2, 2]
      return %1, %1
    }
  %1 = reshape(a1, shape=[6, 2])  f64[6, 2]
  %2 = reshape(%0.1, shape=[6, 2])  f64[6, 2]
  %3 = matmul(%1, %2, transpose_a=true)  f64[2, 2]
  %4 = add(a2, %3)  f64[2, 2]
  return %0.0, %4
)"));
    check_same_values(graph, after);
  }
}

TEST_CASE("sink_accumulators looks through sums, signs, factors and what only moves elements") {
  const Graph graph = scanned([](const Tensors& a, const Tensors& c, const Tensors& x) {
    const Tensor h = tanh(x[0] + c[0]);
    const Tensor bias = reshape(sum(h, 0), {1, width});
    const Tensor weight = concat({slice(matmul(x[0], h, {true, false}), 0, 0, 1), bias}, 0);
    return Carried{{h, transpose(weight) * a[2] + (c[1] - matmul(h, h)) + 0.5}, {}};
  });
  const Graph after = passes::sink_accumulators(graph);
  const std::string body = body_of(after);
  for (const char* gone : {"matmul", "concat", "sum", "transpose", "subtract"})
    CHECK(body.find(gone) == std::string::npos);
  check_same_values(graph, after);
}

TEST_CASE("sink_accumulators takes out batches of products that are larger than their operands") {
  for (const Index inner : {1, 2}) {
    const Graph graph = scanned([inner](const Tensors&, const Tensors& c, const Tensors& x) {
      const Tensor h = tanh(x[0] + c[0]);
      const Shape shape{batch / inner, inner, width};  // with 1, for each sequence a column by a row
      const Tensor products = matmul(reshape(x[0], shape), reshape(h, shape), {true, false});
      return Carried{{h, c[1] + reshape(slice(products, 0, 0, 1), {width, width})}, {}};
    });
    const Graph after = passes::sink_accumulators(graph);
    CHECK((body_of(after).find("matmul") == std::string::npos) == (inner == 1));
    check_same_values(graph, after);
  }
}

TEST_CASE("sums over steps of products of vectors compile, with and without elements") {
  for (const Index size : {0, 3}) {
    const auto sums = compile([](const Tensor& x) {
      const auto step = [](const Tensors& carry, const Tensors& now) {
        return Carried{{carry[0] + matmul(now[0], now[0])}, {}};
      };
      return scan(step, {zeros({})}, {x}).carry[0];
    });
    CHECK(sums(ones({4, size})).item() == static_cast<float>(4 * size));
  }
}

TEST_CASE("sink_accumulators leaves alone a carry that something looks at, or that does more than add") {
  const auto stays = [](const std::function<Carried(const Tensors&, const Tensors&, const Tensors&)>& body) {
    const Graph graph = scanned(body);
    CHECK(to_text(passes::sink_accumulators(graph)) == to_text(graph));
  };
  stays([](const Tensors&, const Tensors& c, const Tensors& x) {
    return Carried{{tanh(c[0] + matmul(x[0], c[1])), c[1] + matmul(x[0], c[0])}, {}};
  });
  stays([](const Tensors&, const Tensors& c, const Tensors& x) {
    return Carried{{tanh(c[0] + x[0]), c[1] + matmul(x[0], c[0])}, {c[1]}};
  });
  stays([](const Tensors&, const Tensors& c, const Tensors& x) {
    return Carried{{tanh(c[0] + x[0]), c[1] * 0.5 + matmul(x[0], c[0])}, {}};
  });
  stays([](const Tensors&, const Tensors& c, const Tensors& x) {
    return Carried{{tanh(c[0] + x[0]), matmul(x[0], c[0]) - c[1]}, {}};
  });
  // Elementwise work is added up where it is, in the cache.
  stays([](const Tensors&, const Tensors& c, const Tensors& x) {
    return Carried{{tanh(c[0] + x[0]), c[1] + tanh(c[0]) * x[0]}, {}};
  });
}

TEST_CASE("the gradient of a weight that a loop uses is one product after the loop back") {
  const Graph graph = passes::scan_form(trace(
      [](const Tensors& a) {
        const Tensor last = scan(
                                [&](const Tensors& c, const Tensors& x) {
                                  return Carried{{tanh(matmul(c[0], a[2]) + x[0])}, {}};
                                },
                                {a[0]}, {a[1]})
                                .carry[0];
        return grad(sum(last), {a[0], a[1], a[2]});
      },
      specs));
  const Graph after = passes::split_scans(passes::sink_accumulators(graph));
  CHECK(after.outputs[2].node().op->name() == "add");
  CHECK(after.outputs[2].input(1).op().name() == "matmul");
  CHECK(after.outputs[2].input(1).input(0).shape() == Shape{steps * batch, width});
  check_same_values(graph, after);
}
