// What an op answers to the compiler, wrong in each way, is found by the check that authors run anyway.

#include <sluice/check/compiled.h>
#include <sluice/check/gradcheck.h>
#include <sluice/graph/arithmetic.h>
#include <sluice/graph/variable.h>
#include <sluice/ops/flip.h>
#include <sluice/ops/square.h>
#include <sluice/ops/sum.h>

#include "support/catch.h"

using namespace sluice;

namespace {

/// Which answer is wrong.
enum class Lie {
  none,
  attributes,
  at_all_steps,
  sum_over_steps,
  works_by_rows,
  in_input,
  in_output,
  in_place,
  same_as_input
};

/// A number that may keep to itself which one it is.
struct Factor {
  double by;
  Lie lie;
  std::string attribute_text() const { return lie == Lie::attributes ? "" : std::to_string(by); }
};

/// The rows of x from the last to the first, times a number.
class Turned final : public Op {
 public:
  Turned(double by, Lie lie) : factor_{by, lie} {}

  std::string_view name() const override { return "turned"; }
  void members(Attributes& a) const override { a({}, factor_); }
  Specs infer(std::span<const Spec> inputs) const override { return {inputs[0]}; }
  void run(std::span<const View> inputs, std::span<const MutableView> outputs) const override {
    const Index rows = inputs[0].shape()[0];
    const Index columns = rows == 0 ? 0 : inputs[0].size() / rows;
    const auto* x = inputs[0].as<double>();
    auto* y = outputs[0].as<double>();
    for (Index i = 0; i < inputs[0].size(); ++i)
      y[i] = factor_.by * x[(rows - 1 - i / columns) * columns + i % columns];
  }
  Tensors gradient(const Tensor&, const Tensor& dy) const override {
    return {make(std::make_shared<Turned>(factor_.by, factor_.lie), {dy})};
  }

  Tensors at_all_steps(const Tensors& inputs, const std::vector<bool>&) const override {
    return {factor_.by * (factor_.lie == Lie::at_all_steps ? inputs[0] : flip(inputs[0], 1))};
  }
  Tensor sum_over_steps(const Tensors& inputs, const std::vector<bool>&) const override {
    const Tensor total = flip(sum(inputs[0], 0), 0);
    return factor_.lie == Lie::sum_over_steps ? total : factor_.by * total;
  }
  bool works_by_rows(std::span<const Spec>, const std::vector<bool>&) const override {
    return factor_.lie == Lie::works_by_rows;
  }
  std::optional<Window> window_in_input(const Spec& input) const override {
    return factor_.lie == Lie::in_input ? window(input) : std::nullopt;
  }
  std::optional<Window> window_in_output(std::span<const Spec> inputs, std::size_t) const override {
    return factor_.lie == Lie::in_output ? window(inputs[0]) : std::nullopt;
  }
  bool in_place() const override { return factor_.lie == Lie::in_place; }
  std::optional<std::size_t> same_as_input(std::size_t) const override {
    return factor_.lie == Lie::same_as_input ? std::optional<std::size_t>(0) : std::nullopt;
  }

 private:
  static std::optional<Window> window(const Spec& spec) { return Window{0, spec.shape.back()}; }

  Factor factor_;
};

/// Two of them, so that an op which does not tell its number is taken for the other.
TensorFunction turned(Lie lie) {
  return [lie](const Tensors& x) {
    const auto by = [&](double number) {
      return make(std::make_shared<Turned>(number, lie), {square(x[0])});
    };
    return Tensors{by(2), by(3)};
  };
}

Tensor rows() { return tensor({0.5, 1.0, -2.0, 3.0, -1.5, 0.25}, {3, 2}); }

}  // namespace

TEST_CASE("gradcheck is content with an op whose answers to the compiler are right") {
  CHECK(gradcheck(turned(Lie::none), {rows()}).entries == 72);
  CHECK(gradgradcheck(turned(Lie::none), {rows()}).entries > 0);
}

TEST_CASE("gradcheck names the answer to the compiler that is wrong, the op and both values") {
  const auto require = [](Lie lie, const std::string& text) {
    INFO(text);
    CHECK_THROWS_WITH(
        gradcheck(turned(lie), {rows()}),
        contains("[gradcheck] what an op answers to the compiler must be what it does: " + text) &&
            contains("answers.cpp:"));
    CHECK(gradcheck(turned(lie), {rows()}, {.compiled = false}).entries == 72);
  };
  require(Lie::at_all_steps,
          "at_all_steps of 'turned' (2.000000) of f64[3, 2] gives 0.5 at [0, 0, 0] of output 0 "
          "where run gives 4.5");
  require(Lie::sum_over_steps, "sum_over_steps of 'turned' (2.000000) of f64[3, 2] gives");
  require(Lie::works_by_rows, "works_by_rows of 'turned' (2.000000) of f64[3, 2] gives");
  require(Lie::in_place, "in_place of 'turned' (2.000000) of f64[3, 2] gives");
  require(Lie::in_input,
          "window_in_input of 'turned' (2.000000) of f64[3, 2] says that f64[3, 2] lies in f64[3, 2]");
  require(Lie::in_output, "window_in_output of 'turned' (2.000000) of f64[3, 2] says that");
  require(Lie::same_as_input,
          "same_as_input of 'turned' (2.000000) of f64[3, 2] says that output 0 is input 0, and it is not");
}

TEST_CASE("gradcheck finds ops that tell the compiler too little in attributes()") {
  CHECK_THROWS_WITH(
      gradcheck(turned(Lie::attributes), {rows()}),
      contains("[gradcheck] compiled differs from interpreted: [0, 0] of value 1 is 4.5, interpreted "
               "6.75 (as it is;") &&
          contains("or its attributes() are wrong") && contains("answers.cpp:"));
}

TEST_CASE("a compiled function is also run in loops, which is where the compiler asks") {
  CHECK_NOTHROW(check_compiled(turned(Lie::none), {rows()}));
  CHECK_THROWS_WITH(check_compiled(turned(Lie::at_all_steps), {rows()}),
                    contains("[check_compiled] compiled differs from interpreted: ") &&
                        contains("over 3 steps of a scan, input 0 over time"));
  CHECK_THROWS_WITH(check_compiled(turned(Lie::sum_over_steps), {rows()}),
                    contains("over 3 steps of a scan"));
  CHECK_THROWS_WITH(check_compiled(turned(Lie::in_place), {rows()}),
                    contains("compiled differs from interpreted"));
}

TEST_CASE(
    "a check of the compiled form changes no Variable, and takes functions that cannot stand in a scan") {
  const Variable v(tensor({1.0, 2.0}));
  const auto assigns = [&](const Tensors& x) {
    v.assign(x[0]);
    return sum(square(v) * x[0]);
  };
  CHECK_NOTHROW(gradcheck([&](const Tensors& x) { return sum(square(v) * x[0]); }, {tensor({3.0, 4.0})}));
  CHECK_NOTHROW(check_compiled([&](const Tensors& x) { return Tensors{assigns(x)}; }, {tensor({3.0, 4.0})}));
  CHECK(v.value().to_vector<double>() == std::vector{1.0, 2.0});
}

TEST_CASE("an op that refuses elements in other places is checked at equal steps") {
  /// x, which must begin with its smallest element.
  class Sorted final : public Op {
   public:
    std::string_view name() const override { return "sorted"; }
    Specs infer(std::span<const Spec> inputs) const override { return {inputs[0]}; }
    void run(std::span<const View> inputs, std::span<const MutableView> outputs) const override {
      const auto* x = inputs[0].as<double>();
      const auto* end = x + inputs[0].size();
      if (std::min_element(x, end) != x) throw Error("[sorted] not sorted");
      std::copy(x, end, outputs[0].as<double>());
    }
    Tensors gradient(const Tensor&, const Tensor& dy) const override { return {dy}; }
    Tensors at_all_steps(const Tensors& inputs, const std::vector<bool>&) const override {
      return {2 * inputs[0]};
    }
  };
  CHECK_THROWS_WITH(gradcheck([](const Tensors& x) { return make<Sorted>(x[0]); }, {tensor({1.0, 2.0, 3.0})}),
                    contains("at_all_steps of 'sorted'"));
}
