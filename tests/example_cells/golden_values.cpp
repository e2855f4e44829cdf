// The cells of examples/cells beside loops with PyTorch, written from the papers:
// tests/golden/example_cells.json.

#include "example_cells/layers.h"

#include <sluice/check/gradcheck.h>
#include <sluice/compile/compile.h>
#include <sluice/graph/grad.h>
#include <sluice/nn/functional.h>
#include <sluice/ops/concat.h>
#include <sluice/ops/random.h>
#include <sluice/ops/slice.h>
#include <sluice/ops/square.h>
#include <sluice/ops/stack.h>
#include <sluice/ops/sum.h>

#include "support/catch.h"
#include "support/close.h"

using namespace sluice;
using namespace sluice::test;

namespace {

/// A layer with the parameters of a case, and what it is run on.
struct Case {
  example_cells::Layers layers;
  std::vector<std::string> names;  // of parameters
  Tensors parameters;
  Tensor x;
  std::vector<std::string> parts;  // of the state that a step reads: "h", "c"
};

Case of_record(const Record& record, DType dtype) {
  const auto option = [&](const char* name) { return record.number(name); };
  Case made{
      example_cells::one_layer(record.text("cell"), record.integer("I"), record.integer("H"), option, dtype),
      record.texts("parameters"),
      {},
      constant(record.array("x"), dtype),
      record.has("c0") ? std::vector<std::string>{"h", "c"} : std::vector<std::string>{"h"}};
  for (const std::string& name : made.names) made.parameters.push_back(constant(record.array(name), dtype));
  return made;
}

/// Our Variables in the order of the record's parameters, which are named from the cell on.
std::vector<Variable> in_order(const Case& of) {
  std::vector<Variable> found;
  for (const std::string& name : of.names) {
    for (const NamedVariable& named : of.layers->variables()) {
      if (named.name == name || named.name == "0." + name) found.push_back(named.variable);
    }
  }
  REQUIRE(found.size() == of.names.size());
  REQUIRE(found.size() == of.layers->variables().size());
  return found;
}

/// The initial states, of which the last layer's are those of the record.
nn::States starting_from(const Case& of, const Tensors& parts) {
  nn::States states = of.layers->initial(of.x.dim(1), of.x.dtype());
  states.back() = nn::State(parts);
  return states;
}

}  // namespace

TEST_CASE("cells of the examples have the values and gradients of their equations in PyTorch") {
  const auto golden = Golden::open("example_cells.json");
  CHECK(golden.names().size() == 10);
  for (const std::string& name : golden.names()) {
    INFO(name);
    const Record record = golden.at(name);
    for (const DType dtype : {DType::float64, DType::float32}) {
      const double tolerance = dtype == DType::float64 ? 1e-12 : 1e-5;
      const Case of = of_record(record, dtype);
      const std::vector<Variable> variables = in_order(of);
      for (std::size_t i = 0; i < variables.size(); ++i) variables[i].assign(of.parameters[i]);
      Tensors first;
      for (const std::string& part : of.parts) first.push_back(constant(record.array(part + "0"), dtype));
      const nn::Sequence run = (*of.layers)(of.x, {.initial = starting_from(of, first)});
      check_close(run, record.array("output").data, tolerance);
      Tensor loss = sum(run * constant(record.array("seed.output"), dtype));
      for (std::size_t i = 0; i < of.parts.size(); ++i) {
        const Tensor& last = run.state.back().parts[i];
        check_close(last, record.array(of.parts[i] + "_n").data, tolerance);
        loss = loss + sum(last * constant(record.array("seed." + of.parts[i] + "_n"), dtype));
      }
      CHECK(evaluate(loss).item() == Approx(record.number("loss")).epsilon(tolerance));
      Tensors wrt{of.x};
      wrt.insert(wrt.end(), first.begin(), first.end());
      wrt.insert(wrt.end(), variables.begin(), variables.end());
      const Tensors slopes = grad(loss, wrt);
      check_close(slopes[0], record.array("grad.x").data, tolerance);
      for (std::size_t i = 0; i < first.size(); ++i)
        check_close(slopes[1 + i], record.array("grad." + of.parts[i] + "0").data, tolerance);
      for (std::size_t i = 0; i < variables.size(); ++i)
        check_close(slopes[1 + first.size() + i], record.array("grad." + of.names[i]).data, tolerance);
    }
  }
}

TEST_CASE("cells of the examples have right derivatives, compiled as interpreted, and stream") {
  const auto option = [](const char* name) { return name == std::string("bias") ? 0.5 : 2.0; };
  for (const std::string cell : {"Mogrifier", "SRU", "QRNN", "CfC"}) {
    INFO(cell);
    const auto layers = example_cells::one_layer(cell, 2, 2, option, DType::float64);
    const Tensor x = evaluate(random::uniform(random::key(5), {3, 2, 2}, 0.1, 1, DType::float64));
    Tensors arguments{x};
    for (const NamedVariable& named : layers->variables()) arguments.push_back(named.variable.value());
    const auto run = [&](const Tensors& in) {
      return nn::functional(*layers, {in.begin() + 1, in.end()}, [&] { return (*layers)(in[0]).output(); });
    };
    gradcheck(run, arguments, {.compiled = false});
    const auto all = [&](const Tensors& in) {
      Tensors results = grad(sum(square(run(in))), in);
      results.push_back(run(in));
      return results;
    };
    const Tensors expected = evaluate(all(arguments)), got = compile(all)(arguments);
    for (std::size_t i = 0; i < got.size(); ++i) check_close(got[i], expected[i], 1e-12);

    nn::States states = layers->initial(2, DType::float64);
    Tensors outputs;
    for (Index t = 0; t < 3; ++t) {
      const nn::Sequence now = layers->step(x[t], states);
      outputs.push_back(now);
      states = now.state;
    }
    check_close(stack(outputs, 0), (*layers)(x), 1e-12);
  }
}

TEST_CASE("the window of a QRNN does not reach into the sequence before, nor beyond the end") {
  const QRNN layers(2, 3, random::key(1), {.taps = 3});
  const Tensor x = random::normal(random::key(2), {5, 2, 2});
  const Tensor resets = tensor({false, false, false, false, true, true, false, false, false, false}, {5, 2});
  const Tensor apart = concat({layers(slice(x, 0, 0, 2)), layers(slice(x, 0, 2))}, 0);
  check_close(layers(x, {.resets = resets}), apart, 1e-6);
  const nn::Sequence cut = layers(x, {.lengths = tensor({2, 2})});
  check_close(slice(cut, 0, 0, 2), slice(layers(x), 0, 0, 2), 1e-6);
  check_close(slice(cut, 0, 2), zeros({3, 2, 3}), 0);
  check_close(layers(slice(x, 0, 2), {.initial = cut.state}), slice(layers(x), 0, 2), 1e-6);
}
