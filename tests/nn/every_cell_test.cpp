// What every cell of the library does: derivatives, the compiled form, lengths, resets, streaming, copies.

#include <sluice/check/gradcheck.h>
#include <sluice/compile/compile.h>
#include <sluice/graph/arithmetic.h>
#include <sluice/graph/grad.h>
#include <sluice/nn/recurrent.h>
#include <sluice/nn/replacement.h>
#include <sluice/nn/summary.h>
#include <sluice/nn/values.h>
#include <sluice/ops/cast.h>
#include <sluice/ops/random.h>
#include <sluice/ops/slice.h>
#include <sluice/ops/sum.h>

#include <cmath>
#include <limits>

#include "nn/every_cell.h"
#include "support/catch.h"
#include "support/close.h"

using namespace sluice;
using namespace sluice::test;

namespace {

Tensor drawn(int seed, const Shape& shape, DType dtype = DType::float64) {
  return evaluate(random::normal(random::key(seed), shape, 0, 1, dtype));
}

nn::Part<nn::Cell> made(const EveryCell& entry, Index inputs, Index hidden, DType dtype = DType::float64) {
  auto cell = entry.make(inputs, hidden, random::key(1), dtype);
  draw_parameters(*cell, 2);
  return cell;
}

/// The first two steps of a sequence of the layer: outputs and all parts of the last state.
Tensors two_steps(const nn::Cell& cell, const Tensors& in) {
  nn::State state = cell.initial(in[0].dim(1), in[0].dtype());
  Tensors results;
  for (Index t = 0; t < 2; ++t) {
    state = cell(in[0][t], state);
    results.push_back(state.output());
  }
  results.insert(results.end(), state.parts.begin() + 1, state.parts.end());
  return results;
}

Tensors parameters(const nn::Module& module) {
  Tensors result;
  for (const NamedVariable& named : module.variables()) result.push_back(named.variable);
  return result;
}

}  // namespace

TEST_CASE("Every cell has the derivatives of its equations, first and second") {
  for (const EveryCell& entry : every_cell()) {
    INFO(entry.name);
    const auto cell = made(entry, 2, 4);
    const auto function = [&](const Tensors& in) { return two_steps(*cell, in); };
    const Tensors x{drawn(3, {2, 1, 2})};
    GradcheckOptions options;
    options.compiled = false;  // the next test compiles whole layers
    CHECK(gradcheck(function, x, options).entries > 0);
    if (!entry.smooth) continue;
    CHECK(gradgradcheck(function, x, {.rtol = 1e-3, .atol = 1e-6, .jvp = false, .compiled = false}).entries >
          0);
  }
}

TEST_CASE("Every cell, compiled, gives the values and gradients that the interpreter gives") {
  for (const EveryCell& entry : every_cell()) {
    INFO(entry.name);
    const nn::RecurrentLayers layer({made(entry, 3, 4)});
    const auto function = [&](const Tensor& x, const Tensor& seed) {
      const nn::Sequence run = layer(x);
      Tensor loss = sum(run.output() * seed);
      for (const Tensor& part : run.state[0].parts) loss = loss + 0.1 * sum(part);
      Tensors wrt = parameters(layer);
      wrt.push_back(x);
      Tensors results = grad(loss, wrt);
      results.push_back(run.output());
      return results;
    };
    const Tensor x = drawn(4, {5, 2, 3}), seed = drawn(5, {5, 2, layer.hidden()});
    const Tensors expected = evaluate(function(x, seed)), got = compile(function)(x, seed);
    REQUIRE(got.size() == expected.size());
    for (std::size_t i = 0; i < got.size(); ++i) check_close(got[i], expected[i], 1e-11);
  }
}

TEST_CASE("Every cell takes lengths and resets: each piece is as if run alone") {
  constexpr Index time = 6, inputs = 3;
  const std::vector<std::int32_t> lengths{6, 3, 0};
  for (const EveryCell& entry : every_cell()) {
    INFO(entry.name);
    const nn::RecurrentLayers layer({made(entry, inputs, 4)});
    const Tensor clean = drawn(6, {time, 3, inputs});
    // NaN stands in the padding, and the first sequence restarts at step 2.
    std::vector<double> values = numbers(clean), resets(time * 3);
    for (std::size_t b = 0; b < 3; ++b) {
      for (std::size_t t = static_cast<std::size_t>(lengths[b]); t < time; ++t) {
        for (std::size_t k = 0; k < inputs; ++k)
          values[(t * 3 + b) * inputs + k] = std::numeric_limits<double>::quiet_NaN();
      }
    }
    resets[2 * 3] = 1;
    const Variable x(tensor(values, clean.shape()));
    const Tensor restart = evaluate(cast(tensor(resets, {time, 3}), DType::boolean));
    const nn::Sequence run = layer(x, {.lengths = tensor(lengths), .resets = restart});
    const Tensor dx = grad(sum(run.output() * run.output()), Tensor(x));

    const auto piece = [&](Index b, Index begin, Index end) {
      const Variable own(evaluate(slice(slice(clean, 1, b, b + 1), 0, begin, end)));
      const nn::Sequence alone = layer(own);
      check_close(slice(slice(run.output(), 1, b, b + 1), 0, begin, end), alone.output(), 1e-13);
      const Tensor d = grad(sum(alone.output() * alone.output()), Tensor(own));
      check_close(slice(slice(dx, 1, b, b + 1), 0, begin, end), d, 1e-12);
      return alone.state[0];
    };
    piece(0, 0, 2);
    const std::vector<nn::State> ends{piece(0, 2, time), piece(1, 0, 3), layer.initial(1, DType::float64)[0]};
    for (std::size_t part = 0; part < ends[0].parts.size(); ++part) {
      for (Index b = 0; b < 3; ++b) {
        const Tensor last = slice(run.state[0].parts[part], 0, b, b + 1);
        check_close(last, ends[static_cast<std::size_t>(b)].parts[part], 1e-13);
      }
    }
    CHECK(numbers(sum(slice(slice(run.output(), 1, 1, 3), 0, 3, time))) == std::vector<double>{0});
  }
}

TEST_CASE("Every cell streams what it gives for a whole sequence") {
  for (const EveryCell& entry : every_cell()) {
    INFO(entry.name);
    const nn::RecurrentLayers layer({made(entry, 3, 4)});
    const Tensor x = drawn(7, {4, 2, 3});
    const nn::Sequence whole = layer(x);
    nn::States state = layer.initial(2, DType::float64);
    for (Index t = 0; t < 4; ++t) {
      const nn::Sequence one = layer.step(x[t], state);
      check_close(one.output(), whole.output()[t], 1e-14);
      state = one.state;
    }
  }
}

TEST_CASE("Every cell is copied, converted and summarised by its members alone") {
  for (const EveryCell& entry : every_cell()) {
    INFO(entry.name);
    const nn::RecurrentLayers layer({made(entry, 3, 4, DType::float32)});
    const Tensor x = drawn(8, {3, 2, 3}, DType::float32);
    const nn::RecurrentLayers twin = nn::clone(layer);
    const nn::RecurrentLayers wide = nn::to(layer, DType::float64);
    check_close(twin(x).output(), layer(x).output(), 0);
    check_close(wide(drawn(8, {3, 2, 3})).output(), layer(x).output(), 1e-5);
    CHECK(nn::summary(layer).find(std::to_string(layer.count())) != std::string::npos);
    CHECK(nn::unlisted(layer, layer(x).output()).empty());
    // A change of every parameter of the twin shows, and leaves the layer alone.
    const std::vector<double> before = numbers(layer(x).output());
    for (const NamedVariable& named : twin.variables()) {
      INFO(named.name);
      const std::vector<double> old = numbers(twin(x).output());
      const Variable& v = named.variable;
      v.assign(evaluate(random::uniform(random::key(9), v.shape(), -1, 1, v.dtype())));
      CHECK(numbers(twin(x).output()) != old);
    }
    CHECK(numbers(layer(x).output()) == before);
  }
}
