// A program holds the ops of a formula in place of the op, whatever its passes.

#include <sluice/compile/compile.h>
#include <sluice/compile/decompose.h>
#include <sluice/compile/program.h>
#include <sluice/graph/arithmetic.h>
#include <sluice/graph/evaluate.h>
#include <sluice/graph/grad.h>
#include <sluice/ops/ops.h>

#include "support/allocations.h"
#include "support/catch.h"
#include "support/close.h"
#include "support/passes.h"
#include "support/programs.h"
#include "support/refused.h"

using namespace sluice;
using test::count;

namespace {

Tensor gate_chain(const Tensor& x, const Tensor& y) { return x * sigmoid(1.702 * x) + maximum(y, 0.1); }

struct Gate final : Formula<Gate, 2> {
  static constexpr std::string_view id = "own_gate";
  static Tensor formula(const Tensor& x, const Tensor& y) { return gate_chain(x, y); }
};

/// A formula with a formula in it, and a loop.
struct Around final : Formula<Around, 2> {
  static constexpr std::string_view id = "own_around";
  static Tensor formula(const Tensor& x, const Tensor& y) {
    const auto step = [&](const Tensors& carry, const Tensors& now) {
      return Carried{{make<Gate>(carry[0], now[0])}, {}};
    };
    return scan(step, {y}, {stack({x, y})}).carry[0];
  }
};

/// A loop that computes more than it gives: the Error of a carry that nobody reads.
struct Leaving final : Formula<Leaving, 2> {
  static constexpr std::string_view id = "own_leaving";
  static Tensor formula(const Tensor& x, const Tensor& ids) {
    const auto step = [&](const Tensors& carry, const Tensors&) {
      return Carried{{carry[0] * 2, take(make<Gate>(x, x), ids, 0)}, {}};
    };
    return scan(step, {x, take(x, ids, 0)}, {}, {.length = 2}).carry[0];
  }
};

struct Both final : Formula<Both, 2> {
  static constexpr std::string_view id = "own_both";
  static Tensors formula(const Tensor& x, const Tensor& ids) { return {exp(x), take(x, ids, 0)}; }
};

Tensor own_gate(const Tensor& x, const Tensor& y) { return make<Gate>(x, y); }

using Function = Tensor (*)(const Tensor&, const Tensor&);

TensorFunction dense(Function f) {
  return [f](const Tensors& x) {
    const Tensor y = exp(f(sigmoid(matmul(x[0], x[1])), x[0] + 1));
    Tensors results = grad(sum(y), x);
    results.push_back(y);
    return results;
  };
}

TensorFunction recurrent(Function f, const ScanOptions& options) {
  return [=](const Tensors& x) {
    const Carried run = scan(
        [&](const Tensors& carry, const Tensors& now) {
          const Tensor h = f(matmul(concat({now[0], carry[0]}, -1), x[2]), carry[0]);
          return Carried{{h}, {h}};
        },
        {x[1]}, {x[0]}, options);
    Tensors results = grad(sum(square(run.ys[0])), x);
    results.push_back(run.ys[0]);
    return results;
  };
}

/// An op with any answer to decompose.
class Whole final : public Op {
 public:
  explicit Whole(std::function<Tensors(const Tensors&)> parts) : parts_(std::move(parts)) {}
  std::string_view name() const override { return "whole"; }
  void members(Attributes& a) const override { a("parts", parts_); }
  Specs infer(std::span<const Spec> inputs) const override { return {inputs[0]}; }
  void run(std::span<const View>, std::span<const MutableView>) const override {}
  Tensors decompose(const Tensors& inputs) const override { return parts_(inputs); }

 private:
  std::function<Tensors(const Tensors&)> parts_;
};

void compiled(const std::function<Tensors(const Tensors&)>& parts) {
  compile([&](const Tensor& x) { return make(std::make_shared<Whole>(parts), {x}); })(ones({2}));
}

/// Of the same op again, for ever.
Tensors for_ever(const Tensors& inputs) { return {make(std::make_shared<Whole>(for_ever), {inputs[0]})}; }

}  // namespace

TEST_CASE("a program of a formula is that of its ops") {
  const Tensors x{test::numbers({4, 4}, 1), test::numbers({4, 4}, 2)};
  const std::string own = test::printed(dense(own_gate), x, PassSet::all());
  const std::string plain = test::printed(dense(gate_chain), x, PassSet::all());
  INFO(own << plain);
  CHECK(count(own, "own_gate") == 0);
  CHECK(count(own, "\n") == count(plain, "\n"));
  CHECK(count(own, "sigmoid") == count(plain, "sigmoid"));  // that of the gradient is the same one
}

TEST_CASE("formulas are taken apart whatever the passes, in loops and in each other") {
  const Tensors x{test::numbers({9, 2, 3}, 1), test::numbers({2, 4}, 2), test::numbers({7, 4}, 3)};
  const Function around = [](const Tensor& a, const Tensor& b) { return make<Around>(a, b); };
  for (const PassSet& set : {PassSet::all(), PassSet::none(), PassSet::without({"simplify", "fuse"})}) {
    for (const ScanOptions& options : {ScanOptions{}, {.reverse = true}, {.checkpoint = 3}}) {
      CHECK(count(test::printed(recurrent(own_gate, options), x, set), "own_") == 0);
      CHECK(count(test::printed(recurrent(around, options), x, set), "own_") == 0);
    }
  }
}

TEST_CASE("a program without passes has the bits of the interpreter, and does not allocate") {
  const Tensors x{test::numbers({9, 2, 3}, 1), test::numbers({2, 4}, 2), test::numbers({7, 4}, 3)};
  const Graph graph = trace(recurrent(own_gate, {}), {x[0].spec(), x[1].spec(), x[2].spec()});
  Program program(graph, PassSet::none());
  const Tensors got = program.run(x);
  const Tensors expected = evaluate(graph, x);
  for (std::size_t i = 0; i < got.size(); ++i) CHECK(got[i].to_vector() == expected[i].to_vector());
  const std::size_t before = allocations();
  program.run();
  CHECK(allocations() == before);
}

TEST_CASE("a formula throws in a program where it does in the interpreter") {
  const Tensor x = ones({3});
  const Tensor ids = tensor({5});
  const auto second = [&](const Tensors& t) { return Tensors{outputs_of(make<Both>(t[0], t[1]))[1]}; };
  const auto first = [&](const Tensors& t) { return Tensors{outputs_of(make<Both>(t[0], t[1]))[0]}; };
  // Its value does not matter, but the op is there.
  const auto dropped = [&](const Tensors& t) {
    return Tensors{zeros({1}) * outputs_of(make<Both>(t[0], t[1]))[1]};
  };
  const auto in_loop = [](const Tensors& t) { return Tensors{make<Leaving>(t[0], t[1])}; };
  const auto not_run = [](const Tensors& t) {  // a loop of no steps has what it begins with
    const auto step = [](const Tensors& carry, const Tensors&) { return Carried{carry, {carry[0]}}; };
    return scan(step, {outputs_of(make<Both>(t[0], t[1]))[1]}, {}, {.length = 0}).ys;
  };
  for (const auto& f :
       {TensorFunction(second), TensorFunction(dropped), TensorFunction(in_loop), TensorFunction(not_run)}) {
    const Graph graph = trace(f, {x.spec(), ids.spec()});
    CHECK_THROWS_WITH(evaluate(graph, {x, ids}), contains("[take]"));
    CHECK_THROWS_WITH(Program(graph).run({x, ids}),
                      contains("[take]") && contains("compile/formula_test.cpp"));
  }
  const Graph graph = trace(first, {x.spec(), ids.spec()});  // an output that nobody reads
  CHECK(Program(graph).run({x, ids})[0].to_vector() == evaluate(graph, {x, ids})[0].to_vector());
}

TEST_CASE("an answer to decompose that cannot be right is refused") {
  compiled([](const Tensors&) { return Tensors(); });
  compiled([](const Tensors& x) { return x; });
  test::check_refused([] { compiled([](const Tensors& x) { return Tensors{x[0] > 0}; }); },
                      "whole: the answer to decompose must be f32[2] for output 0: got bool[2]; correct it");
  test::check_refused([] { compiled([](const Tensors& x) {
                             return Tensors{x[0], x[0]};
                           }); },
                      "whole: the answer to decompose must be one tensor per output, 1, or none: got 2");
  test::check_refused([] { compiled([](const Tensors&) { return Tensors{Tensor()}; }); },
                      "got an undefined Tensor");
  test::check_refused([] { compiled([](const Tensors& x) { return Tensors{matmul(x[0], ones({3}))}; }); },
                      "; while asking the op 'whole' for decompose");
  test::check_refused([] { compiled(for_ever); }, "an op must decompose into simpler ops: got 'whole' again");
}
