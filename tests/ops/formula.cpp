// Ops whose value is a formula of ops: values, gradients, loops, what a formula may not use.

#include <sluice/check/gradcheck.h>
#include <sluice/compile/compile.h>
#include <sluice/graph/evaluate.h>
#include <sluice/graph/grad.h>
#include <sluice/graph/print.h>
#include <sluice/graph/with_values.h>
#include <sluice/ops/ops.h>

#include <cmath>

#include "support/catch.h"
#include "support/check_op.h"
#include "support/close.h"

using namespace sluice;
using namespace sluice::test;

namespace {

using Numbers = std::vector<double>;

Tensor soft_chain(const Tensor& x) { return x / (1 + abs(x)); }

struct Soft : Formula<Soft, 1> {
  static constexpr std::string_view id = "soft";
  static Tensor formula(const Tensor& x) { return soft_chain(x); }
};

/// x sigmoid(slope x)
struct Swish final : Formula<Swish, 1> {
  static constexpr std::string_view id = "swish";
  static constexpr Domain domain = Domain::floating;
  explicit Swish(double slope) : slope(slope) {}
  void members(Attributes& a) const override { a("slope", slope); }
  Tensor formula(const Tensor& x) const { return x * sigmoid(slope * x); }
  const double slope;
};

/// What a mask selects: operands of several dtypes.
struct Masked final : Formula<Masked, 3> {
  static constexpr std::string_view id = "masked";
  static Tensor formula(const Tensor& mask, const Tensor& x, const Tensor& y) {
    return where(mask, sqrt(x), y);
  }
};

struct Larger final : Formula<Larger, 2> {
  static constexpr std::string_view id = "larger";
  static Tensor formula(const Tensor& x, const Tensor& y) { return x > y; }
};

/// Two outputs.
struct Polar final : Formula<Polar, 2> {
  static constexpr std::string_view id = "polar";
  static Tensors formula(const Tensor& radius, const Tensor& angle) {
    return {radius * cos(angle), radius * sin(angle)};
  }
};

/// A formula with another op of this kind in it.
struct Twice final : Formula<Twice, 1> {
  static constexpr std::string_view id = "twice";
  static Tensor formula(const Tensor& x) { return make<Soft>(make<Soft>(x) + x); }
};

/// The identity, whose gradient is clipped.
struct Clipped final : Formula<Clipped, 1> {
  static constexpr std::string_view id = "clipped";
  static Tensor formula(const Tensor& x) { return x; }
  Tensors gradient(const Tensor&, const Tensor& dy) const override { return {clamp(dy, -1, 1)}; }
};

/// x^3, said to have the gradient 5 x^2; the override is private.
class Cube final : public Formula<Cube, 1> {
 public:
  static constexpr std::string_view id = "cube";
  static Tensor formula(const Tensor& x) { return x * x * x; }

 private:
  Tensors gradient(const Tensor& y, const Tensor& dy) const override { return {5 * square(y.input(0)) * dy}; }
};

struct Row final : Formula<Row, 2> {
  static constexpr std::string_view id = "row";
  static Tensor formula(const Tensor& x, const Tensor& ids) { return take(x, ids, 0); }
};

/// A formula that is whatever the test says: the members of the class are none.
struct Any final : Formula<Any, 1> {
  static constexpr std::string_view id = "any";
  static Tensor formula(const Tensor& x) { return function(x); }
  static std::function<Tensor(const Tensor&)> function;
};
std::function<Tensor(const Tensor&)> Any::function;

struct Endless final : Formula<Endless, 1> {
  static constexpr std::string_view id = "endless";
  static Tensor formula(const Tensor& x) { return make<Endless>(x + 1); }
};

Tensor soft(const Operand& x) { return make<Soft>(x); }
Tensor swish(const Operand& x, double slope) { return make<Swish>({x}, slope); }
Tensor clipped(const Operand& x) { return make<Clipped>(x); }

Numbers slope_of(const std::function<Tensor(const Tensor&)>& f, const Tensor& x) {
  return numbers(grad(sum(f(x)), x));
}

/// The function in a loop, with its gradient.
Tensors looped(const std::function<Tensor(const Tensor&)>& f, const Tensors& x, const ScanOptions& options) {
  const Carried run = scan(
      [&](const Tensors& carry, const Tensors& now) {
        const Tensor h = f(now[0] + 0.5 * carry[0]);
        return Carried{{h}, {h * now[0]}};
      },
      {x[0]}, {x[1]}, options);
  Tensors results = grad(sum(square(run.ys[0])) + sum(run.carry[0]), x);
  results.push_back(run.ys[0]);
  return results;
}

}  // namespace

TEST_CASE("an op with a formula keeps all promises") {
  check_op("soft", [](const Tensors& x) { return soft(x[0]); }, unary_samples(),
           {.scalar = [](const Numbers& x) { return x[0] / (1 + std::abs(x[0])); }});
  check_op("swish", [](const Tensors& x) { return swish(x[0], 1.702); }, unary_samples(),
           {.scalar = [](const Numbers& x) { return x[0] / (1 + std::exp(-1.702 * x[0])); }});
  check_op(
      "twice", [](const Tensors& x) { return make<Twice>(x[0]); }, unary_samples());
  check_op(
      "polar", [](const Tensors& x) { return outputs_of(make<Polar>(x[0], x[1])); }, binary_samples());
  const Tensor mask = evaluate(tensor({0.f, 1.f, 1.f}) > 0);
  check_op("masked", [](const Tensors& x) { return make<Masked>(x[2], x[0], x[1]); },
           {{{{2, 3}, {3}}, {mask}}, {{{3}, {}}, {mask}}, {{{1}, {4, 3}}, {mask}}}, {.low = 0.5});
  const auto f = [](const Tensors& x) { return Tensors{swish(soft(x[0]), 2) * clipped(x[1])}; };
  gradgradcheck(f, {tensor({-2.0, 0.5, 3.0}), tensor({0.25, -0.5, 0.125})});
}

TEST_CASE("the value of a formula has the bits of its ops, for every dtype") {
  const Tensor x = tensor({0.3f, -1.7f, 1e-30f, 40.f, -1e30f});
  CHECK(evaluate(soft(x)).to_vector() == evaluate(soft_chain(x)).to_vector());
  CHECK(evaluate(swish(x, 0.1)).to_vector() == evaluate(x * sigmoid(0.1 * x)).to_vector());
  CHECK(evaluate(soft(tensor({7, -3}))).to_vector<std::int32_t>() ==
        evaluate(soft_chain(tensor({7, -3}))).to_vector<std::int32_t>());
  const Tensor larger = make<Larger>(x, 0);
  CHECK(larger.dtype() == DType::boolean);
  CHECK(evaluate(larger).to_vector<bool>() == std::vector<bool>{true, false, true, true, false});
  CHECK(make<Masked>(larger, x, 2).spec() == x.spec());
  CHECK(evaluate(make<Soft>(zeros({0, 3}))).shape() == Shape{0, 3});
}

TEST_CASE("several outputs have the gradient of what is used of them") {
  const Tensor radius = tensor({2.0});
  const Tensor angle = tensor({0.5});
  const Tensors at = outputs_of(make<Polar>(radius, angle));
  CHECK(numbers(at[1])[0] == 2 * std::sin(0.5));
  check_close(grad(sum(at[0]), radius), {std::cos(0.5)}, 1e-15);
  check_close(grad(sum(at[0] + 3 * at[1]), angle), {-2 * std::sin(0.5) + 6 * std::cos(0.5)}, 1e-15);
  // An operand twice, and one that is made of another.
  const Tensors same = outputs_of(make<Polar>(radius, radius));
  check_close(grad(sum(same[0]), radius), {std::cos(2.0) - 2 * std::sin(2.0)}, 1e-15);
  const Tensors made = outputs_of(make<Polar>(radius, 3 * radius));
  check_close(grad(sum(made[0]), radius), {std::cos(6.0) - 6 * std::sin(6.0)}, 1e-15);
}

TEST_CASE("a gradient of the author's own replaces that of the formula") {
  const Tensor x = tensor({2.0, -1.0});
  CHECK(slope_of([](const Tensor& t) { return clipped(t) * tensor({3.0, -0.5}); }, x) == Numbers{1, -0.5});
  const Tensor slope = grad(sum(make<Cube>(x)), x);
  CHECK(numbers(slope) == Numbers{20, 5});
  CHECK(numbers(grad(sum(slope), x)) == Numbers{20, -10});
  const auto along = jvp([](const Tensors& t) { return Tensors{make<Cube>(t[0])}; }, {x}, {ones_like(x)});
  CHECK(numbers(along.tangents[0]) == Numbers{20, 5});
}

TEST_CASE("formulas in loops are what their ops are, backwards and with checkpoints, too") {
  const Tensors x{tensor({0.5, -1.0}), tensor(Numbers{1, 2, -3, 0.5, 4, -1, 0.25, 3}, {4, 2})};
  for (const ScanOptions& options : {ScanOptions{}, {.reverse = true}, {.checkpoint = 2}}) {
    const Tensors own = looped(soft, x, options);
    const Tensors plain = looped(soft_chain, x, options);
    for (std::size_t i = 0; i < own.size(); ++i) check_close(own[i], plain[i], 1e-14);
  }
}

TEST_CASE("what a formula chooses keeps zeros, and where it may throw follows from its ops") {
  // The slope of sqrt is infinite at 0, below the where of the formula and above it.
  const Tensor x = tensor({0.0, 4.0});
  const auto inside = [](const Tensor& t) { return make<Masked>(t > 0, t, 0); };
  CHECK(slope_of(inside, x) == Numbers{0, 0.25});
  const auto outside = [](const Tensor& t) { return make<Masked>(t > 0, square(sqrt(t)), 0); };
  CHECK(slope_of(outside, x) == Numbers{0, 0.25});
  const auto below = [](const Tensor& t) { return where(t > 0, soft(sqrt(t)), 0); };
  CHECK(slope_of(below, x) == Numbers{0, 1.0 / 36});
  CHECK_FALSE(soft(x).node().may_throw);
  CHECK(soft(tensor({1, 2})).node().may_throw);  // it divides integers
  CHECK(make<Row>(x, tensor({1})).node().may_throw);
}

TEST_CASE("an op with a formula has its name in printed graphs, and its attributes") {
  const Graph graph = trace([](const Tensors& x) { return Tensors{swish(soft(x[0]), 0.5)}; }, {f64({2})});
  CHECK(to_text(graph) ==
        "graph(a0: f64[2]) {\n"
        "  %0 = soft(a0)  f64[2]\n"
        "  %1 = swish(%0, slope=0.5)  f64[2]\n"
        "  return %1\n"
        "}\n");
}

TEST_CASE("errors of a formula name the op, what it sees and the line of the call") {
  check_error(
      [](const Tensors& x) { return make<Larger>(x[0], x[1]); }, {f32({2}), i32({2})},
      "[less] dtypes must be equal: got i32[2] and f32[2]; cast one of them, cast(x, DType::float32); "
      "in the formula of 'larger', which sees (f32[2], i32[2]) from ops/formula.cpp:");
  check_error([](const Tensors& x) { return make<Polar>(x[0]); }, {f32({2})},
              "[polar] the number of operands must be 2: got 1");
  check_error([](const Tensors& x) { return swish(x[0], 1); }, {i32({2})},
              "[swish] operand 0 must be a floating tensor (f32 or f64): got i32[2]");
  check_error([](const Tensors& x) { return make<Row>(x[0], tensor({5})); }, {f32({2})}, "[take] ");
  CHECK_THROWS_WITH(evaluate(make<Row>(ones({2}), tensor({5}))),
                    contains("; in the formula of 'row', which sees (f32[2], i32[1]) from ops/formula.cpp:"));
  check_error([](const Tensors& x) { return make<Endless>(x[0]); }, {f32({2})},
              "[endless] a formula comes to an end: got the formula of 'endless' within 64 others");
}

TEST_CASE("a formula is made of its operands and of constants") {
  const auto any = [](const std::function<Tensor(const Tensor&)>& function) {
    Any::function = function;
    return [](const Tensors& x) { return make<Any>(x[0]); };
  };
  const Tensor x = ones({2});
  const Variable w(tensor({3.f, 4.f}));
  const std::string rule = "the formula of an op is made of its operands and constants: got ";
  check_error(any([&](const Tensor& t) { return t * w; }), {x},
              rule + "a Variable f32[2] made at ops/formula");
  const Tensor read = exp(Tensor(w));
  check_error(any([&](const Tensor& t) { return t * read; }), {x},
              rule + "a tensor f32[2] from outside, the value of a Variable");
  check_error(any([&](const Tensor& t) { return w.assign(t), t; }), {x},
              "[assign] the formula of an op cannot assign a Variable");
  check_error(any([](const Tensor&) { return Tensor(); }), {x},
              "[any] a formula returns what it has computed: got an undefined Tensor");
  check_error(any([](const Tensor& t) { return t * t.item(); }), {x},
              "in the inside of the formula of an op (ops/formula.cpp:");
  check_error(
      [&](const Tensors&) {
        return trace(
                   [&](const Tensors& outer) {
                     Any::function = [&](const Tensor& t) { return t * outer[0]; };
                     return Tensors{make<Any>(x)};
                   },
                   {f32({2})})
            .outputs;
      },
      Tensors{}, rule + "a tensor f32[2] from outside, an argument of another function");
  // What stands for a Variable is no operand either.
  Any::function = [&](const Tensor& t) { return t * w; };
  CHECK_THROWS_WITH(with_values({w}, {tensor({1.f, 2.f})}, [&] { return Tensors{make<Any>(x)}; }),
                    contains("got a Variable"));

  const Tensor constant = exp(tensor({0.f, 1.f}));
  Any::function = [&](const Tensor& t) { return t * constant + tensor({1.f, 2.f}); };
  CHECK(numbers(make<Any>(x)) == numbers(x * constant + tensor({1.f, 2.f})));
  CHECK(numbers(grad(sum(make<Any>(x)), constant)) == Numbers{0, 0});
  Any::function = {};
}
