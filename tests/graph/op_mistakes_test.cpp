// Mistakes of an op's author that are found at once: when a node is made, or its gradient.

#include <sluice/graph/arithmetic.h>
#include <sluice/graph/evaluate.h>
#include <sluice/graph/grad.h>
#include <sluice/ops/elementwise.h>
#include <sluice/ops/reshape.h>
#include <sluice/ops/sum.h>

#include <cmath>
#include <functional>
#include <memory>
#include <stdexcept>

#include "support/catch.h"
#include "support/close.h"
#include "support/refused.h"

using namespace sluice;
using namespace sluice::test;

namespace {

/// An op with any mistake.
struct Parts {
  Takes takes = {};
  std::function<Specs(std::span<const Spec>)> infer = [](std::span<const Spec> in) { return Specs{in[0]}; };
  std::function<void(std::span<const View>, std::span<const MutableView>)> run = [](auto, auto) {};
  std::function<Tensors(const Tensor&, const Tensor&)> gradient = [](const Tensor&, const Tensor& dy) {
    return Tensors{dy};
  };
};

class Faulty final : public Op {
 public:
  explicit Faulty(Parts parts) : parts_(std::move(parts)) {}
  std::string_view name() const override { return "faulty"; }
  void members(Attributes& a) const override { a("parts", parts_); }
  Takes takes() const override { return parts_.takes; }
  Specs infer(std::span<const Spec> inputs) const override { return parts_.infer(inputs); }
  void run(std::span<const View> inputs, std::span<const MutableView> outputs) const override {
    parts_.run(inputs, outputs);
  }
  Tensors gradient(const Tensor& y, const Tensor& dy) const override { return parts_.gradient(y, dy); }

 private:
  Parts parts_;
};

Tensor made(const Parts& parts, const Tensors& inputs) {
  return make(std::make_shared<Faulty>(parts), inputs);
}

}  // namespace

TEST_CASE("a node has operands that its op takes, and outputs") {
  const Tensor x = ones({2});
  check_refused([&] { made({.infer = [](auto) { return Specs{}; }}, {x}); },
                "[faulty] infer gives one spec per output: got none");
  check_refused([&] { made({.takes = {.operands = 2}}, {x}); },
                "[faulty] the number of operands must be 2: got 1");
  check_refused(
      [&] {
        made({.takes = {.domain = Domain::floating}}, {x, arange(3)});
      },
      "[faulty] operand 1 must be a floating tensor (f32 or f64): got i32[3]");
  check_refused([&] { made({.takes = {.domain = Domain::boolean}}, {x}); },
                "operand 0 must be a bool tensor: got f32[2]");
  check_refused([&] { made({.takes = {.domain = Domain::numeric}}, {zeros({1}, DType::boolean)}); },
                "operand 0 must be a tensor of numbers (f32, f64 or i32): got bool[1]");
  check_refused(
      [&] {
        made({.takes = {.equal_dtypes = true}}, {x, arange(3)});
      },
      "[faulty] dtypes must be equal: got f32[2] and i32[3]");
  CHECK(made({.takes = {.operands = 2, .domain = Domain::numeric}}, {x, arange(3)}).spec() == x.spec());
}

TEST_CASE("the gradient of an op with several outputs is never that of the first alone") {
  const Parts two{.infer = [](std::span<const Spec> in) { return Specs{in[0], in[0]}; }};
  const Tensor x = ones({2});
  const Tensors ys = outputs_of(made(two, {x}));
  for (const Tensor& y : {sum(ys[0]), sum(ys[1]), sum(ys[0] * ys[1])}) {
    check_refused([&] { grad(y, x); },
                  "[faulty] an op with several outputs overrides gradients, for gradient sees "
                  "the first only: got 2 outputs");
  }
}

TEST_CASE("a gradient of a wrong shape names the input") {
  const auto slope = [](const Shape& shape, const Shape& returned, const Shape& result) {
    const Tensor x = ones(shape);
    const Parts parts{.infer =
                          [&](auto) {
                            return Specs{{DType::float32, result}};
                          },
                      .gradient = [&](const Tensor&, const Tensor&) { return Tensors{ones(returned)}; }};
    return grad(sum(made(parts, {x})), x);
  };
  check_refused([&] { slope({3}, {1}, {3}); }, "got f32[1] for input 0, f32[3]");
  check_refused([&] { slope({3}, {2, 3}, {3}); }, "got f32[2, 3] for input 0, f32[3]");
  check_refused([&] { slope({1, 3}, {2, 3}, {1, 3}); }, "got f32[2, 3] for input 0, f32[1, 3]");
  check_refused([&] { slope({3}, {}, {3}); }, "got f32[] for input 0, f32[3]");
  check_refused([&] { slope({}, {3}, {}); }, "got f32[3] for input 0, f32[]");
  // What was broadcast is summed, from the last axis on, or in batches from the first.
  CHECK(numbers(evaluate(slope({3}, {2, 3}, {2, 3}))) == std::vector<double>{2, 2, 2});
  CHECK(numbers(evaluate(slope({1, 3}, {2, 3}, {4, 2, 3}))) == std::vector<double>{2, 2, 2});
  CHECK(numbers(evaluate(slope({5}, {2, 5}, {2, 7}))) == std::vector<double>(5, 2));
  CHECK(numbers(evaluate(slope({}, {3}, {3}))) == std::vector<double>{3});
}

TEST_CASE("exceptions of others name the op, its function and the line") {
  const Tensor x = ones({2});
  const auto throws = [](auto...) -> Specs { throw std::out_of_range("position 7"); };
  check_refused([&] { made({.infer = throws}, {x}); },
                "[faulty] an op throws sluice::Error: got another exception in infer, \"position 7\"");
  const Tensor y = made({.run = [&](auto...) { throws(); }}, {x});
  check_refused([&] { evaluate(y); }, "got another exception in run, \"position 7\"");
  const Tensor z = made({.gradient = [&](auto...) -> Tensors { throw std::runtime_error("no"); }}, {x});
  check_refused([&] { grad(sum(z), x); }, "got another exception in gradient, \"no\"");
  CHECK_THROWS_AS(made({.infer = [](auto) -> Specs { throw std::bad_alloc(); }}, {x}), std::bad_alloc);
}

TEST_CASE("elements are not read as what they are not") {
  const Tensor x = ones({2}, DType::float64);
  const auto as_float = [](std::span<const View> in, auto) { static_cast<void>(in[0].as<float>()); };
  check_refused([&] { evaluate(made({.run = as_float}, {x})); },
                "[as] elements are asked for as what they are: got f32 for elements of f64");
  const auto into_int = [](auto, std::span<const MutableView> out) {
    static_cast<void>(out[0].as<std::int32_t>());
  };
  check_refused([&] { evaluate(made({.run = into_int}, {x})); }, "got i32 for elements of f64");
  CHECK_THROWS_WITH(with_floating(DType::int32, [](auto) {}),
                    Catch::Matchers::Contains("[with_floating] the dtype must be f32 or f64: got i32"));
  CHECK(with_floating(DType::float64, [](auto type) { return sizeof(type); }) == 8);
}

namespace {

enum class Side { left, right };

struct Listed final : Op {
  float low = 1e-7f;
  double high = 0.1;
  std::vector<Index> order{2, 0};
  bool keep = true;
  Side side = Side::right;
  DType dtype = DType::int32;
  Shape shape{2, 3};
  std::optional<double> limit = {};
  std::string label = "a";

  std::string_view name() const override { return "listed"; }
  void members(Attributes& a) const override {
    a("low", low), a("high", high), a("order", order), a("keep", keep), a("side", side), a("dtype", dtype);
    a("shape", shape), a("limit", limit), a("label", label);
  }
  Specs infer(std::span<const Spec> inputs) const override { return {inputs[0]}; }
  void run(std::span<const View>, std::span<const MutableView>) const override {}
};

struct Short final : Op {
  double low = 0;
  double high = 1;
  std::string_view name() const override { return "short"; }
  void members(Attributes& a) const override { a("low", low); }
  Specs infer(std::span<const Spec> inputs) const override { return {inputs[0]}; }
  void run(std::span<const View>, std::span<const MutableView>) const override {}
};

struct Scaled final : Elementwise<Scaled, 1> {
  static constexpr std::string_view id = "test_scaled";
  explicit Scaled(double scale) : scale(scale) {}
  void members(Attributes& a) const override { a("scale", scale); }
  auto value(auto x) const { return scale * x; }
  double scale;
};

struct Order final : Elementwise<Order, 2> {
  static constexpr std::string_view id = "test_order";
  static std::int32_t value(auto a, auto b) { return a < b ? -1 : a > b ? 1 : 0; }
};

}  // namespace

namespace {

struct Schedule {
  double rate = 0.5;
  int steps = 3;
  void members(Attributes& a) const { a("rate", rate), a("steps", steps); }
};

struct Place {
  Index begin = 0;
  Index end = 4;
  std::string attribute_text() const { return std::to_string(begin) + ":" + std::to_string(end); }
};

/// Members of all kinds that are not numbers.
struct Kept final : Op {
  bool keep = false;
  Schedule schedule;
  std::vector<Place> places{{}, {1, 2}};
  std::vector<bool> flags{true, false};
  std::vector<std::string> labels{"a", "b"};
  const double* table = nullptr;
  std::shared_ptr<const double> shared;
  std::function<double(double)> function;
  double (*plain)(double) = nullptr;

  std::string_view name() const override { return "kept"; }
  void members(Attributes& a) const override {
    a("keep", keep), a("schedule", schedule), a({}, places), a("flags", flags), a("labels", labels);
    a("table", table), a("shared", shared), a("function", function), a("plain", plain);
  }
  Specs infer(std::span<const Spec> inputs) const override { return {inputs[0]}; }
  void run(std::span<const View>, std::span<const MutableView>) const override {}
};

}  // namespace

TEST_CASE("members of one's own classes list theirs, and what cannot be compared is never the same") {
  Kept op;
  CHECK(op.attributes().find("schedule=[rate=0.5, steps=3], [0:4, 1:2], flags=[true, false], labels=[\"a\", "
                             "\"b\"], table=0x0, shared=0x0, function=0x") == 0);
  CHECK(op.attributes() == op.attributes());
  Kept other;
  other.function = op.function;
  CHECK(other.attributes() != op.attributes());  // nobody can tell whether they are the same
  const auto differs = [](const auto& change) {
    Kept changed;
    const std::string before = changed.attributes();
    change(changed);
    return changed.attributes() != before;
  };
  CHECK(differs([](Kept& k) { k.keep = true; }));
  CHECK(differs([](Kept& k) { k.schedule.steps = 4; }));
  CHECK(differs([](Kept& k) { k.places[1].end = 3; }));
  CHECK(differs([](Kept& k) { k.flags = {false, true}; }));
  CHECK(differs([](Kept& k) { k.labels = {"a\", \"b"}; }));
  CHECK(differs([](Kept& k) { k.shared = std::make_shared<double>(1); }));
  CHECK(make(std::make_shared<Kept>(), {ones({2})}).shape() == Shape{2});
}

TEST_CASE("attributes are the text of all members") {
  Listed op;
  CHECK(
      op.attributes() ==
      "low=1e-07, high=0.1, order=[2, 0], keep=true, side=1, dtype=i32, shape=[2, 3], limit=[], label=\"a\"");
  op.low = std::nextafter(op.low, 1.f);
  op.limit = 0.5;
  CHECK(op.attributes().find("low=1.0000001e-07, ") == 0);
  CHECK(op.attributes().find("limit=[0.5]") != std::string::npos);
  CHECK(make(std::make_shared<Listed>(), {ones({2})}).shape() == Shape{2});
  check_refused(
      [&] { make(std::make_shared<Short>(), {ones({2})}); },
      "[short] members lists every member of the op, in the order of declaration: got 16 of 24 bytes");
}

namespace {

struct Named {
  std::string text;
  std::string attribute_text() const { return text; }
};

std::string text_of(const std::vector<Named>& names) {
  Attributes a;
  a("names", names);
  return a.text();
}

}  // namespace

TEST_CASE("texts of authors in lists are told apart") {
  CHECK(text_of({{"a"}, {"b"}}) == "names=[a, b]");
  CHECK(text_of({{"a, b"}}) == "names=[\"a, b\"]");
  CHECK(text_of({{"[0, 1]"}, {"[2]"}}) == "names=[[0, 1], [2]]");
  CHECK(text_of({{"[0, 1], [2]"}}) == "names=[\"[0, 1], [2]\"]");
  CHECK(text_of({{""}, {"a"}}) == "names=[\"\", a]");
  CHECK(text_of({{"\"a\""}}) == "names=[\"\\\"a\\\"\"]");
  Attributes a;
  a("key", ~0ULL);
  CHECK(a.text() == "key=18446744073709551615");
}

TEST_CASE("nodes are made with arguments of the op's constructor, and of lists") {
  const Tensor x = tensor({1.f, 2.f});
  CHECK(numbers(evaluate(make<Scaled>({x}, 3.0))) == std::vector<double>{3, 6});
  CHECK(numbers(evaluate(make(std::make_shared<Scaled>(0.5), Tensors{x}))) == std::vector<double>{0.5, 1});
  const Tensor order = make<Order>(x, 1.5);
  CHECK(order.dtype() == DType::int32);
  CHECK(numbers(evaluate(order)) == std::vector<double>{-1, 1});
}
