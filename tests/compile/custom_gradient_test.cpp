// A program contains what a function with a gradient of its own is made of, and nothing else.

#include <sluice/compile/pass.h>
#include <sluice/compile/passes.h>
#include <sluice/compile/program.h>
#include <sluice/graph/arithmetic.h>
#include <sluice/graph/evaluate.h>
#include <sluice/graph/grad.h>
#include <sluice/ops/ops.h>

#include "support/catch.h"
#include "support/close.h"
#include "support/passes.h"
#include "support/programs.h"

#include <algorithm>

using namespace sluice;
using test::count;
using test::numbers;

namespace {

Tensor own_product(const Tensor& a, const Tensor& b) {
  return custom_gradient([](const Tensors& xs) { return xs[0] * xs[1]; },
                         [](const Tensors& xs, const Tensor&, const Tensor& dy) {
                           return Tensors{dy * xs[1], dy * xs[0]};
                         },
                         {a, b});
}

Tensor plain_product(const Tensor& a, const Tensor& b) { return a * b; }

using Product = Tensor (*)(const Tensor&, const Tensor&);

/// x, if it is not negative, with a gradient of zero.
class Checked final : public Op {
 public:
  std::string_view name() const override { return "checked"; }
  Specs infer(std::span<const Spec> inputs) const override { return {inputs[0]}; }
  void run(std::span<const View> inputs, std::span<const MutableView> outputs) const override {
    std::copy_n(inputs[0].as<double>(), inputs[0].size(), outputs[0].as<double>());
    for (Index i = 0; i < inputs[0].size(); ++i) {
      if (inputs[0].as<double>()[i] < 0) throw Error("[checked] got a negative number");
    }
  }
  std::optional<std::size_t> same_as_input(std::size_t) const override { return 0; }
};

/// A value and gradients: elementwise ops and products around the function.
TensorFunction dense(Product product) {
  return [product](const Tensors& x) {
    const Tensor y = exp(product(sigmoid(matmul(x[0], x[1])), x[0] + 1));
    Tensors results = grad(sum(y), x);
    results.push_back(y);
    return results;
  };
}

/// The same of a gated loop.
TensorFunction recurrent(Product product, Index checkpoint) {
  return [=](const Tensors& x) {
    const Carried run = scan(
        [&](const Tensors& carry, const Tensors& now) {
          const Tensor gate = sigmoid(matmul(concat({now[0], carry[0]}, -1), x[2]));
          const Tensor h = product(gate, carry[0]) + product(1 - gate, tanh(matmul(now[0], x[3])));
          return Carried{{h}, {h}};
        },
        {x[1]}, {x[0]}, {.checkpoint = checkpoint});
    Tensors results = grad(sum(square(run.ys[0])), x);
    results.push_back(run.ys[0]);
    return results;
  };
}

std::string program_of(const TensorFunction& f, const Tensors& arguments) {
  return test::printed(f, arguments, PassSet::all());
}

/// The kernels of a printed program, without its header.
std::size_t lines(const std::string& text) { return count(text, "\n"); }

}  // namespace

TEST_CASE("a custom gradient leaves no kernel") {
  const Tensors x{numbers({4, 4}, 1), numbers({4, 4}, 2)};
  const std::string own = program_of(dense(own_product), x);
  const std::string plain = program_of(dense(plain_product), x);
  INFO(own << plain);
  CHECK(lines(own) == lines(plain));
  CHECK(count(own, "custom_gradient") == 0);
  CHECK(count(own, "group") == count(plain, "group"));
}

TEST_CASE("a custom gradient in a loop leaves no kernel, with checkpoints as without") {
  const Tensors x{numbers({9, 2, 3}, 1), numbers({2, 4}, 2), numbers({7, 4}, 3), numbers({3, 4}, 4)};
  for (const Index checkpoint : {0, 3}) {
    const std::string own = program_of(recurrent(own_product, checkpoint), x);
    const std::string plain = program_of(recurrent(plain_product, checkpoint), x);
    INFO(own << plain);
    CHECK(lines(own) == lines(plain));
    CHECK(count(own, "custom_gradient") == 0);
  }
}

TEST_CASE("ops that are there for their gradient alone leave programs") {
  const auto left_of = [](const TensorFunction& f) {
    return test::left_of(passes::simplify, f, {{2, 3}, {2, 3}});
  };
  CHECK(left_of([](const Tensors& x) { return Tensors{exp(stop_gradient(x[0]))}; }) == "%0 = exp(a0); %0");
  CHECK(left_of([](const Tensors& x) { return Tensors{straight_through(sign(x[0]), x[0])}; }) ==
        "%0 = sign(a0); %0");
  CHECK(left_of([](const Tensors& x) { return Tensors{straight_through(x[0], x[1])}; }) == "a0");
  CHECK(left_of([](const Tensors& x) {
          return value_and_grad([](const Tensors& a) { return sum(a[0] * a[1]); }, {x[0], x[0]}).gradients;
        }) == "a0, a0");
  // Inside of a loop.
  const Graph graph = passes::simplify(passes::scan_form(trace(
      [](const Tensors& x) {
        return scan(
                   [](const Tensors& c, const Tensors& now) {
                     return Carried{{own_product(c[0], now[0])}, c};
                   },
                   {select(x[0], 0, 0)}, x)
            .ys;
      },
      {Spec{DType::float64, {2, 3}}})));
  CHECK(test::occurrences(graph, "custom_gradient") == 0);
}

TEST_CASE("without the pass that leaves them out they are computed where they stand") {
  const Tensors dense_x{numbers({4, 4}, 1), numbers({4, 4}, 2)};
  const Tensors x{numbers({9, 2, 3}, 1), numbers({2, 4}, 2), numbers({7, 4}, 3), numbers({3, 4}, 4)};
  for (const PassSet& set : {PassSet::none(), PassSet::without({"simplify"})}) {
    CHECK(count(test::printed(dense(own_product), dense_x, set), "custom_gradient") > 0);
    CHECK(count(test::printed(recurrent(own_product, 0), x, set), "custom_gradient") > 0);
    CHECK(count(test::printed(recurrent(own_product, 3), x, set), "custom_gradient") > 0);
  }
}

TEST_CASE("one that waits for an op that may throw stays") {
  const auto f = [](const Tensors& x) {
    // The result does not need y, and evaluate throws where an id of y is out of range.
    const Tensor y = cast(take(x[1], tensor({5}), 0), DType::float64);
    return Tensors{straight_through(exp(sum(x[0])), sum(y))};
  };
  const Tensors x{ones({2}, DType::float64), ones({3}, DType::float64)};
  const Graph graph = trace(f, {x[0].spec(), x[1].spec()});
  CHECK_THROWS_WITH(evaluate(graph, x), contains("[take]"));
  CHECK_THROWS_WITH(Program(graph).run(x), contains("[take]"));
  CHECK(test::occurrences(passes::simplify(graph), "custom_gradient") == 1);
  const auto checked = [](const Tensors& t) { return Tensors{make<Checked>(t[0])}; };
  CHECK_THROWS_WITH(Program(trace(checked, {x[0].spec()})).run({-x[0]}), contains("[checked]"));
  // Of several results, those that are read count together.
  const Graph two = trace(
      [](const Tensors& t) {
        return custom_gradient(
            [](const Tensors& a) {
              return Tensors{take(a[0], tensor({1}), 0), exp(a[0])};
            },
            [](const Tensors& a, const Tensors&, const Tensors&) { return Tensors{zeros_like(a[0])}; },
            {t[0]});
      },
      {x[0].spec()});
  CHECK(test::occurrences(passes::simplify(two), "custom_gradient") == 0);
  Graph second = two;
  second.outputs = {two.outputs[1]};
  CHECK(test::occurrences(passes::simplify(second), "custom_gradient") == 1);
}

TEST_CASE("functions with different gradients are never taken for one") {
  const auto times = [](double scale) {
    return [scale](const Tensor& x) {
      return custom_gradient([](const Tensor& t) { return exp(t); },
                             [scale](const Tensor&, const Tensor&, const Tensor& dy) { return scale * dy; },
                             x);
    };
  };
  const Graph graph = trace(
      [&](const Tensors& x) {
        return Tensors{times(2)(x[0]), times(3)(x[0])};
      },
      {Spec{DType::float64, {2}}});
  const Graph shared = passes::share(graph);
  CHECK(test::occurrences(shared, "= exp") == 1);
  CHECK(test::occurrences(shared, "= custom_gradient") == 2);
  CHECK(test::numbers(grad(sum(shared.outputs[0] + shared.outputs[1]), shared.inputs[0])).empty() == false);
}
