#include <sluice/graph/arithmetic.h>
#include <sluice/graph/evaluate.h>
#include <sluice/graph/grad.h>
#include <sluice/graph/walk.h>
#include <sluice/kernels/threads.h>
#include <sluice/ops/matmul.h>
#include <sluice/ops/sum.h>

#include <numeric>

#include "support/catch.h"
#include "support/check_op.h"

using namespace sluice;
using namespace sluice::test;

namespace {

using Position = std::vector<Index>;

/// torch.matmul by its definition: vectors become matrices, batches broadcast, and the inner axis is summed
/// over.
auto reference(MatMulOptions options = {}) {
  return [options](const std::vector<Values>& x) {
    Values a = x[0];
    Values b = x[1];
    const bool row = a.shape.rank() == 1;
    const bool column = b.shape.rank() == 1;
    if (row) a.shape = a.shape.inserted(0, 1);
    if (column) b.shape = b.shape.inserted(1, 1);
    const auto element = [](const Values& m, bool transposed, const Position& batch, Index i, Index j) {
      Position at;
      const Index axes = m.shape.rank() - 2;
      for (Index axis = 0; axis < axes; ++axis) {
        const Index place = batch[batch.size() - static_cast<std::size_t>(axes - axis)];
        at.push_back(m.shape[axis] == 1 ? 0 : place);
      }
      at.push_back(transposed ? j : i);
      at.push_back(transposed ? i : j);
      return m.at(at);
    };
    const auto batch_of = [](const Shape& s) {
      return Shape(std::span(s.begin(), static_cast<std::size_t>(s.rank() - 2)));
    };
    Shape shape = broadcast(batch_of(a.shape), batch_of(b.shape), "reference");
    const Index inner = options.transpose_a ? a.shape[a.shape.rank() - 2] : a.shape.back();
    shape = shape.inserted(shape.rank(), options.transpose_a ? a.shape.back() : a.shape[a.shape.rank() - 2]);
    shape = shape.inserted(shape.rank(), options.transpose_b ? b.shape[b.shape.rank() - 2] : b.shape.back());
    return filled(shape, [&](const Position& at) {
      const Position batch(at.begin(), at.end() - 2);
      double sum = 0;
      for (Index k = 0; k < inner; ++k) {
        sum += element(a, options.transpose_a, batch, at[at.size() - 2], k) *
               element(b, options.transpose_b, batch, k, at.back());
      }
      return sum;
    });
  };
}

std::vector<const Node*> products(const Tensors& roots) {
  std::vector<const Node*> found;
  for (const Node* node : topological_order(roots)) {
    if (node->op->name() == "matmul") found.push_back(node);
  }
  return found;
}

}  // namespace

TEST_CASE("matmul follows torch.matmul for vectors, matrices and batches") {
  check_op("matmul", [](const Tensors& x) { return matmul(x[0], x[1]); },
           {{{2, 3}, {3, 4}},
            {{1, 1}, {1, 1}},
            {{3}, {3}},
            {{3}, {3, 2}},
            {{2, 3}, {3}},
            {{0, 3}, {3, 2}},
            {{2, 0}, {0, 2}},
            {{2, 3}, {3, 0}},
            {{0}, {0}},
            {{2, 2, 3}, {3, 2}},
            {{2, 0, 3}, {3, 2}},
            {{2, 3, 0}, {0, 2}},
            {{2, 2, 3}, {2, 3, 2}},
            {{2, 1, 2, 3}, {3, 3, 1}},
            {{2, 2, 3}, {3}},
            {{3}, {2, 3, 2}},
            {{2, 3}, {2, 3, 2}},
            {{2, 3, 2}, {1, 2, 2}},
            {{2, 3, 1}, {2, 1, 4}},
            {{2, 4, 2}, {2, 2, 4}},
            {{2, 2, 3, 1}, {2, 2, 1, 2}}},
           {.reference = reference()});
}

TEST_CASE("matmul takes operands as if transposed") {
  const auto with = [](MatMulOptions options) {
    return [options](const Tensors& x) { return matmul(x[0], x[1], options); };
  };
  MatMulOptions options{.transpose_a = true};
  check_op("matmul", with(options),
           {{{3, 2}, {3, 4}},
            {{2, 3, 2}, {3, 2}},
            {{3, 2}, {2, 3, 2}},
            {{2, 3, 1}, {2, 3, 2}},
            {{2, 1, 3}, {2, 1, 2}},
            {{2, 2, 4}, {2, 2, 4}}},
           {.reference = reference(options)});
  options = {.transpose_b = true};
  check_op("matmul", with(options),
           {{{2, 3}, {4, 3}},
            {{2, 2, 3}, {4, 3}},
            {{2, 2, 3}, {2, 4, 3}},
            {{2, 1, 2, 3}, {2, 4, 3}},
            {{2, 3, 1}, {2, 2, 1}},
            {{2, 4, 2}, {2, 4, 2}}},
           {.reference = reference(options)});
  options = {.transpose_a = true, .transpose_b = true};
  check_op("matmul", with(options),
           {{{3, 2}, {4, 3}},
            {{2, 3, 2}, {4, 3}},
            {{2, 3, 2}, {2, 4, 3}},
            {{3, 0}, {2, 3}},
            {{2, 1, 3}, {2, 2, 1}},
            {{2, 2, 4}, {2, 4, 2}}},
           {.reference = reference(options)});
}

TEST_CASE("matmul says which rule was broken") {
  const auto plain = [](const Tensors& x) { return matmul(x[0], x[1]); };
  const auto turned = [](const Tensors& x) { return matmul(x[0], x[1], {.transpose_b = true}); };
  check_error(
      plain, {f32({50, 128}), f32({256, 512})},
      "[matmul] the columns of the left must be as many as the rows of the right: got f32[50, 128] and "
      "f32[256, 512], hence 128 and 256");
  check_error(turned, {f32({2, 3}), f32({3, 4})}, "got f32[2, 3] and f32[3, 4] transposed, hence 3 and 4");
  check_error(plain, {f32({3}), f32({2})}, "got f32[3] and f32[2], hence 3 and 2");
  check_error(plain, {f32({2, 3}), f64({3, 4})}, "[matmul] both operands must have the same floating dtype");
  check_error(plain, {i32({2, 3}), i32({3, 4})}, "[matmul] both operands must have the same floating dtype");
  check_error(plain, {f32({}), f32({3, 4})},
              "[matmul] operands need at least one axis: got f32[] and f32[3, 4]; use *");
  check_error(plain, {f32({2, 2, 3}), f32({3, 3, 4})}, "[matmul] shapes must be equal or 1 on every axis");
  check_error(turned, {f32({3}), f32({3})}, "[matmul] a vector cannot be transposed");
}

TEST_CASE(
    "the gradient of one weight for all steps of a sequence is a single product without transposed copies") {
  const Tensor x = ones({5, 4, 3});
  const Tensor w = ones({3, 2});
  const Tensor dw = grad(sum(matmul(x, w)), w);
  CHECK(dw.shape() == Shape{3, 2});
  const auto found = products({dw});
  REQUIRE(found.size() == 1);
  CHECK(found[0]->inputs[0].shape() == Shape{20, 3});
  CHECK(found[0]->inputs[1].shape() == Shape{20, 2});
  CHECK(found[0]->op->attributes() == "transpose_a=true");
  const Tensor dx = grad(sum(matmul(x, w)), x);
  REQUIRE(products({dx}).size() == 1);
  CHECK(products({dx})[0]->op->attributes() == "transpose_b=true");
  for (const Node* node : topological_order({dw, dx})) CHECK(node->op->name() != "transpose");
}

TEST_CASE("batches of small products give the same bits for any number of threads") {
  const Index batch = 300;
  std::vector<float> values;
  for (Index i = 0; i < batch * 40 * 30; ++i)
    values.push_back(1.f / static_cast<float>(1 + (i * 7919) % 1009));
  const Tensor a = tensor(values, {batch, 40, 30});
  const auto run = [&](int threads) {
    kernels::set_threads(threads);
    const std::vector<float> c = evaluate(matmul(a, a, {.transpose_b = true})).to_vector();
    kernels::set_threads(0);
    return c;
  };
  const std::vector<float> one = run(1);
  const auto row = [&](std::size_t i) {
    return values.begin() + static_cast<std::ptrdiff_t>((std::size_t{7} * 40 + i) * 30);
  };
  const double expected = std::inner_product(row(3), row(3) + 30, row(5), 0.0);
  CHECK(one[(std::size_t{7} * 40 + 3) * 40 + 5] == Approx(expected).epsilon(1e-5));
  for (const int threads : {2, 3}) CHECK(run(threads) == one);
}
