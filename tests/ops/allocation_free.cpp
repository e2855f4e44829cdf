// A program's steps must not allocate, so no op may: each is run on memory that is there already.

#include <sluice/graph/evaluate.h>
#include <sluice/graph/grad.h>
#include <sluice/kernels/buffer.h>
#include <sluice/kernels/threads.h>
#include <sluice/ops/ops.h>

#include "support/allocations.h"
#include "support/catch.h"

using namespace sluice;

namespace {

/// What one more run of the tensor's op allocates, after a first run that may start threads.
std::size_t allocations_of(const Tensor& result) {
  const Node& node = result.node();
  const Tensors inputs = evaluate(node.inputs);
  std::vector<View> views;
  Specs specs;
  for (const Tensor& input : inputs) {
    views.push_back({input.spec(), input.value().data()});
    specs.push_back(input.spec());
  }
  Arrays memory;
  std::vector<MutableView> outputs;
  for (const Spec& spec : node.outputs) {
    Array& array = memory.emplace_back(spec);
    outputs.push_back({spec, array.data()});
  }
  kernels::Buffer work(node.op->work_bytes(specs, kernels::threads()));
  const auto run = [&] { node.op->run_in({work.data(), kernels::threads()}, views, outputs); };
  run();
  const std::size_t before = allocations();
  run();
  return allocations() - before;
}

}  // namespace

TEST_CASE("ops run without allocating, large ones on several threads too") {
  for (const Index n : {3, 300}) {
    const Tensor x = full({n, 2 * n}, 0.5);
    const Tensor square = evaluate(cast(equal(expand_dims(arange(n), 1), arange(n)), DType::float32) + 0.25);
    const Tensor squares = evaluate(broadcast_to(square, {2, n, n}));
    const Tensor cube = full({2, n, 5}, 0.25);
    const Tensor ids = zeros({n}, DType::int32);
    const Tensor places = zeros({n, 1}, DType::int32);
    const Tensor scores = full({n, 3, n}, 0.5);
    const Tensor labels = ones({3, n}, DType::int32);
    const Tensor lengths = tensor({static_cast<std::int32_t>(n), 2, 0});
    const Tensor counts = tensor({static_cast<std::int32_t>(n / 2), 1, 0});
    const Tensor steps = full({8, 2, n}, 0.5);
    const Tensor kernel = full({3, n, n}, 0.25);
    const Tensor convolved = conv1d(steps, kernel, {.stride = 2});
    const Tensors slopes = vjp({convolved}, {ones_like(convolved)}, {steps, kernel});
    const Tensor channels = full({3, 1, n}, 0.25);
    const Tensor alone = conv1d(steps, channels, {.padding = ConvPadding::causal, .groups = n});
    const Tensors slopes_alone = vjp({alone}, {ones_like(alone)}, {steps, channels});
    const Tensors results = {convolved,
                             slopes[0],
                             slopes[1],
                             alone,
                             slopes_alone[0],
                             slopes_alone[1],
                             sum(x),
                             sum(x, 0),
                             sum(x, 1),
                             sum(cube, {0, 2}),
                             max(x, 0),
                             min(x),
                             prod(x, 1),
                             prod_others(x),
                             argmax(x, 0),
                             argmin(x),
                             argsort(x, 0),
                             argsort(x, 1, {.descending = true}),
                             top_k(x, 2).ids,
                             cumsum(x, 0),
                             cumsum(x, 1, true),
                             softmax(x),
                             softmax(x, 0),
                             log_softmax(x),
                             log_softmax(x, 0),
                             logsumexp(x),
                             logsumexp(x, 0),
                             linear_cross_entropy(x, x, ids),
                             grad(sum(linear_cross_entropy(x, x, ids)), x),
                             ctc_loss(scores, labels, lengths, counts),
                             grad(sum(ctc_loss(scores, labels, lengths, counts)), scores),
                             layer_norm(x),
                             transpose(x),
                             transpose(cube, {2, 0, 1}),
                             reshape(x, {-1}),
                             broadcast_to(x, {2, n, 2 * n}),
                             concat({x, x}, 1),
                             slice(x, 1, 1, -1, 2),
                             pad(x, {{1, 0}, {2, 3}}),
                             flip(x),
                             take(x, ids),
                             take(x, ids, 1),
                             index_sum(ids, x, 0, 7),
                             scatter(x, ids, x),
                             take_along_axis(x, places),
                             scatter_sum(places, full({n, 1}, 1), 1, 9),
                             one_hot(ids, 11),
                             cholesky(square),
                             cholesky(squares),
                             logdet(squares),
                             solve(square, x),
                             solve(squares, x),
                             solve_triangular(square, x),
                             solve_triangular(squares, x, {.lower = false, .transpose = true})};
    for (const Tensor& result : results) {
      INFO(result.op().name() << " " << result.op().attributes() << " of " << result.input(0).spec().text());
      CHECK(allocations_of(result) == 0);
    }
  }
}
