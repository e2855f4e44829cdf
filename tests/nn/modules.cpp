#include <sluice/graph/arithmetic.h>
#include <sluice/nn/embedding.h>
#include <sluice/nn/linear.h>
#include <sluice/nn/sequential.h>
#include <sluice/ops/random.h>
#include <sluice/ops/relu.h>

#include "support/catch.h"
#include "support/close.h"

using namespace sluice;
using namespace sluice::test;

namespace {

std::vector<std::string> names(const NamedVariables& variables) {
  std::vector<std::string> result;
  for (const NamedVariable& named : variables) result.push_back(named.name);
  return result;
}

using Names = std::vector<std::string>;

// A module that lists whatever it is told to.
struct Listing : nn::Module {
  explicit Listing(std::function<void(const nn::Members&)> list) : list(std::move(list)) {}
  void members(const nn::Members& m) const override { list(m); }
  std::function<void(const nn::Members&)> list;
};

}  // namespace

TEST_CASE("Names of members are joined by dots, and lists are named by position") {
  const Variable scale(ones({2, 3}));
  const std::vector<nn::Linear> gates{{2, 3, random::key(1)}, {2, 3, random::key(2), {.bias = false}}};
  const std::vector<Variable> offsets{Variable(ones({4})), Variable(ones({5}))};
  const Listing inner([&](const nn::Members& m) { m("gates", gates), m("scale", scale); });
  const Listing outer([&](const nn::Members& m) { m("inner", inner), m("offsets", offsets); });
  CHECK(names(outer.variables()) == Names{"inner.gates.0.weight", "inner.gates.0.bias",
                                          "inner.gates.1.weight", "inner.scale", "offsets.0", "offsets.1"});
  CHECK(outer.count() == 6 + 3 + 6 + 6 + 4 + 5);
  CHECK(outer.variables()[3].variable.is(scale));
}

TEST_CASE("Several modules are listed under the names given, or their positions") {
  const nn::Embedding embed(5, 2, random::key(1));
  const nn::Linear head(2, 5, random::key(2));
  CHECK(names(nn::variables({{"embed", embed}, {"head", head}})) ==
        Names{"embed.weight", "head.weight", "head.bias"});
  CHECK(names(nn::variables(embed, head)) == Names{"0.weight", "1.weight", "1.bias"});
}

TEST_CASE("A Variable that two modules share is listed once, by its first name") {
  const nn::Embedding embed(5, 2, random::key(1));
  nn::Linear head(5, 2, random::key(2), {.bias = false});
  head.weight = embed.weight;
  CHECK(names(nn::variables({{"embed", embed}, {"head", head}})) == Names{"embed.weight"});
}

TEST_CASE("Copies of a module share its Variables") {
  const nn::Linear linear(2, 3, random::key(1));
  const nn::Linear copy = linear;
  copy.bias.assign(full({3}, 7));
  check_close(linear.bias, {7, 7, 7}, 0);
}

TEST_CASE("Members must have names and values of their own") {
  const Variable v(ones({1})), w(ones({1}));
  CHECK_THROWS_WITH(
      Listing([&](const nn::Members& m) { m("", v); }).variables(),
      contains("[members] a member needs a name: got an empty one inside ''; name it in members()"));
  CHECK_THROWS_WITH(
      Listing([&](const nn::Members& m) { m("a", v), m("a", w); }).variables(),
      contains("[members] every Variable has a name of its own: got 'a' twice; rename one of them"));
  CHECK_THROWS_WITH(Listing([&](const nn::Members& m) { m("a", Variable()); }).variables(),
                    contains("[members] a member has a value: got Variable 'a', which has none"));
  const nn::Linear linear(1, 1, random::key(1));
  CHECK_THROWS_WITH(nn::variables({{"rnn", linear}, {"rnn", nn::Linear(1, 1, random::key(2))}}),
                    contains("got 'rnn.weight' twice"));
}

TEST_CASE("Linear is x W + b over the last axis") {
  nn::Linear linear(2, 3, random::key(1));
  linear.weight.assign(tensor({1.f, 2.f, 3.f, 4.f, 5.f, 6.f}, {2, 3}));
  linear.bias.assign(tensor({10.f, 20.f, 30.f}));
  const Tensor x = tensor({1.f, 0.f, 0.f, 1.f, 1.f, 1.f}, {3, 1, 2});
  const Tensor y = linear(x);
  CHECK(y.shape() == Shape{3, 1, 3});
  check_close(y, {11, 22, 33, 14, 25, 36, 15, 27, 39}, 0);
  check_close(linear(tensor({1.f, 1.f})), {15, 27, 39}, 0);

  const nn::Linear plain(2, 3, random::key(1), {.bias = false, .dtype = DType::float64});
  CHECK_FALSE(plain.bias.defined());
  CHECK(plain(zeros({4, 2}, DType::float64)).spec() == Spec{DType::float64, {4, 3}});
}

TEST_CASE("Linear starts within 1/sqrt(in), and the same key gives the same values") {
  const nn::Linear a(16, 200, random::key(1)), b(16, 200, random::key(1)), c(16, 200, random::key(2));
  check_close(a.weight, b.weight, 0);
  CHECK(numbers(a.weight) != numbers(c.weight));
  for (const Variable& v : {a.weight, a.bias}) {
    const std::vector<double> values = numbers(v);
    const auto [low, high] = std::minmax_element(values.begin(), values.end());
    CHECK(*low >= -0.25);
    CHECK(*low < -0.23);
    CHECK(*high <= 0.25);
    CHECK(*high > 0.23);
  }
  const nn::Linear custom(2, 2, random::key(1),
                          {.init = nn::init::constant(3), .bias_init = nn::init::constant(4)});
  check_close(custom.weight, {3, 3, 3, 3}, 0);
  check_close(custom.bias, {4, 4}, 0);
}

TEST_CASE("Linear names itself, both sizes and what to do when x does not fit") {
  const nn::Linear linear(128, 3, random::key(1));
  CHECK_THROWS_WITH(
      linear(zeros({50, 20, 64})),
      contains("[linear] takes x f32[..., 128], for its weight f32[128, 3]: got f32[50, 20, 64]; make the "
               "layer with 64 inputs, or give it x of that width and dtype (nn/modules.cpp:"));
  CHECK_THROWS_AS(linear(zeros({50, 128}, DType::float64)), ShapeError);
  CHECK_THROWS_AS(linear(zeros({})), ShapeError);
  CHECK_THROWS_WITH(linear(Tensor()), contains("got an undefined tensor"));
  CHECK_THROWS_WITH(nn::Linear(0, 3, random::key(1)),
                    contains("[linear] sizes are at least 1: got 0 in and 3 out"));
}

TEST_CASE("Embedding looks up the vector of each id") {
  nn::Embedding embed(3, 2, random::key(1));
  embed.weight.assign(tensor({1.f, 2.f, 3.f, 4.f, 5.f, 6.f}, {3, 2}));
  const Tensor y = embed(tensor({2, 0, 0, 1}, {2, 2}));
  CHECK(y.shape() == Shape{2, 2, 2});
  check_close(y, {5, 6, 1, 2, 1, 2, 3, 4}, 0);
}

TEST_CASE("Embedding says what it takes") {
  const nn::Embedding embed(3, 2, random::key(1));
  CHECK_THROWS_WITH(embed(zeros({4})),
                    contains("[embedding] takes ids i32[...] for its weight f32[3, 2]: got f32[4]; "
                             "cast the ids to int32 (nn/modules.cpp:"));
  CHECK_THROWS_AS(evaluate(embed(tensor({0, 3}))), Error);
  CHECK_THROWS_WITH(nn::Embedding(3, 0, random::key(1)),
                    contains("[embedding] sizes are at least 1: got 3 ids and vectors of 0"));
}

TEST_CASE("Sequential applies modules and functions in order, and names modules by position") {
  const nn::Linear first(2, 3, random::key(1)), last(3, 1, random::key(2));
  const nn::Sequential net(
      first, relu, [](const Tensor& x) { return 2 * x; }, last);
  const Tensor x = tensor({1.f, -2.f, 0.5f, 3.f}, {2, 2});
  check_close(net(x), last(2 * relu(first(x))), 0);
  CHECK(names(net.variables()) == Names{"0.weight", "0.bias", "3.weight", "3.bias"});
  CHECK(net.variables()[0].variable.is(first.weight));

  const nn::Sequential nested(net, relu);
  check_close(nested(x), relu(net(x)), 0);
  CHECK(names(nested.variables()) == Names{"0.0.weight", "0.0.bias", "0.3.weight", "0.3.bias"});
  const nn::Sequential twin(net, net);  // shares all: each Variable is listed once
  CHECK(names(twin.variables()) == Names{"0.0.weight", "0.0.bias", "0.3.weight", "0.3.bias"});
  const std::vector<nn::Sequential> copies{net};
  CHECK(copies[0].variables()[0].variable.is(first.weight));
}

TEST_CASE("Sequential passes errors on with the caller's line") {
  const nn::Sequential net(nn::Linear(2, 3, random::key(1)), relu);
  CHECK_THROWS_WITH(net(zeros({1, 5})),
                    contains("[sequential] in linear: takes x f32[..., 2]") && contains("nn/modules.cpp:"));
}
