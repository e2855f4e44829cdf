// Errors of a run name the steps of the scans they arose in, interpreted and compiled alike.

#include <sluice/compile/program.h>
#include <sluice/graph/arithmetic.h>
#include <sluice/graph/evaluate.h>
#include <sluice/graph/grad.h>
#include <sluice/kernels/threads.h>
#include <sluice/ops/ops.h>

#include "support/catch.h"

#include <functional>

using namespace sluice;

namespace {

std::string thrown_by(const std::function<void()>& f) {
  try {
    f();
  } catch (const Error& error) {
    return error.what();
  }
  return "nothing";
}

/// What the interpreter throws; a program throws the same, twice.
std::string error_of(const TensorFunction& function, const Tensors& arguments,
                     const PassSet& passes = PassSet::all()) {
  Specs specs;
  for (const Tensor& t : arguments) specs.push_back(t.spec());
  const Graph graph = trace(function, specs);
  const std::string expected = thrown_by([&] { evaluate(graph, arguments); });
  Program program(graph, passes);
  for (int run = 0; run < 2; ++run) CHECK(thrown_by([&] { program.run(arguments); }) == expected);
  return expected;
}

std::string in_line(int line) { return "(compile/error_steps_test.cpp:" + std::to_string(line) + ")"; }

/// Takes rows of a table by ids that depend on the carry, so that no pass takes all at once.
Carried taken(const Tensors& carry, const Tensors& x, const Tensor& table) {
  return {{carry[0] + sum(take(table, x[0] + cast(carry[0] * 0, DType::int32)))}, {}};
}

constexpr int line_of_take = __LINE__ - 3;

}  // namespace

TEST_CASE("an error in a scan names the step along time") {
  const Tensor ids = tensor({0, 1, 2, 9, 1, 7}, {6, 1});
  for (const bool reverse : {false, true}) {
    for (const Index checkpoint : {0, 2, 4}) {
      int line = 0;
      const auto f = [&](const Tensors& x) {
        const auto body = [&](const Tensors& c, const Tensors& now) { return taken(c, now, x[1]); };
        line = __LINE__ + 1;
        return scan(body, {zeros({})}, {x[0]}, {.reverse = reverse, .checkpoint = checkpoint}).carry;
      };
      const std::string text = error_of(f, {ids, ones({4})});
      CAPTURE(text, checkpoint);
      const std::string step = reverse ? "step 5" : "step 3";
      CHECK_THAT(text, contains("[take]"));
      CHECK_THAT(text, contains(reverse ? "got 7" : "got 9"));
      CHECK_THAT(text,
                 contains("; in " + step + " of the scan " + in_line(line) + " " + in_line(line_of_take)));
    }
  }
}

TEST_CASE("an error in nested scans names all steps, outermost first") {
  const Tensor ids = tensor({0, 1, 2, 1, 1, 7}, {3, 2, 1});
  int outer_line = 0;
  int inner_line = 0;
  const auto f = [&](const Tensors& x) {
    const auto body = [&](const Tensors& c, const Tensors& now) { return taken(c, now, x[1]); };
    const auto outer = [&](const Tensors& c, const Tensors& now) {
      inner_line = __LINE__ + 1;
      return Carried{scan(body, c, {now[0]}).carry, {}};
    };
    outer_line = __LINE__ + 1;
    return scan(outer, {zeros({})}, {x[0]}).carry;
  };
  for (const PassSet& passes : {PassSet::all(), PassSet::none()}) {
    const std::string text = error_of(f, {ids, ones({4})}, passes);
    CHECK_THAT(text, contains("; in step 2 of the scan " + in_line(outer_line) + ", step 1 of the scan " +
                              in_line(inner_line) + " " + in_line(line_of_take)));
  }
}

TEST_CASE("the step is that of the run that fails") {
  // A loop that has failed and is run again names the new step, and a later scan nothing of an earlier one.
  const auto body = [](const Tensors& c, const Tensors& now) { return taken(c, now, ones({4})); };
  const auto f = [&](const Tensors& x) {
    return scan(body, scan(body, {zeros({})}, {x[0]}).carry, {x[1]}).carry;
  };
  const Tensor good = tensor({0, 1, 2}, {3, 1});
  CHECK_THAT(error_of(f, {good, tensor({0, 4, 4}, {3, 1})}), contains("in step 1 of the scan"));
  CHECK_THAT(error_of(f, {tensor({0, 0, 4}, {3, 1}), good}), contains("in step 2 of the scan"));
  CHECK_THAT(error_of([](const Tensors& x) { return Tensors{take(ones({4}), x[0])}; }, {tensor({9})}),
             !contains("in step"));
}

TEST_CASE("threads that divide the rows of a loop name its step") {
  const int before = kernels::threads();
  kernels::set_threads(2);
  // Elementwise integer division is done by rows, and throws.
  const auto f = [](const Tensors& x) {
    const auto outer = [&](const Tensors& carry, const Tensors& now) {
      const auto inner = [&](const Tensors& c, const Tensors& n) {
        const Tensor q = x[2] / (n[0] + cast(c[0] * 0, DType::int32));
        return Carried{{tanh(matmul(c[0], x[1])) + cast(q, DType::float32)}, {}};
      };
      return Carried{scan(inner, carry, {now[0]}).carry, {}};
    };
    return scan(outer, {x[0]}, {x[3]}).carry;
  };
  std::vector<int> divisors(2 * 20 * 64 * 64, 1);
  divisors[(1 * 20 + 17) * 64 * 64 + 63 * 64] = 0;
  const std::string text = error_of(f, {ones({64, 64}), ones({64, 64}), full({64, 64}, 3, DType::int32),
                                        tensor(divisors, {2, 20, 64, 64})});
  CAPTURE(text);
  CHECK_THAT(text, contains("[divide]"));
  CHECK_THAT(text, contains("; in step 1 of the scan ") && contains(", step 17 of the scan "));
  kernels::set_threads(before);
}
