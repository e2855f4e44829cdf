#include "compile/random_sets.h"
#include "support/catch.h"

#include <sluice/compile/arena.h>
#include <sluice/compile/compile.h>
#include <sluice/graph/arithmetic.h>
#include <sluice/graph/evaluate.h>
#include <sluice/graph/grad.h>
#include <sluice/ops/matmul.h>
#include <sluice/ops/scan.h>
#include <sluice/ops/sum.h>
#include <sluice/ops/take.h>
#include <sluice/ops/tanh.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <random>
#include <thread>

using namespace sluice;

TEST_CASE("a compiled function takes and returns tensors, lists, pairs and nothing") {
  const Tensor one = ones({2});
  CHECK(compile([](const Tensor& x) { return x + 1; })(one).to_vector() == std::vector<float>{2, 2});
  const auto [a, b] = compile([](const Tensor& x, const Tensors& y) {
    return std::pair{x + y[0], y[1]};
  })(one, Tensors{one, full({3}, 7)});
  CHECK(a.to_vector() == std::vector<float>{2, 2});
  CHECK(b.to_vector() == std::vector<float>{7, 7, 7});
  CHECK(compile([](const Tensors& y) {
          return Tensors{y[1], y[0]};
        })(Tensors{one, a})[1]
            .to_vector() == std::vector<float>{1, 1});
  Variable v(zeros({2}));
  const auto store = compile([&](const Tensor& x) { v.assign(x * 2); });
  store(one);
  store(v);
  CHECK(v.value().to_vector() == std::vector<float>{4, 4});
}

TEST_CASE("a compiled function that has been moved from is an error, and its copies are not") {
  auto twice = compile([](const Tensor& x) { return 2 * x; });
  const auto copy = twice;
  const auto moved = std::move(twice);
  const Tensor one = ones({2});
  // NOLINTBEGIN(bugprone-use-after-move): it is the point
  CHECK_THROWS_WITH(twice(one), contains("[compile] a compiled function that was moved from"));
  CHECK_THROWS_WITH(twice.program(one), contains("moved from is empty"));
  CHECK_THROWS_WITH(twice.program_count(), contains("moved from is empty"));
  CHECK_THROWS_WITH(compile([&](const Tensor& x) { return twice(x); })(one), contains("moved from is empty"));
  // NOLINTEND(bugprone-use-after-move)
  CHECK(moved(one).to_vector() == std::vector<float>{2, 2});
  CHECK(copy(one).to_vector() == std::vector<float>{2, 2});
  twice = moved;
  CHECK(twice(one).to_vector() == std::vector<float>{2, 2});
}

TEST_CASE("a function is traced once per shapes and dtypes, in a bounded cache") {
  int traces = 0;
  const auto f = compile(
      [&](const Tensor& x) {
        ++traces;
        return x * 2;
      },
      {.cache_size = 2});
  f(zeros({1}));
  f(ones({1}));
  CHECK(traces == 1);
  f(zeros({2}));
  f(zeros({1}, DType::float64));  // drops [1] in float32, used longest ago
  CHECK(traces == 3);
  CHECK(f.program_count() == 2);
  f(zeros({2}));
  CHECK(traces == 3);
  f(zeros({1}));
  CHECK(traces == 4);
}

TEST_CASE("a compiled function inside another is traced like any function") {
  const auto inner = compile([](const Tensor& x) { return x * 3; });
  const auto outer = compile([&](const Tensor& x) { return inner(x) + 1; });
  CHECK(outer(ones({})).item() == 4);
  CHECK(inner.program_count() == 0);
}

TEST_CASE("variables are updated in place when the program has run") {
  Variable a(full({}, 1));
  Variable b(full({}, 2));
  const auto swap = compile([&] {
    const Tensor old_a = a;
    const Tensor old_b = b;
    a.assign(old_b);
    b.assign(old_a);
    return std::pair{old_a, a + b};
  });
  const auto* memory = a.slot()->value.data();
  const auto [first, total] = swap();
  CHECK(first.item() == 1);
  CHECK(total.item() == 3);
  CHECK(a.value().item() == 2);
  CHECK(b.value().item() == 1);
  CHECK(a.slot()->value.data() == memory);
}

TEST_CASE("a program that throws in the middle changes no variable and can run again") {
  Variable total(zeros({}));
  const auto f = compile([&](const Tensor& ids) {
    total.assign(total + 1);
    return take(ones({3}), ids, 0);
  });
  CHECK_THROWS_WITH(f(tensor<std::int32_t>({5})), contains("5") && contains("program_test.cpp"));
  CHECK(total.value().item() == 0);
  CHECK(f(tensor<std::int32_t>({2})).item() == 1);
  CHECK(total.value().item() == 1);
}

TEST_CASE("a function that fails while traced is traced again at the next call") {
  bool fail = true;
  const auto f = compile([&](const Tensor& x) { return fail ? x + zeros({7}) : x + 1; });
  CHECK_THROWS_AS(f(zeros({2})), ShapeError);
  CHECK(f.program_count() == 0);
  fail = false;
  CHECK(f(zeros({2})).to_vector() == std::vector<float>{1, 1});
}

TEST_CASE("programs run on raw memory too") {
  const auto f = compile([](const Tensor& x) { return x * 2 + 1; });
  const auto program = f.program(zeros({3}));
  std::ranges::copy(std::array{1.F, 2.F, 3.F}, program->input<float>(0).begin());
  program->run();
  CHECK(std::ranges::equal(program->output<float>(0), std::array{3, 5, 7}));
  CHECK(program->input<float>(0).data() == program->input(0));
  CHECK_THROWS_WITH(program->input<double>(0), contains("got f64 for f32[3]"));
  CHECK_THROWS_WITH(program->output<std::int32_t>(0), contains("got i32 for f32[3]"));
  CHECK_THROWS_WITH(program->output<float>(1), contains("got 1 of 1"));
  CHECK_THROWS_WITH(program->run({zeros({2})}), contains("got f32[2] for f32[3]"));
  CHECK_THROWS_WITH(program->run(Tensors{}), contains("got 0 for 1 inputs"));
  CHECK_THAT(program->print(), contains("multiply") && contains("f32[3]"));
}

TEST_CASE("outputs that are arguments, constants, variables or the same twice are copied") {
  Variable v(full({2}, 3));
  const Tensor constant = full({2}, 4);
  const Graph graph = trace(
      [&](const Tensors& x) {
        const Tensor y = x[0] + 1;
        const Tensor old = v;
        v.assign(y);
        return Tensors{x[0], constant, old, y, y, x[0]};
      },
      {Spec{DType::float32, {2}}});
  Program program(graph);
  const Tensors results = program.run({ones({2})});
  std::vector<float> firsts;
  for (const Tensor& t : results) firsts.push_back(t.to_vector()[1]);
  CHECK(firsts == std::vector<float>{1, 4, 3, 2, 2, 1});
  CHECK(v.value().to_vector()[0] == 2);
}

TEST_CASE("running a program during its own run is an error") {
  // The op calls the program again, as a second thread would.
  struct Reenter final : Op {
    explicit Reenter(Program** program) : program(program) {}
    std::string_view name() const override { return "reenter"; }
    void members(Attributes& a) const override { a("program", program); }
    Specs infer(std::span<const Spec> inputs) const override { return {inputs[0]}; }
    void run(std::span<const View>, std::span<const MutableView>) const override { (*program)->run(); }
    Program** program;
  };
  Program* self = nullptr;
  Program program(
      trace([&](const Tensors& x) { return Tensors{make(std::make_shared<Reenter>(&self), {x[0]})}; },
            {Spec{DType::float32, {1}}}));
  self = &program;
  CHECK_THROWS_WITH(program.run(), contains("one run at a time") && contains("(compile/program_test.cpp:"));
}

TEST_CASE("a program that is dropped from the cache while it runs ends its run") {
  // The op calls the function again with another shape, as a second thread could.
  struct Call final : Op {
    explicit Call(const std::function<void()>* call) : call(call) {}
    std::string_view name() const override { return "call"; }
    void members(Attributes& a) const override { a("call", call); }
    Specs infer(std::span<const Spec> inputs) const override { return {inputs[0]}; }
    void run(std::span<const View> inputs, std::span<const MutableView> outputs) const override {
      if (inputs[0].size() == 3) (*call)();
      std::memcpy(outputs[0].data, inputs[0].data, inputs[0].spec.bytes());
    }
    const std::function<void()>* call;
  };
  std::function<void()> call;
  const auto f = compile([&](const Tensor& x) { return make(std::make_shared<Call>(&call), {x * 2}) + x; },
                         {.cache_size = 1});
  call = [&] { f(ones({100})); };
  CHECK(f(ones({3})).to_vector() == std::vector<float>{3, 3, 3});
  CHECK(f.program_count() == 1);
}

TEST_CASE("a program can be made while a function is traced that assigns the same variable") {
  const Variable v(zeros({}));
  const auto add = compile([&](const Tensor& x) { v.assign(v + x); });
  trace(
      [&](const Tensors& x) {
        v.assign(x[0]);
        add.program(x[0]);
        return Tensors{};
      },
      {Spec{}});
  add(ones({}));
  CHECK(v.value().item() == 1);
}

TEST_CASE("memory is reused: a long chain needs two or three buffers, not one per node") {
  const auto f = compile([](const Tensor& x) {
    Tensor y = x;
    for (int i = 0; i < 100; ++i) y = matmul(y, x);
    return y;
  });
  CHECK(f.program(zeros({16, 16}))->arena_bytes() <= sizeof(float) * 3 * 16 * 16);
}

TEST_CASE("a compiled million nodes run") {
  const auto f = compile([](const Tensor& x) {
    Tensor y = x;
    for (unsigned i = 0; i < 1'000'000 / test::share; ++i)
      y = -y;  // deeper than a stack with sanitizers, too
    return y;
  });
  CHECK(f(ones({})).item() == 1);
}

TEST_CASE("arena blocks that live at the same time never overlap") {
  std::mt19937 random(7);
  ArenaPlanner arena;
  struct Block {
    std::size_t offset, bytes;
  };
  std::vector<Block> live;
  std::size_t most = 0;
  for (int i = 0; i < 20'000; ++i) {
    if (live.empty() || random() % 2 == 0) {
      const std::size_t bytes = random() % 500;
      const std::size_t offset = arena.allocate(bytes);
      REQUIRE(offset % ArenaPlanner::alignment == 0);
      REQUIRE(offset + bytes <= arena.size());
      for (const Block& other : live) {
        REQUIRE((offset + bytes <= other.offset || other.offset + other.bytes <= offset));
      }
      live.push_back({offset, bytes});
    } else {
      const std::size_t which = random() % live.size();
      arena.release(live[which].offset, live[which].bytes);
      live[which] = live.back();
      live.pop_back();
    }
    std::size_t total = 0;
    for (const Block& block : live) total += block.bytes + ArenaPlanner::alignment;
    most = std::max(most, total);
  }
  CHECK(arena.size() < 3 * most);
}

TEST_CASE("a program is there for as long as somebody holds it, whatever other shapes come", "[threads]") {
  const auto doubled = compile([](const Tensor& x) { return 2 * x; }, {.cache_size = 8});
  const auto kept = doubled.program(ones({1}));
  for (Index length = 2; length < 12; ++length) doubled(ones({length}));  // more than the cache keeps
  CHECK(kept->run({full({1}, 3)})[0].item() == 6);
  CHECK(doubled.program(ones({1})) != kept);
}
