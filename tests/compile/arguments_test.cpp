#include "support/allocations.h"
#include "support/catch.h"

#include <sluice/compile/compile.h>
#include <sluice/graph/arithmetic.h>
#include <sluice/graph/evaluate.h>
#include <sluice/graph/grad.h>
#include <sluice/nn/lstm.h>
#include <sluice/ops/random.h>
#include <sluice/ops/square.h>
#include <sluice/ops/sum.h>
#include <sluice/ops/tanh.h>

#include <array>
#include <string>
#include <tuple>
#include <vector>

using namespace sluice;

namespace {

using Floats = std::vector<float>;

struct Batch {
  Tensor x, y;
};

struct Example {
  Batch batch;
  std::vector<Tensor> lists[1] = {};  // an array of C: no nest
};

struct Everything {
  Batch batch;
  Tensors list;
  nn::States states;
  std::array<Tensor, 2> both;
  std::pair<Tensor, Tensors> pair;
};

struct Eight {
  Tensor a, b, c, d, e, f, g, h;
};
struct Nine {
  Tensor a, b, c, d, e, f, g, h, i;
};
struct WithNumber {
  Tensor x;
  double rate;
};
class WithConstructor {
 public:
  explicit WithConstructor(Tensor t) : x(std::move(t)) {}
  Tensor x;
};

struct WithBase : Batch {
  Tensor z;
};

static_assert(!detail::Nest<WithBase>::is_nest);
static_assert(detail::SameNest<Batch> && detail::SameNest<Everything> && detail::SameNest<Eight>);
static_assert(detail::SameNest<nn::State> && detail::SameNest<std::vector<std::vector<Batch>>>);
static_assert(detail::Nest<double>::is_nest && detail::Nest<std::pair<double, Tensor>>::is_nest);
static_assert(!detail::Nest<Nine>::is_nest && !detail::Nest<WithNumber>::is_nest);
static_assert(!detail::Nest<WithConstructor>::is_nest && !detail::Nest<std::string>::is_nest);
static_assert(!detail::Nest<std::vector<double>>::is_nest && !detail::Nest<Example>::is_nest);
static_assert(!detail::Nest<const char*>::is_nest && !detail::Nest<std::array<float, 2>>::is_nest);

Everything some() {
  return {{full({2}, 1), full({3}, 2)},
          {full({1}, 3), full({}, 4)},
          {nn::State{full({1, 2}, 5), full({1, 2}, 6)}, nn::State{full({1, 3}, 7)}},
          {full({}, 8), full({}, 9)},
          {full({}, 10), {full({2}, 11)}}};
}

/// Twice each tensor, in its place.
Everything twice(const Everything& e) {
  Everything r = e;
  for (Tensor* t : {&r.batch.x, &r.batch.y, &r.both[0], &r.both[1], &r.pair.first}) *t = *t * 2;
  for (Tensors* list : {&r.list, &r.states[0].parts, &r.states[1].parts, &r.pair.second}) {
    for (Tensor& t : *list) t = t * 2;
  }
  return r;
}

void check_twice(const Everything& r) {
  CHECK(r.batch.x.to_vector() == Floats{2, 2});
  CHECK(r.batch.y.to_vector() == Floats{4, 4, 4});
  REQUIRE(r.list.size() == 2);
  CHECK(r.list[0].to_vector() == Floats{6});
  CHECK(r.list[1].item() == 8);
  REQUIRE(r.states.size() == 2);
  CHECK(r.states[0].pair().second.to_vector() == Floats{12, 12});
  CHECK(r.states[1].output().to_vector() == Floats{14, 14, 14});
  CHECK(r.both[0].item() == 16);
  CHECK(r.both[1].item() == 18);
  CHECK(r.pair.first.item() == 20);
  REQUIRE(r.pair.second.size() == 1);
  CHECK(r.pair.second[0].to_vector() == Floats{22, 22});
}

}  // namespace

TEST_CASE("structs, states, lists and pairs go into compiled functions and come back") {
  const auto f = compile(twice);
  check_twice(f(some()));
  check_twice(f(some()));
  CHECK(f.program_count() == 1);
  // Inside another traced function it is traced with it.
  check_twice(compile([&](const Everything& e) { return f(e); })(some()));
  // Lists of other lengths are other programs.
  Everything longer = some();
  longer.list.push_back(ones({}));
  CHECK(f(longer).list[2].item() == 2);
  CHECK(f.program_count() == 2);
  Everything moved = some();  // as many tensors of the same specs, in other lists
  moved.pair.second = {};
  moved.list = {full({1}, 3), full({}, 4)};
  CHECK(f(moved).pair.second.empty());
  CHECK(f.program_count() == 3);
}

TEST_CASE("a compiled function returns a loss and a list of gradients") {
  const auto f = compile([](const Batch& b, const Tensors& weights) {
    const Tensor loss = sum(square(b.x * weights[0] + weights[1] - b.y));
    return std::pair(loss, grad(loss, weights));
  });
  const auto [loss, gradients] = f(Batch{full({2}, 1), full({2}, 3)}, Tensors{full({}, 2), full({2}, 0)});
  CHECK(loss.item() == 2);
  REQUIRE(gradients.size() == 2);
  CHECK(gradients[0].item() == -4);
  CHECK(gradients[1].to_vector() == Floats{-2, -2});
}

TEST_CASE("eight members and one are structs too") {
  const auto f = compile([](const Eight& e) {
    return std::tuple(e.a - e.h, std::vector<Batch>{{e.b, e.g}});
  });
  const auto at = [](double v) { return full({}, v); };
  const auto [difference, batches] = f(Eight{at(1), at(2), at(3), at(4), at(5), at(6), at(7), at(8)});
  CHECK(difference.item() == -7);
  CHECK(batches.at(0).x.item() == 2);
  CHECK(batches.at(0).y.item() == 7);
}

TEST_CASE("numbers are inputs of a compiled function") {
  int traces = 0;
  const auto f = compile([&](const Tensor& x, const Tensor& rate, const Tensor& count, const Tensor& flag) {
    ++traces;
    CHECK(rate.dtype() == x.dtype());
    CHECK(count.dtype() == DType::int32);
    CHECK(flag.dtype() == DType::boolean);
    return std::pair(x * rate, count + 1);
  });
  CHECK(f(full({}, 3), 0.5, 7, true).first.item() == 1.5);
  CHECK(f(full({}, 3), 0.25F, 8U, false).first.item() == 0.75);
  CHECK(f(full({}, 3), 0.25, 9, false).second.item() == 10);
  CHECK(traces == 1);
  CHECK(f(full({}, 3, DType::float64), 0.1, 7L, true).first.item() == 3 * 0.1);
  CHECK(traces == 2);
  // Without a floating-point tensor a number is float32, as a number in a formula is.
  const auto same = compile([](const Tensor& x) { return x; });
  CHECK(same(0.5).dtype() == DType::float32);
  CHECK(compile([](const std::pair<Tensor, Tensor>& p) { return p.first + p.second; })(
            std::pair(0.5, full({}, 1, DType::float64)))
            .dtype() == DType::float64);
  CHECK_THROWS_WITH(same(1e300), contains("1e+300"));
  CHECK_THROWS_WITH(same(std::uint64_t{1} << 63U), contains("[compile]") && contains("i32"));
}

TEST_CASE("sequences are their output, and a variable is read") {
  const nn::LSTM rnn(1, 3, 2, random::key(1));
  const auto f = compile([&](const Tensor& x) { return std::pair(rnn(x).state, rnn(x)); });
  const Tensor x = full({4, 1, 3}, 0.5);
  const auto [state, output] = f(x);
  CHECK(state.at(0).output().to_vector() == evaluate(rnn(x).state.at(0).output()).to_vector());
  CHECK(output.shape() == Shape{4, 1, 2});
  const Variable v(full({2}, 3));
  CHECK(compile([](const Tensor& a) { return a * 2; })(v).to_vector() == Floats{6, 6});
  const auto sums = compile([&](const Tensors& a) { return std::array{a[0] + v, a[1] * v}; });
  CHECK(sums(std::vector<Variable>{v, v})[1].to_vector() == Floats{9, 9});
}

TEST_CASE("a prepared program is the caller's own") {
  int traces = 0;
  const Variable total(zeros({2}));
  const auto f = compile([&](const Batch& b, const Tensor& rate) {
    ++traces;
    total.assign(total + b.x);
    return b.x * rate + b.y;
  });
  const Batch like{zeros({2}), zeros({2})};
  Program program = f.prepare(like, 0.5);
  Program other = f.prepare(like, 0.5);
  CHECK(traces == 2);
  CHECK(f.program_count() == 0);
  CHECK(total.value().to_vector() == Floats{0, 0});  // preparing changes no Variable
  const auto x = program.input<float>(0), rate = program.input<float>(2);
  x[0] = 1, x[1] = 2, rate[0] = 3;
  program.input<float>(1)[1] = 10;
  other.run();  // in its own buffers
  program.run();
  const auto y = program.output<float>(0);
  CHECK(Floats(y.begin(), y.end()) == Floats{3, 16});
  CHECK(total.value().to_vector() == Floats{1, 2});
}

TEST_CASE("a prepared program allocates nothing and does in its first run what it does in the second") {
  const nn::LSTM rnn(1, 4, 32, random::key(1));
  const auto f = compile([&](const Tensor& x, const nn::States& s) { return rnn.step(x, s).state; });
  Program program = f.prepare(Spec{DType::float32, {1, 4}}, rnn.initial(1));
  CHECK(program.input_count() == 3);
  const std::size_t before = allocations();
  program.run();
  CHECK(allocations() == before);
}

TEST_CASE("a compiled function tells what it compiled, for which shapes, and what it dropped") {
  const auto f = compile([](const Tensor& x) { return x * 2; }, {.cache_size = 2});
  f(zeros({1}));
  f(zeros({1}));
  f(zeros({2}));
  CHECK(f.cache_report().drops.empty());
  f(zeros({3}));
  f(zeros({1}));
  const CacheReport report = f.cache_report();
  CHECK(report.calls == 5);
  CHECK(report.compiled == 4);
  CHECK(report.dropped == 2);
  REQUIRE(report.kept.size() == 2);
  CHECK(report.kept[0].arguments == Specs{Spec{DType::float32, {1}}});
  CHECK(report.kept[0].calls == 1);
  CHECK(report.kept[0].bytes >= 8);
  CHECK(report.kept[0].seconds > 0);
  CHECK(report.kept[1].arguments == Specs{Spec{DType::float32, {3}}});
  REQUIRE(report.drops.size() == 2);
  CHECK(report.drops[0].arguments == Specs{Spec{DType::float32, {1}}});
  CHECK(report.drops[0].call == 4);
  CHECK_THAT(report.text(), contains("5 calls, 4 programs compiled, 2 dropped") && contains("f32[3]") &&
                                contains("dropped in call 5: f32[2]"));
}

TEST_CASE("by default the programs of many lengths are kept, as long as they are small") {
  int traces = 0;
  const auto f = compile([&](const Tensor& x) { return ++traces, tanh(x); });
  for (int round = 0; round < 2; ++round) {
    for (Index length = 1; length <= 50; ++length) f(zeros({length}));
  }
  CHECK(traces == 50);
  traces = 0;
  const auto small = compile([&](const Tensor& x) { return ++traces, tanh(x); }, {.cache_bytes = 1});
  for (Index length = 1; length <= 10; ++length) small(zeros({length}));
  CHECK(small.program_count() == 8);  // the latest, whatever their memory
  CHECK(small.cache_report().drops.back().arguments == Specs{Spec{DType::float32, {2}}});
}
