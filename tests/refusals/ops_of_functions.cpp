#include "refusals/refusal.h"
#include "support/catch.h"

#include <sluice/kernels/threads.h>
#include <sluice/sluice.h>

#include <stdexcept>

using namespace sluice;

TEST_CASE("what gradients of one's own refuse") {
  const Tensor x = ones({2, 3});
  const Tensor i = ones({2, 3}, DType::int32);
  const auto f = [](const Tensors& xs) { return xs; };
  const auto returning = [](const Tensors& gradients) {
    return [gradients](const Tensors&, const Tensors&, const Tensors&) { return gradients; };
  };
  refuses("custom_gradient", "got an empty function",
          [&] { custom_gradient(TensorFunction(), returning({x}), Tensors{x}); });
  refuses("custom_gradient", "got an empty gradient",
          [&] { custom_gradient(f, BackwardOfAll(), Tensors{x}); });
  refuses("custom_gradient", "at least one x: got none", [&] { custom_gradient(f, returning({}), {}); });
  refuses("custom_gradient", "an undefined Tensor as x 1", [&] {
    custom_gradient(f, returning({x, x}), {x, Tensor()});
  });
  refuses("custom_gradient", "at least one result: got none",
          [&] { custom_gradient([](const Tensors&) { return Tensors{}; }, returning({x}), {x}); });
  refuses("custom_gradient", "an undefined Tensor as result 0", [&] {
    custom_gradient([](const Tensors&) { return Tensor(); },
                    [](const Tensors& xs, const Tensor&, const Tensor&) { return xs; }, {x});
  });
  refuses("custom_gradient", "got 2 for 1", [&] { custom_gradient(f, returning({x, x}), {x}); });
  refuses("custom_gradient", "got f32[3] for x 0, f32[2, 3]",
          [&] { custom_gradient(f, returning({ones({3})}), {x}); });
  refuses("custom_gradient", "got i32[2, 3] for x 0, f32[2, 3]; cast it",
          [&] { custom_gradient(f, returning({i}), {x}); });
  refuses("custom_gradient", "got i32[2, 3] for x 0, i32[2, 3]",
          [&] { custom_gradient(f, returning({i}), {i}); });
  refuses("custom_gradient", "got one with respect to", [&] {
    const auto times_x = [&](const Tensor& t) { return t * x; };
    const auto back = [](const Tensor&, const Tensor&, const Tensor& dy) { return sum(dy, 0, true); };
    grad(sum(custom_gradient(times_x, back, ones({1, 3}))), x);
  });
  refuses("straight_through", "got f32[2, 3] and f32[3]", [&] { straight_through(x, ones({3})); });
  refuses("straight_through", "got i32[2, 3] and i32[2, 3]", [&] { straight_through(i, i); });
  refuses("straight_through", "undefined Tensor", [&] { straight_through(Tensor(), x); });
}

TEST_CASE("what vmaps refuse") {
  const Tensor x = ones({5, 3});
  const TensorFunction same = [](const Tensors& xs) { return xs; };
  refuses("vmap", "got an empty one", [&] { vmap(TensorFunction(), {x}); });
  refuses("vmap", "got an empty one", [&] { vmap(std::function<Tensor(const Tensors&)>(), {x}); });
  refuses("vmap", "got an empty one", [&] { vmap(std::function<Tensor(const Tensor&)>(), x); });
  refuses("vmap", "got 0 arguments", [&] { vmap(same, {}); });
  refuses("vmap", "got 1 arguments, none with an axis", [&] { vmap(same, {x}, {.axes = {std::nullopt}}); });
  refuses("vmap", "got 2 for 1", [&] { vmap(same, {x}, {.axes = {0, 1}}); });
  refuses("vmap", "axis must lie in -2..1", [&] { vmap(same, {x}, {.axes = {2}}); });
  refuses("vmap", "got 5 in argument 0, f32[5, 3], and 4 in argument 1, f32[4]", [&] {
    vmap(same, {x, ones({4})});
  });
  refuses("vmap", "undefined Tensor", [&] { vmap(same, {x, Tensor()}); });
  refuses("vmap", "undefined Tensor", [&] { vmap([](const Tensor&) { return Tensor(); }, x); });
  refuses("matmul", "f32[3] and f32[4]",
          [&] { vmap([](const Tensor& row) { return matmul(row, ones({4})); }, x); });
}

TEST_CASE("what loops that data end refuse") {
  const Tensors one{ones({})};
  const auto holds = [](const Tensors& c) { return c[0] > 0; };
  const TensorFunction same = [](const Tensors& c) { return c; };
  refuses("while_loop", "got an empty condition", [&] { while_loop({}, same, one); });
  refuses("while_loop", "got an empty step", [&] { while_loop(holds, {}, one); });
  refuses("while_loop", "a bool scalar: got bool[2]", [&] { while_loop(holds, same, {ones({2})}); });
  refuses("while_loop", "got 2 for 1", [&] {
    while_loop(
        holds,
        [](const Tensors& c) {
          return Tensors{c[0], c[0]};
        },
        one);
  });
  refuses("while_loop", "got f64[] for f32[], carry 0", [&] {
    while_loop(
        holds, [](const Tensors& c) { return Tensors{cast(c[0], DType::float64)}; }, one);
  });
  refuses("while_loop", "got -2", [&] { while_loop(holds, same, one, {.most = -2}); });
  refuses("while_loop", "undefined Tensor", [&] { while_loop(holds, same, {Tensor()}); });
  refuses("while_loop", "undefined Tensor", [&] {
    while_loop(
        holds, [](const Tensors&) { return Tensors{Tensor()}; }, one);
  });
  refuses("while_loop", "set WhileOptions::most",
          [&] { grad(while_loop(holds, same, one).carry[0], one[0]); });
}

TEST_CASE("what scans refuse") {
  const Tensor x = ones({5, 3});
  const Tensors start{zeros({3})};
  const auto adds = [](const Tensors& c, const Tensors& xs) { return Carried{{c[0] + xs[0]}, {}}; };
  const auto same = [](const Tensors& c, const Tensors&) { return Carried{{c[0]}, {}}; };
  refuses("scan", "neither xs nor a length", [&] { scan(same, start, {}); });
  refuses("scan", "xs[0], a scalar", [&] { scan(adds, start, {full({}, 1)}); });
  refuses("scan", "got xs[1], f32[4, 3], for 5 steps", [&] { scan(adds, start, {x, ones({4, 3})}); });
  refuses("scan", "got -5", [&] { scan(adds, start, {x}, {.checkpoint = -5}); });
  refuses("scan", "undefined Tensor", [&] { scan(adds, {Tensor()}, {x}); });
  refuses("scan", "got 0 for 1", [&] {
    scan([](const Tensors&, const Tensors& xs) { return Carried{{}, {xs[0]}}; }, start, {x});
  });
  refuses("scan", "got f32[6] for f32[3]", [&] {
    scan(
        [](const Tensors& c, const Tensors& xs) {
          return Carried{{concat({c[0], xs[0]})}, {}};
        },
        start, {x});
  });
  refuses("scan", "got f64[3] for f32[3]", [&] {
    scan(
        [](const Tensors& c, const Tensors&) {
          return Carried{{cast(c[0], DType::float64)}, {}};
        },
        start, {x});
  });
  refuses("scan", "undefined Tensor", [&] {
    scan([](const Tensors& c, const Tensors&) { return Carried{{c[0]}, {Tensor()}}; }, start, {x});
  });
  refuses("scan", "got an empty one", [&] { scan({}, start, {x}); });
  refuses("add", "got f32[3] and f64[3]", [&] {
    scan(
        [](const Tensors& c, const Tensors& xs) {
          return Carried{{c[0] + cast(xs[0], DType::float64)}, {}};
        },
        start, {x});
  });
  refuses("take", "axis must lie in", [&] {
    scan(
        [](const Tensors& c, const Tensors&) {
          return Carried{{take(c[0], tensor({0}), 4)}, {}};
        },
        start, {x});
  });
  refuses("gradcheck", "got", [&] { gradcheck([](const Tensors& xs) { return sum(xs[0]); }, {ones({2})}); });
  refuses("gradcheck", "got an empty one", [&] { gradcheck(TensorFunction(), {ones({2})}); });
  refuses("gradcheck", "got -1, ", [&] {
    gradcheck([](const Tensors& xs) { return sum(xs[0]); }, {full({2}, 1, DType::float64)}, {.eps = -1});
  });
  refuses("gradgradcheck", "got",
          [&] { gradgradcheck([](const Tensors& xs) { return sum(xs[0]); }, {ones({2})}); });
}

namespace {

/// A formula that is the test's.
struct Chosen final : Formula<Chosen, 1> {
  static constexpr std::string_view id = "chosen";
  static Tensor formula(const Tensor& x) { return function(x); }
  static std::function<Tensor(const Tensor&)> function;
};
std::function<Tensor(const Tensor&)> Chosen::function;

Tensor chosen(const std::function<Tensor(const Tensor&)>& function, const Tensor& x) {
  Chosen::function = function;
  return make<Chosen>(x);
}

}  // namespace

TEST_CASE("what ops with a formula refuse, at a line of the formula") {
  const Tensor x = ones({2});
  const Variable w(x);
  refuses("sqrt", "in the formula of 'chosen', which sees (i32[2]) from refusals/ops_of_functions.cpp:", [] {
    chosen([](const Tensor& t) { return sqrt(t); }, tensor({1, 2}));
  });
  refuses("variable", "made of its operands and constants: got a Variable f32[2]",
          [&] { chosen([&](const Tensor& t) { return t * w; }, x); });
}

namespace {

/// An op whose shape rule is one of the helpers that authors of ops call.
class Picky final : public Op {
 public:
  explicit Picky(std::function<void(std::span<const Spec>)> rule) : rule_(std::move(rule)) {}
  std::string_view name() const override { return "picky"; }
  void members(Attributes& a) const override { a("rule", rule_); }
  Specs infer(std::span<const Spec> inputs) const override {
    rule_(inputs);
    return {inputs[0]};
  }
  void run(std::span<const View>, std::span<const MutableView>) const override {}

 private:
  std::function<void(std::span<const Spec>)> rule_;
};

}  // namespace

TEST_CASE("what an op refuses on a thread of the pool names the line of the user, too") {
  const Index many = 100000;  // pieces for all threads, and the zero in the last
  const Tensor zero_at_end = concat({ones({many - 1}, DType::int32), zeros({1}, DType::int32)});
  kernels::set_threads(2);
  refuses("divide", "divided by 0: got 0", [&] { evaluate(ones({many}, DType::int32) / zero_at_end); });
  refuses("divide", "divided by 0: got 0", [&] {
    compile([&](const Tensor& x) { return ones({many}, DType::int32) / x; })(evaluate(zero_at_end));
  });
  kernels::set_threads(0);
}

TEST_CASE("what the helpers of ops' authors refuse, at the line where the op is made") {
  const Tensor x = ones({2});
  const auto picky = [](auto rule) { return std::make_shared<Picky>(rule); };
  refuses("picky", "got [3] and [2]",
          [&] { make(picky([](auto in) { broadcast(Shape{3}, in[0].shape, "picky"); }), {x}); });
  refuses("picky", "axis must lie in -1..0 for a tensor of rank 1: got 4",
          [&] { make(picky([](auto in) { normal_axis(4, in[0].shape.rank(), "picky"); }), {x}); });
  refuses("picky", "the rate of an i32 tensor must be a 32-bit integer: got 0.5",
          [&] { make(picky([](auto) { require_number(0.5, DType::int32, "picky", "the rate of"); }), {x}); });
  refuses("picky", "a key must be i32[2]: got f32[2]",
          [&] { make(picky([](auto in) { random::require_key(in[0], "picky"); }), {x}); });
  refuses("picky", "undefined Tensor", [&] { make(picky([](auto) {}), {Tensor()}); });
}
