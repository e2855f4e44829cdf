// Where a NaN comes from: the op, the element, the step and the line.

#include <sluice/compile/compile.h>
#include <sluice/compile/find_nonfinite.h>
#include <sluice/graph/evaluate.h>
#include <sluice/graph/grad.h>
#include <sluice/ops/formula.h>
#include <sluice/ops/ops.h>

#include "support/catch.h"

#include <cmath>
#include <limits>

using namespace sluice;

namespace {

constexpr float not_a_number = std::numeric_limits<float>::quiet_NaN();
constexpr float infinity = std::numeric_limits<float>::infinity();

std::string in_line(int line) { return "(compile/find_nonfinite_test.cpp:" + std::to_string(line) + ")"; }

std::optional<NonFinite> found_in(const TensorFunction& f, const Tensors& arguments) {
  Specs specs;
  for (const Tensor& t : arguments) specs.push_back(t.spec());
  return find_nonfinite(Program(trace(f, specs)), arguments);
}

/// log of x, as an op of an author.
struct OwnLog final : Formula<OwnLog, 1> {
  static constexpr std::string_view id = "own_log";
  static Tensor formula(const Tensor& x) { return log(x) * 1; }
};

}  // namespace

TEST_CASE("the first op that makes a value that is not finite is found") {
  int line = 0;
  const auto step = compile([&](const Tensor& x, const Tensor& y) {
    line = __LINE__ + 1;
    const Tensor t = log(x - y);
    return exp(t) * t + 1;
  });
  const Tensor x = tensor({1.f, 2.f, 3.f, 4.f}, {2, 2});
  CHECK(!find_nonfinite(*step.program(x, x), {x, x / 2}));
  const auto found = find_nonfinite(*step.program(x, x), {x, tensor({0.f, 0.f, 4.f, 0.f}, {2, 2})});
  REQUIRE(found);
  CHECK(found->origin == NonFinite::Origin::op);
  CHECK(found->op == "log");
  CHECK(found->where.line == line);
  CHECK(found->spec == Spec{DType::float32, {2, 2}});
  CHECK(found->element == std::vector<Index>{1, 0});
  CHECK(std::isnan(found->value));
  CHECK(found->steps.empty());
  CHECK(found->text() ==
        "the first value that is not finite is NaN at [1, 0] of f32[2, 2], the result of 'log' " +
            in_line(line));
  CHECK_THAT(find_nonfinite(*step.program(x, x), {x, x})->text(), contains("-infinity at [0, 0]"));
}

TEST_CASE("a value in a scan is found with the steps, and one of a gradient too") {
  int outer_line = 0;
  int inner_line = 0;
  const auto f = [&](const Tensors& x) {
    const auto inner = [](const Tensors& c, const Tensors& now) {
      return Carried{{c[0] + sqrt(now[0])}, {}};
    };
    const auto outer = [&](const Tensors& c, const Tensors& now) {
      inner_line = __LINE__ + 1;
      return Carried{scan(inner, c, {now[0]}, {.reverse = true}).carry, {}};
    };
    outer_line = __LINE__ + 1;
    const Tensor y = scan(outer, {zeros({})}, {x[0]}).carry[0];
    return Tensors{y, grad(y, x[0])};
  };
  const auto negative = found_in(f, {tensor({1.f, 2.f, 3.f, 4.f, -5.f, 6.f}, {2, 3})});
  REQUIRE(negative);
  CHECK(negative->op == "sqrt");
  CHECK(negative->steps == std::vector<Index>{1, 1});
  CHECK_THAT(negative->text(), contains("NaN at [] of f32[], the result of 'sqrt'") &&
                                   contains(", in step 1 of the scan " + in_line(outer_line) +
                                            ", step 1 of the scan " + in_line(inner_line)));
  // The square root of 0 is finite, its slope is not.
  const auto slope = found_in(f, {tensor({1.f, 2.f, 0.f, 4.f, 5.f, 6.f}, {2, 3})});
  REQUIRE(slope);
  CHECK(slope->op != "sqrt");
  CHECK(slope->value == infinity);
  CHECK(slope->steps == std::vector<Index>{0, 2});
  CHECK(!found_in(f, {ones({2, 3})}));
}

TEST_CASE("arguments and Variables that are not finite are named") {
  const Variable v(tensor({1.f, 2.f, 3.f}));
  const auto step = compile([&](const Tensor& x, const Tensor& y) {
    const Tensor loss = sum(x * v + y);
    v.assign(v - grad(loss, v));
    return loss;
  });
  const Tensor x = ones({3});
  const auto program = step.program(x, x);
  const auto argument = find_nonfinite(*program, {x, tensor({1.f, 1.f, not_a_number})});
  REQUIRE(argument);
  CHECK(argument->origin == NonFinite::Origin::argument);
  CHECK(argument->argument == 1);
  CHECK(argument->text() == "argument 1, f32[3], holds NaN at [2]");
  CHECK(!find_nonfinite(*program, {x, x}));
  CHECK(v.value().to_vector() == std::vector<float>{1, 2, 3});  // no step was made
  v.assign(tensor({1.f, infinity, 2.f}));
  const auto variable = find_nonfinite(*program, {x, x});
  REQUIRE(variable);
  CHECK(variable->origin == NonFinite::Origin::variable);
  CHECK(variable->text() == "the Variable " + v.text() + " holds infinity at [1]");
}

TEST_CASE("infinite constants are no fault, a NaN made of them is") {
  const auto masked = [](const Tensors& x) { return Tensors{softmax(where(x[0] > 0, x[0], -infinity), 1)}; };
  CHECK(!found_in(masked, {tensor({1.f, -2.f, -3.f, 4.f}, {2, 2})}));
  const auto all = found_in([](const Tensors& x) { return Tensors{x[0] + (full({2}, infinity) - infinity)}; },
                            {ones({2})});
  REQUIRE(all);
  CHECK(all->op == "subtract");
  CHECK(std::isnan(all->value));
}

TEST_CASE("an op made of ops is named itself, a function of ops with the op inside") {
  const Tensor x = tensor({1.f, -1.f});
  const auto own = found_in([](const Tensors& in) { return Tensors{make<OwnLog>(in[0])}; }, {x});
  REQUIRE(own);
  CHECK(own->op == "own_log");
  const auto inside = found_in(
      [](const Tensors& in) {
        return Tensors{inverse(reshape(in[0], {1, 1}))};
      },
      {full({1}, 1e-40)});
  REQUIRE(inside);
  CHECK_THAT(inside->text(), contains("' in inverse (compile/find_nonfinite_test.cpp:"));
}
