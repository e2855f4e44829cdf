#include <sluice/compile/compile.h>
#include <sluice/graph/arithmetic.h>
#include <sluice/graph/grad.h>
#include <sluice/nn/adaptive_softmax.h>
#include <sluice/nn/carried_state.h>
#include <sluice/nn/embedding.h>
#include <sluice/nn/four_gate.h>
#include <sluice/nn/gru.h>
#include <sluice/nn/layer_norm.h>
#include <sluice/nn/lstm.h>
#include <sluice/nn/rnn.h>
#include <sluice/nn/sequential.h>
#include <sluice/nn/values.h>
#include <sluice/ops/cast.h>
#include <sluice/ops/random.h>
#include <sluice/ops/relu.h>
#include <sluice/ops/sum.h>

#include "support/catch.h"
#include "support/close.h"

using namespace sluice;
using namespace sluice::test;

namespace {

// A model as a user writes one: members by value, tied weights, a list, and a part by pointer.
struct Tagger : nn::Module {
  nn::Embedding embed{5, 4, random::key(1)};
  nn::LSTM rnn{2, 4, 4, random::key(2), {.dropout = 0.1}};
  nn::Linear head{4, 5, random::key(3), {.bias = false}};
  std::vector<nn::Linear> gates{{4, 4, random::key(4)}, {4, 4, random::key(5)}};
  std::shared_ptr<const nn::LayerNorm> norm = std::make_shared<nn::LayerNorm>(4);
  std::shared_ptr<const nn::LayerNorm> again = norm;
  Variable tied = embed.weight;
  Variable steps{full({}, 3, DType::int32)};

  void members(const nn::Members& m) const override {
    m("embed", embed), m("rnn", rnn), m("head", head), m("gates", gates), m("norm", norm);
    m("again", again), m("tied", tied), m("steps", steps);
  }
  Tensor operator()(const Tensor& ids) const {
    Tensor y = (*norm)(rnn(embed(ids)));
    for (const nn::Linear& gate : gates) y = gate(y);
    return head((*again)(y)) + sum(tied);
  }
};

void check_independent(const nn::Module& a, const nn::Module& b) {
  const NamedVariables in_a = a.variables(), in_b = b.variables();
  REQUIRE(in_a.size() == in_b.size());
  for (std::size_t i = 0; i < in_a.size(); ++i) {
    CHECK(in_a[i].name == in_b[i].name);
    for (const NamedVariable& other : in_b) CHECK_FALSE(in_a[i].variable.is(other.variable));
  }
}

void fill(const nn::Module& module, double value) {
  for (const NamedVariable& named : module.variables())
    named.variable.assign(full(named.variable.shape(), value, named.variable.dtype()));
}

const Tensor ids = tensor({0, 1, 2, 3, 4, 0}, {3, 2});

}  // namespace

TEST_CASE("A clone has Variables of its own, with equal values and the same ties") {
  const Tagger model;
  const NamedVariables before = model.variables();
  const Tensor said = evaluate(model(ids));
  const Tagger twin = nn::clone(model);
  check_independent(model, twin);
  check_close(twin(ids), said, 0);
  CHECK(twin.tied.is(twin.embed.weight));
  CHECK(twin.norm == twin.again);
  CHECK(twin.norm != model.norm);
  CHECK(twin.steps.value().item() == 3);

  fill(twin, 2);
  check_close(model(ids), said, 0);
  CHECK(model.variables().size() == before.size());
  for (std::size_t i = 0; i < before.size(); ++i) CHECK(model.variables()[i].variable.is(before[i].variable));
}

TEMPLATE_TEST_CASE("Recurrent layers of every cell are cloned and converted", "", nn::RNNCell, nn::LSTMCell,
                   nn::GRUCell, nn::FourGateCell) {
  const nn::Recurrent<TestType> rnn(2, 3, 4, random::key(1));
  const Tensor x = random::normal(random::key(2), {5, 2, 3});
  const auto twin = nn::clone(rnn);
  check_independent(rnn, twin);
  check_close(twin(x), rnn(x), 0);
  const auto wide = nn::to(rnn, DType::float64);
  check_independent(rnn, wide);
  for (const NamedVariable& named : wide.variables()) CHECK(named.variable.dtype() == DType::float64);
  check_close(wide(cast(x, DType::float64)), rnn(x), 1e-6);
  CHECK_THROWS_WITH(wide(x), contains("takes x f64[time, batch, 3]: got f32[5, 2, 3]"));
  check_close(nn::to(wide, DType::float32)(x), rnn(x), 0);
}

TEST_CASE("Cells of types chosen at run time keep them when cloned") {
  const nn::RecurrentLayers rnn({std::make_shared<nn::GRUCell>(3, 4, random::key(1)),
                                 std::make_shared<const nn::LSTMCell>(4, 5, random::key(2))});
  const Tensor x = random::normal(random::key(3), {5, 2, 3});
  const nn::RecurrentLayers twin = nn::clone(rnn);
  check_independent(rnn, twin);
  check_close(twin(x), rnn(x), 0);
  CHECK(dynamic_cast<const nn::LSTMCell*>(&twin.cell(1)) != nullptr);

  const std::shared_ptr<const nn::Cell> unknown = std::make_shared<nn::GRUCell>(3, 4, random::key(1));
  CHECK_THROWS_WITH(nn::clone(nn::RecurrentLayers({unknown})),
                    contains("[clone] a part held by pointer is copied as the type that it was added as: got "
                             "'0', of another"));
}

TEST_CASE("A cell in two layers stays one cell in a clone") {
  const auto cell = std::make_shared<const nn::GRUCell>(3, 3, random::key(1));
  const nn::RecurrentLayers twin = nn::clone(nn::RecurrentLayers({cell, cell}));
  CHECK(&twin.cell(0) == &twin.cell(1));
  CHECK(twin.variables().size() == cell->variables().size());
  CHECK_FALSE(twin.variables()[0].variable.is(cell->variables()[0].variable));
}

TEST_CASE("A Sequential and what is in it are cloned") {
  const nn::Sequential inner(nn::Linear(4, 4, random::key(1)), relu);
  const nn::Sequential net(nn::Linear(3, 4, random::key(2)), inner, nn::LSTM(1, 4, 2, random::key(3)),
                           nn::LayerNorm(2, {.affine = false}), nn::LayerNorm(2));
  const Tensor x = random::normal(random::key(4), {5, 2, 3});
  const nn::Sequential twin = nn::clone(net);
  check_independent(net, twin);
  check_close(twin(x), net(x), 0);
  fill(twin, 0.25);
  CHECK(numbers(twin(x)) != numbers(net(x)));
  check_close(nn::to(net, DType::float64)(cast(x, DType::float64)), net(x), 1e-5);
}

TEST_CASE("Other modules are cloned and converted") {
  const nn::AdaptiveSoftmax softmax(8, 9, {3, 6}, random::key(1), {.div_value = 2});
  const Tensor h = random::normal(random::key(2), {4, 8});
  const nn::AdaptiveSoftmax wide = nn::to(softmax, DType::float64);
  check_independent(softmax, wide);
  check_close(wide.log_probabilities(cast(h, DType::float64)), softmax.log_probabilities(h), 1e-5);

  const nn::LSTM rnn(1, 3, 4, random::key(1));
  const nn::CarriedState carried(rnn, 2);
  const nn::CarriedState states = nn::to(carried, DType::float64);
  check_independent(carried, states);
  fill(states, 1);
  states.reset();
  check_close(states.read()[0].output(), zeros({2, 4}, DType::float64), 0);
}

TEST_CASE("A clone is trained without the original") {
  const nn::Linear online(2, 2, random::key(1));
  const nn::Linear target = nn::clone(online);
  const Tensor x = ones({1, 2});
  const Tensor gradient = grad(sum(online(x) - target(x)), Tensors{online.weight, target.weight})[1];
  check_close(gradient, {-1, -1, -1, -1}, 0);
  online.weight.freeze();
  CHECK(nn::clone(online).weight.frozen());
  CHECK_FALSE(nn::clone(online).bias.frozen());
}

namespace {

struct Borrows : nn::Module {
  const nn::Linear& lent;
  explicit Borrows(const nn::Linear& lent) : lent(lent) {}
  void members(const nn::Members& m) const override { m("lent", lent); }
};
struct Temporary : nn::Module {
  std::shared_ptr<nn::Linear> part = std::make_shared<nn::Linear>(2, 2, random::key(1));
  void members(const nn::Members& m) const override { m("part", std::shared_ptr<const nn::Linear>(part)); }
};
struct Larger : nn::Linear {
  Variable more{ones({2})};
  Larger() : Linear(2, 2, random::key(1)) {}
  void members(const nn::Members& m) const override { Linear::members(m), m("more", more); }
};

}  // namespace

TEST_CASE("What cannot be cloned is refused, and left as it was") {
  const nn::Linear linear(2, 2, random::key(1));
  const Variable weight = linear.weight;
  CHECK_THROWS_WITH(nn::clone(Borrows(linear)), contains("a module owns its members: got "
                                                         "'lent.weight', which a copy has in common"));
  CHECK(linear.weight.is(weight));
  CHECK_THROWS_WITH(nn::clone(Temporary()), contains("got 'part.weight', which a copy has in common"));
  const Larger larger;
  CHECK_THROWS_WITH(nn::clone<nn::Linear>(larger),
                    contains("got one of 3 Variables, and 2 as the type it was passed as"));
  CHECK_THROWS_WITH(nn::to(linear, DType::int32), contains("[to] parameters are floating: got i32"));
  CHECK_THROWS_WITH(
      compile([&](const Tensor& x) { return nn::clone(linear)(x); })(ones({2, 2})),
      contains("[clone] Variables are made where they have values: got 'weight' in a function"));
}

TEST_CASE("copy gives the values of one module to another") {
  const Tagger from, to;
  fill(from, 2);
  fill(to, 7);
  nn::copy(from, to);
  for (const NamedVariable& named : to.variables())
    check_close(named.variable, numbers(full(named.variable.shape(), 2)), 0);
  fill(from, 3);
  check_close(to.head.weight, numbers(full({4, 5}, 2)), 0);
}

TEST_CASE("copy and lerp list all that does not fit, and change nothing") {
  const nn::Sequential from(nn::Linear(2, 3, random::key(1)), nn::Linear(3, 2, random::key(1)));
  const nn::Sequential to(nn::Linear(2, 3, random::key(2)), nn::Linear(3, 4, random::key(2), {.bias = false}),
                          nn::LayerNorm(4));
  const std::vector<double> before = numbers(to.variables()[0].variable);
  const auto text = contains(
      "got 4 that do not fit, and changed nothing; make both alike\n"
      "  '1.weight' is f32[3, 2] in `from`, but f32[3, 4] in `to`\n"
      "  '2.scale' f32[4] is missing in `from`\n"
      "  '2.shift' f32[4] is missing in `from`\n"
      "  '1.bias' f32[2] is unknown in `to`");
  CHECK_THROWS_WITH(nn::copy(from, to), contains("[copy]") && text);
  CHECK_THROWS_WITH(nn::lerp(from, to, 0.5), contains("[lerp]") && text);
  CHECK(numbers(to.variables()[0].variable) == before);
}

TEST_CASE("lerp moves floating Variables by a share, and copies others") {
  const Tagger from, to;
  fill(from, 4);
  fill(to, 2);
  nn::lerp(from, to, 0.25);
  check_close(to.head.weight, numbers(full({4, 5}, 2.5)), 0);
  CHECK(to.steps.value().item() == 4);
  nn::lerp(from, to, full({}, 0.5));
  check_close(to.head.weight, numbers(full({4, 5}, 3.25)), 0);
  check_close(from.head.weight, numbers(full({4, 5}, 4)), 0);
  CHECK_THROWS_WITH(nn::lerp(from, to, ones({2})),
                    contains("[lerp] the amount is a floating scalar: got f32[2]"));
}

TEST_CASE("In a compiled step targets follow what was assigned before") {
  const nn::Linear online(2, 2, random::key(1)), target(2, 2, random::key(2)), kept(2, 2, random::key(3));
  fill(online, 1);
  fill(target, 0);
  const auto step = compile([&](const Tensor& amount) {
    online.weight.assign(online.weight + 1);
    nn::lerp(online, target, amount);
    nn::copy(target, kept);
    return sum(target.weight);
  });
  CHECK(step(full({}, 0.5)).item() == 4);  // 0 + 0.5 * (2 - 0), four times
  check_close(kept.weight, {1, 1, 1, 1}, 0);
  CHECK(step(full({}, 0.25)).item() == 6);  // 1 + 0.25 * (3 - 1)
  check_close(target.weight, {1.5, 1.5, 1.5, 1.5}, 0);
  check_close(kept.weight, {1.5, 1.5, 1.5, 1.5}, 0);
  check_close(online.weight, {3, 3, 3, 3}, 0);
}
