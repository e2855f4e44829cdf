#include "support/catch.h"
#include "support/passes.h"

#include <sluice/compile/passes.h>
#include <sluice/graph/evaluate.h>
#include <sluice/graph/print.h>
#include <sluice/ops/ops.h>

using namespace sluice;

namespace {

std::string left_of(const TensorFunction& function, const std::vector<Shape>& shapes) {
  return test::left_of(passes::share, function, shapes);
}

}  // namespace

TEST_CASE("share computes once what has the same op, attributes and inputs") {
  CHECK(left_of([](const Tensors& x) { return Tensors{tanh(x[0] + x[1]) * tanh(x[0] + x[1])}; },
                {{2}, {2}}) == "%0 = add(a0, a1); %1 = tanh(%0); %2 = multiply(%1, %1); %2");
  CHECK(left_of([](const Tensors& x) { return Tensors{sum(x[0], 0) + sum(x[0], 0)}; }, {{2, 3}}) ==
        "%0 = sum(a0, axes=[0]); %1 = add(%0, %0); %1");
}

TEST_CASE("share takes constants with the same bits for the same") {
  CHECK(left_of(
            [](const Tensors& x) {
              return Tensors{x[0] * 2, x[0] * 2};
            },
            {{2}}) == "%0 = multiply(a0, 2); %0, %0");
  CHECK(left_of(
            [](const Tensors& x) {
              return Tensors{x[0] * 0.0, x[0] * -0.0};
            },
            {{2}}) == "%0 = multiply(a0, 0); %1 = multiply(a0, -0); %0, %1");
}

TEST_CASE("share leaves alone what differs in op, attributes, inputs or their order") {
  const std::string text = left_of(
      [](const Tensors& x) {
        return Tensors{x[0] - x[1], x[1] - x[0], x[0] + x[1], sum(x[0], 0), sum(x[0], 1)};
      },
      {{2, 2}, {2, 2}});
  CHECK(text ==
        "%0 = subtract(a0, a1); %1 = subtract(a1, a0); %2 = add(a0, a1); %3 = sum(a0, axes=[0]); "
        "%4 = sum(a0, axes=[1]); %0, %1, %2, %3, %4");
}

TEST_CASE("share works in bodies of scans, and keeps scans with different bodies apart") {
  const Graph graph = trace(
      [](const Tensors& a) {
        const auto twice = [&](bool add) {
          return scan(
                     [&](const Tensors& c, const Tensors& x) {
                       const Tensor y = tanh(x[0]) * tanh(x[0]);
                       return Carried{{add ? c[0] + y : c[0] - y}, {}};
                     },
                     {a[0]}, {a[1]})
              .carry[0];
        };
        return Tensors{twice(true), twice(false)};
      },
      {Spec{DType::float32, {2}}, Spec{DType::float32, {3, 2}}});
  const Graph after = passes::share(graph);
  const Graph& body = *after.outputs[0].op().body();
  const Tensor& y = body.outputs[0].input(1);
  CHECK(y.input(0).is(y.input(1)));
  const Tensors arguments{ones({2}), ones({3, 2})};
  const Tensors expected = evaluate(graph, arguments);
  const Tensors found = evaluate(after, arguments);
  CHECK(found[0].to_vector() == expected[0].to_vector());
  CHECK(found[1].to_vector() == expected[1].to_vector());
  CHECK(found[0].to_vector() != found[1].to_vector());
}
