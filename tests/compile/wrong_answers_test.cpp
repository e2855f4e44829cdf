// Answers to the compiler that cannot be right are refused when a function is compiled, with the op and the
// question.

#include <sluice/compile/compile.h>
#include <sluice/graph/answers.h>
#include <sluice/graph/arithmetic.h>
#include <sluice/ops/compare.h>
#include <sluice/ops/concat.h>
#include <sluice/ops/matmul.h>
#include <sluice/ops/reshape.h>
#include <sluice/ops/scan.h>
#include <sluice/ops/slice.h>
#include <sluice/ops/sum.h>

#include <cstring>
#include <functional>
#include <memory>
#include <stdexcept>

#include "support/catch.h"
#include "support/refused.h"

using namespace sluice;
using namespace sluice::test;

namespace {

/// A copy of its input that gives any answers.
struct Answers {
  std::function<Tensors(const Tensors&)> at_all_steps = [](const Tensors&) { return Tensors{}; };
  std::function<Tensor(const Tensors&)> sum_over_steps = [](const Tensors&) { return Tensor(); };
  std::function<bool(std::span<const Spec>)> works_by_rows = [](std::span<const Spec>) { return false; };
  std::optional<std::size_t> same_as_input = {};
  std::optional<Window> in_input = {};
  std::optional<Window> in_output = {};
  Shape result = {};
};

class Liar final : public Op {
 public:
  explicit Liar(Answers answers) : answers_(std::move(answers)) {}
  std::string_view name() const override { return "liar"; }
  void members(Attributes& a) const override { a("answers", answers_); }
  Specs infer(std::span<const Spec> in) const override {
    return {{in[0].dtype, answers_.result.rank() > 0 ? answers_.result : in[0].shape}};
  }
  void run(std::span<const View> in, std::span<const MutableView> out) const override {
    std::memcpy(out[0].data, in[0].data, std::min(in[0].spec.bytes(), out[0].spec.bytes()));
  }
  Tensors at_all_steps(const Tensors& in, const std::vector<bool>&) const override {
    return answers_.at_all_steps(in);
  }
  Tensor sum_over_steps(const Tensors& in, const std::vector<bool>&) const override {
    return answers_.sum_over_steps(in);
  }
  bool works_by_rows(std::span<const Spec> in, const std::vector<bool>&) const override {
    return answers_.works_by_rows(in);
  }
  std::optional<std::size_t> same_as_input(std::size_t) const override { return answers_.same_as_input; }
  std::optional<Window> window_in_input(const Spec&) const override { return answers_.in_input; }
  std::optional<Window> window_in_output(std::span<const Spec>, std::size_t) const override {
    return answers_.in_output;
  }

 private:
  Answers answers_;
};

/// Compiles and runs the op in a loop, where most questions are asked, with its values stacked or summed.
void in_loop(const Answers& answers, bool stacked = true) {
  const auto op = std::make_shared<Liar>(answers);
  const auto f = compile([=](const Tensor& xs) {
    const Carried result = scan(
        [&](const Tensors& carry, const Tensors& x) {
          const Tensor y = make(op, {x[0] * 2});
          return Carried{{stacked ? carry[0] + x[0] : carry[0] + y}, {stacked ? y : x[0]}};
        },
        {zeros({2, 3})}, {xs});
    return sum(result.ys[0]) + sum(result.carry[0]);
  });
  f(ones({4, 2, 3}));
}

}  // namespace

TEST_CASE("at_all_steps that gives other outputs is refused") {
  in_loop({});
  in_loop({.at_all_steps = [](const Tensors& in) { return in; }});
  check_refused(
      [&] { in_loop({.at_all_steps = [](const Tensors& in) { return Tensors{slice(in[0], 1, 0, 1)}; }}); },
      "[liar] the answer to at_all_steps must be f32[4, 2, 3] for output 0, with time as axis 0: got "
      "f32[4, 1, 3]");
  check_refused([&] { in_loop({.at_all_steps = [](const Tensors& in) {
                        return Tensors{in[0], in[0]};
                      }}); },
                "must be one tensor per output, 1, or none: got 2");
  check_refused([&] { in_loop({.at_all_steps = [](const Tensors&) { return Tensors{Tensor()}; }}); },
                "got an undefined Tensor");
  check_refused([&] { in_loop({.at_all_steps = [](const Tensors& in) { return Tensors{in[0] > 0}; }}); },
                "got bool[4, 2, 3]");
  check_refused(
      [&] { in_loop({.at_all_steps = [](const Tensors& in) { return Tensors{matmul(in[0], in[0])}; }}); },
      "; while asking the op 'liar' for at_all_steps");
  check_refused(
      [&] { in_loop({.at_all_steps = [](const Tensors&) -> Tensors { throw std::runtime_error("no"); }}); },
      "[liar] an op throws sluice::Error: got another exception in at_all_steps, \"no\"");
}

TEST_CASE("sum_over_steps of another shape is refused") {
  in_loop({.sum_over_steps = [](const Tensors& in) { return sum(in[0], 0); }}, false);
  check_refused(
      [&] {
        in_loop({.sum_over_steps = [](const Tensors& in) { return sum(in[0], {0, 1}); }}, false);
      },
      "[liar] the answer to sum_over_steps must be f32[2, 3], that of one step: got f32[3]");
}

TEST_CASE("works_by_rows is refused for outputs without those rows") {
  const auto yes = [](std::span<const Spec>) { return true; };
  in_loop({.works_by_rows = yes});
  const auto op = std::make_shared<Liar>(Answers{.works_by_rows = yes, .result = {3}});
  const Tensor y = make(op, {ones({4, 3})});
  check_refused(
      [&] { detail::ask_works_by_rows(y.node(), std::vector{y.input(0).spec()}, {true}); },
      "[liar] the answer to works_by_rows must be no unless outputs have as many rows as the marked "
      "inputs: got yes for f32[4, 3] and an output f32[3]");
}

TEST_CASE("an output that is said to be an input of another spec is refused") {
  in_loop({.same_as_input = 0});
  check_refused(
      [&] { in_loop({.same_as_input = 1}); },
      "[liar] the answer to same_as_input must be an input that is f32[2, 3], for output 0: got input 1 "
      "of 1");
  const auto op = std::make_shared<Liar>(Answers{.same_as_input = 0, .result = {3}});
  check_refused(
      [&] {
        compile([=](const Tensor& x) { return make(op, {x * 2}) + 1; })(ones({4, 3}));
      },
      "must be an input that is f32[3], for output 0: got input 0, f32[4, 3]");
}

TEST_CASE("windows outside of a tensor are refused") {
  const auto compiled = [](const Answers& answers) {
    const auto op = std::make_shared<Liar>(answers);
    compile([=](const Tensor& x) { return make(op, {x * 2}) + 1; })(ones({4, 3}));
  };
  compiled({.in_input = Window{3, 3}, .result = {3, 3}});
  for (const Window window : {Window{4, 3}, Window{-1, 3}, Window{0, 5}, Window{0, -3}, Window{13, 0}}) {
    CAPTURE(window.offset, window.row_stride);
    check_refused(
        [&] {
          compiled({.in_input = window, .result = {3, 3}});
        },
        "liar: the answer to window_in_input must be a place of f32[3, 3] inside of "
        "f32[4, 3]: got offset");
  }
  check_refused(
      [&] {
        compiled({.in_output = Window{1, 3}});
      },
      "liar: the answer to window_in_output must be a place of f32[4, 3] inside of "
      "f32[4, 3]: got offset 1");
}
