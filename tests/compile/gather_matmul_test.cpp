#include "support/catch.h"
#include "support/passes.h"

#include <sluice/compile/passes.h>
#include <sluice/graph/evaluate.h>
#include <sluice/graph/grad.h>
#include <sluice/graph/print.h>
#include <sluice/ops/ops.h>

#include <cmath>
#include <limits>

using namespace sluice;
using test::left_of;
using test::traced;

namespace {

const Tensor ids = tensor<std::int32_t>({2, 0, 0, 2, 2, 0, 0, 2}, {4, 2});

}  // namespace

TEST_CASE("a product with rows taken from a small table takes rows of the product") {
  const auto function = [](const Tensors& x) { return Tensors{matmul(take(x[0], ids, 0), x[1])}; };
  CHECK(left_of(passes::gather_matmul, function, {{3, 5}, {5, 4}}) ==
        "%0 = matmul(a0, a1); %1 = constant(2, 0, 0, 2, 2, 0, 0, 2); %2 = take(%0, %1, axis=0); %2");
  const auto joined = [](const Tensors& x) {
    return Tensors{matmul(reshape(take(x[0], ids, 0), {8, 5}), x[1], {false, true})};
  };
  CHECK(left_of(passes::gather_matmul, joined, {{3, 5}, {4, 5}}) ==
        "%0 = matmul(a0, a1, transpose_b=true); %1 = constant(2, 0, 0, 2, 2, 0, 0, 2); "
        "%2 = take(%0, %1, axis=0); %3 = reshape(%2, shape=[8, 4]); %3");
}

TEST_CASE("a table with more rows than half of what is taken, or taken along another axis, stays") {
  const auto large = [](const Tensors& x) { return Tensors{matmul(take(x[0], ids, 0), x[1])}; };
  const Graph graph = traced(large, {{5, 5}, {5, 4}}).graph;
  CHECK(to_text(passes::gather_matmul(graph)) == to_text(graph));
  const auto columns = [](const Tensors& x) {
    return Tensors{matmul(take(x[0], flatten(ids), 1), x[1], {false, true})};
  };
  const Graph other = traced(columns, {{3, 3}, {4, 8}}).graph;
  CHECK(to_text(passes::gather_matmul(other)) == to_text(other));
}

TEST_CASE("gradients of the table and of the weight go through sums by id") {
  const auto loss = [](const Tensors& x) {
    const Tensor product = matmul(take(x[0], ids, 0), x[1]);
    return grad(sum(product * product * x[2]), {x[0], x[1]});
  };
  const test::Traced before = traced(loss, {{3, 5}, {5, 4}, {4, 2, 4}});
  const Graph after = passes::gather_matmul(before.graph);
  test::require_same_values(before.graph, after, before.arguments);
  CHECK(test::occurrences(after, "take(a0") == 0);
  CHECK(test::occurrences(after, "f64[4, 2, 5]") == 0);  // nothing of the size of the rows taken
  CHECK(test::occurrences(after, "index_sum(") == 4);    // two of gradients, two that count
}

TEST_CASE("an infinity in a row that no id names does not become NaN") {
  const auto gradients = [](const Tensors& x) {
    return grad(sum(tanh(matmul(take(x[0], ids, 0), x[1]))), {x[0], x[1]});
  };
  const Graph graph = traced(gradients, {{3, 2}, {2, 2}}).graph;
  const double infinity = std::numeric_limits<double>::infinity();
  const Tensors unnamed{tensor({1., 2., infinity, std::nan(""), 3., 4.}, {3, 2}),
                        tensor({1., 2., 3., 4.}, {2, 2})};
  test::require_same_values(graph, passes::gather_matmul(graph), unnamed);
  const Tensors weight{tensor({1., 2., 3., 4., 5., 6.}, {3, 2}), tensor({1., infinity, 3., 4.}, {2, 2})};
  test::require_same_values(graph, passes::gather_matmul(graph), weight);
}

TEST_CASE("products of gathered rows in bodies and of their stacks") {
  const auto function = [](const Tensors& x) {
    const Carried run = scan(
        [&](const Tensors& c, const Tensors& step) -> Carried {
          const Tensor next =
              tanh(c[0] + matmul(take(x[0], tensor<std::int32_t>({0, 1, 0, 0}), 0), x[1]) + step[0]);
          return {{next}, {next}};
        },
        {zeros({4, 4}, DType::float64)},
        {reshape(matmul(take(x[0], broadcast_to(minimum(flatten(ids), 1), {5, 8}), 0), x[2]), {10, 4, 4})});
    return grad(sum(run.ys[0]), x);
  };
  const test::Traced before = traced(function, {{2, 5}, {5, 4}, {5, 4}});
  const Graph form = passes::scan_form(before.graph);
  test::require_same_values(before.graph, passes::gather_matmul(form), before.arguments);
}
