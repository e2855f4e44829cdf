// A function of one example, applied to many.

#include <sluice/compile/program.h>
#include <sluice/graph/arithmetic.h>
#include <sluice/graph/evaluate.h>
#include <sluice/graph/grad.h>
#include <sluice/graph/variable.h>
#include <sluice/ops/matmul.h>
#include <sluice/ops/mean.h>
#include <sluice/ops/random.h>
#include <sluice/ops/scan.h>
#include <sluice/ops/select.h>
#include <sluice/ops/square.h>
#include <sluice/ops/stack.h>
#include <sluice/ops/sum.h>
#include <sluice/ops/tanh.h>
#include <sluice/ops/transpose.h>
#include <sluice/ops/vmap.h>

#include "support/catch.h"
#include "support/check_op.h"
#include "support/close.h"

using namespace sluice;
using namespace sluice::test;

namespace {

Tensor normal(std::uint64_t seed, const Shape& shape) {
  return evaluate(random::normal(random::key(seed), shape, 0, 1, DType::float64));
}

Specs specs_of(const Tensors& tensors) {
  Specs specs;
  for (const Tensor& t : tensors) specs.push_back(t.spec());
  return specs;
}

/// Both functions give the same values, evaluated and compiled.
void check_same(const TensorFunction& function, const TensorFunction& by_hand, const Tensors& inputs) {
  const Tensors expected = evaluate(by_hand(inputs));
  Program program(trace(function, specs_of(inputs)));
  for (const Tensors& got : {evaluate(function(inputs)), program.run(inputs)}) {
    REQUIRE(got.size() == expected.size());
    for (std::size_t i = 0; i < got.size(); ++i) {
      REQUIRE(got[i].spec() == expected[i].spec());
      check_close(got[i], expected[i], 1e-12);
    }
  }
}

bool has_loop(const TensorFunction& function, const Tensors& inputs) {
  return Program(trace(function, specs_of(inputs))).print().find("loop") != std::string::npos;
}

Tensor two_layers(const Tensor& x, const Tensor& w, const Tensor& v) { return matmul(tanh(matmul(x, w)), v); }

/// The function at each place of axis 0 of all inputs, stacked.
Tensors one_by_one(const TensorFunction& f, const Tensors& inputs) {
  std::vector<Tensors> rows;
  for (Index i = 0; i < inputs[0].dim(0); ++i) {
    Tensors example;
    for (const Tensor& x : inputs) example.push_back(select(x, 0, i));
    rows.push_back(f(example));
  }
  Tensors stacked;
  for (std::size_t j = 0; j < rows[0].size(); ++j) {
    Tensors column;
    for (const Tensors& row : rows) column.push_back(row[j]);
    stacked.push_back(stack(column, 0));
  }
  return stacked;
}

}  // namespace

TEST_CASE("vmap applies a layer with the same weights to each example, without a loop") {
  const auto mapped = [](const Tensors& t) {
    return Tensors{vmap([&](const Tensor& x) { return tanh(matmul(x, t[1])); }, t[0])};
  };
  const auto by_hand = [](const Tensors& t) { return Tensors{tanh(matmul(t[0], t[1]))}; };
  const Tensors inputs{normal(1, {6, 3}), normal(2, {3, 4})};
  check_same(mapped, by_hand, inputs);
  CHECK_FALSE(has_loop(mapped, inputs));
}

TEST_CASE("vmap makes an ensemble of functions with weights of their own, without a loop") {
  const auto member = [](const Tensors& t) { return Tensors{two_layers(t[0], t[1], t[2])}; };
  const auto mapped = [&](const Tensors& t) {
    return vmap(member, {t[2], t[0], t[1]}, {.axes = {std::nullopt, 0, 0}});
  };
  const auto by_hand = [&](const Tensors& t) {
    return one_by_one([&](const Tensors& w) { return member({t[2], w[0], w[1]}); }, {t[0], t[1]});
  };
  const Tensors inputs{normal(1, {8, 3, 5}), normal(2, {8, 5, 2}), normal(3, {4, 3})};
  check_same(mapped, by_hand, inputs);
  CHECK_FALSE(has_loop(mapped, inputs));

  // Its gradient for all weights, and for x, which all members share.
  const auto gradient = [](const TensorFunction& f) {
    return [f](const Tensors& t) { return grad(sum(square(f(t)[0])), t); };
  };
  check_same(gradient(mapped), gradient(by_hand), inputs);
  CHECK_FALSE(has_loop(gradient(mapped), inputs));
}

TEST_CASE("vmap of a gradient gives that of each example, without a loop") {
  const auto loss = [](const Tensors& w, const Tensor& x, const Tensor& y) {
    return mean(square(two_layers(x, w[0], w[1]) - y));
  };
  const auto gradients = [&](const Tensors& t) {
    const Tensors w{t[0], t[1]};
    return [&loss, w](const Tensors& example) { return grad(loss(w, example[0], example[1]), w); };
  };
  const auto mapped = [&](const Tensors& t) { return vmap(gradients(t), {t[2], t[3]}); };
  const auto by_hand = [&](const Tensors& t) { return one_by_one(gradients(t), {t[2], t[3]}); };
  const Tensors inputs{normal(1, {3, 5}), normal(2, {5, 2}), normal(3, {6, 3}), normal(4, {6, 2})};
  check_same(mapped, by_hand, inputs);
  CHECK_FALSE(has_loop(mapped, inputs));
}

TEST_CASE("vmap takes examples from any axis, and gradients and second derivatives through it") {
  check_op("scan",
           [](const Tensors& x) {
             const auto f = [&](const Tensors& t) { return sum(tanh(t[0] * t[1]) * t[2], -1); };
             return vmap(f, {x[0], x[1], x[2]}, {.axes = {1, -1, std::nullopt}});
           },
           {{{2, 3}, {2, 3}, {2}}, {{1, 2}, {1, 2}, {1}}, {{2, 0}, {2, 0}, {2}}},
           {.reference = [](const std::vector<Values>& x) {
             return filled({x[0].shape[1]}, [&](const std::vector<Index>& at) {
               double total = 0;
               for (Index i = 0; i < x[0].shape[0]; ++i)
                 total += std::tanh(x[0].at({i, at[0]}) * x[1].at({i, at[0]})) * x[2][i];
               return total;
             });
           }});
  const Tensor x = normal(1, {2, 3});
  check_close(vmap([](const Tensor& column) { return column * 2; }, x, -1), transpose(x) * 2, 0);
}

TEST_CASE("vmaps nest, and use what is outside") {
  const Variable scale(full({}, 3, DType::float64));
  const auto mapped = [&](const Tensors& t) {
    return Tensors{vmap(
        [&](const Tensor& a) {
          return vmap([&](const Tensor& b) { return sum(a * b) * scale + t[2]; }, t[1]);
        },
        t[0])};
  };
  const auto by_hand = [&](const Tensors& t) {
    return Tensors{matmul(t[0], t[1], {.transpose_b = true}) * scale + t[2]};
  };
  const Tensors inputs{normal(1, {3, 4}), normal(2, {5, 4}), normal(3, {})};
  check_same(mapped, by_hand, inputs);
  CHECK_FALSE(has_loop(mapped, inputs));
}

TEST_CASE("vmap of a loop over time is a loop of loops") {
  const auto last = [](const Tensor& xs, const Tensor& w) {
    const auto step = [&](const Tensors& c, const Tensors& x) {
      const Tensor h = tanh(matmul(c[0], w) + x[0]);
      return Carried{{h}, {h}};
    };
    return scan(step, {zeros({3}, DType::float64)}, {xs});
  };
  const auto mapped = [&](const Tensors& t) {
    return vmap(
        [&](const Tensors& xs) {
          return Tensors{last(xs[0], t[1]).ys[0], last(xs[0], t[1]).carry[0]};
        },
        {t[0]});
  };
  const auto by_hand = [&](const Tensors& t) {
    return one_by_one(
        [&](const Tensors& xs) {
          return Tensors{last(xs[0], t[1]).ys[0], last(xs[0], t[1]).carry[0]};
        },
        {t[0]});
  };
  check_same(mapped, by_hand, {normal(1, {4, 6, 3}), normal(2, {3, 3})});
}

TEST_CASE("mistakes in a vmap are explained") {
  const TensorFunction same = [](const Tensors& x) { return x; };
  const auto mapped = [&](const VmapOptions& options) {
    return [=](const Tensors& x) { return vmap(same, x, options); };
  };
  check_error(
      mapped({}), {f32({3}), f32({2, 3})},
      "[vmap] all arguments must have as many examples: got 3 in argument 0, f32[3], and 2 in argument "
      "1, f32[2, 3]");
  check_error(mapped({}), {f32({})}, "[vmap] a scalar has no axes");
  check_error(mapped({.axes = {2}}), {f32({2, 3})}, "[vmap] axis must lie in -2..1");
  check_error(mapped({.axes = {0, 0}}), {f32({2})}, "[vmap] takes one axis per argument: got 2 for 1");
  check_error(mapped({.axes = {std::nullopt}}), {f32({2})},
              "[vmap] needs examples along an axis of at least one argument: got 1 arguments");
  check_error(mapped({}), Specs{}, "got 0 arguments");
  check_error(TensorFunction([](const Tensors& x) { return vmap(TensorFunction(), x); }), {f32({2})},
              "[vmap] takes a function: got an empty one");
  check_error([](const Tensors& x) { return vmap([](const Tensor& t) { return matmul(t, t); }, x[0]); },
              {f32({4, 2, 3})}, "f32[2, 3]");
}
