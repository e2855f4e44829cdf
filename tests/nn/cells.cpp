#include <sluice/nn/four_gate.h>
#include <sluice/nn/gru.h>
#include <sluice/nn/lstm.h>
#include <sluice/nn/rnn.h>
#include <sluice/ops/random.h>

#include <cmath>

#include "support/catch.h"
#include "support/close.h"

using namespace sluice;
using namespace sluice::test;

namespace {

double sigmoid_of(double x) { return 1 / (1 + std::exp(-x)); }

// A cell of one input and one unit, where an equation is a line of plain arithmetic: x = 0.5, first state
// 0.25, second 0.75, every Linear with its weights w_x, w_h and bias.
constexpr double x0 = 0.5, h0 = 0.25, c0 = 0.75;

struct Weights {
  double x, h, b;
  double operator()(double x_t, double h_t) const { return x * x_t + h * h_t + b; }
};

void set(const nn::Linear& linear, const Weights& w) {
  linear.weight.assign(tensor({w.x, w.h}, {2, 1}));
  linear.bias.assign(tensor({w.b}));
}

void set(const nn::Linear& linear, double weight, double bias) {
  linear.weight.assign(tensor({weight}, {1, 1}));
  linear.bias.assign(tensor({bias}));
}

Tensor scalar(double value) { return tensor({value}, {1, 1}); }

void check_state(const nn::State& state, const std::vector<double>& expected) {
  REQUIRE(state.parts.size() == expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) check_close(state.parts[i], {expected[i]}, 1e-14);
}

constexpr Weights w0{0.3, -0.7, 0.1}, w1{-0.4, 0.9, 0.2}, w2{1.1, 0.6, -0.3}, w3{0.8, -1.2, 0.4};

std::vector<std::string> names(const nn::Module& module) {
  std::vector<std::string> result;
  for (const NamedVariable& named : module.variables()) result.push_back(named.name);
  return result;
}

using Names = std::vector<std::string>;

// A cell that is told what to return.
struct Told : nn::Cell {
  explicit Told(std::function<nn::State(const Tensor&)> f) : Cell(3, {2, 4}), f(std::move(f)) {}
  nn::State step(const Tensor& x, const nn::State&) const override { return f(x); }
  void members(const nn::Members&) const override {}
  std::function<nn::State(const Tensor&)> f;
};

}  // namespace

TEST_CASE("The RNN cell is its equation") {
  nn::RNNCell cell(1, 1, random::key(1), {.dtype = DType::float64});
  set(cell.linear, w0);
  check_state(cell(scalar(x0), {scalar(h0)}), {std::tanh(w0(x0, h0))});
  check_state(cell(scalar(-2), {scalar(h0)}), {std::tanh(w0(-2, h0))});

  nn::RNNCell relu(1, 1, random::key(1), {.activation = nn::RNNActivation::relu, .dtype = DType::float64});
  set(relu.linear, w0);
  check_state(relu(scalar(x0), {scalar(h0)}), {std::max(0.0, w0(x0, h0))});
  check_state(relu(scalar(-2), {scalar(h0)}), {0});
}

TEST_CASE("The LSTM cell is its equations") {
  nn::LSTMCell cell(1, 1, random::key(1), {.dtype = DType::float64});
  set(cell.forget, w0);
  set(cell.input, w1);
  set(cell.candidate, w2);
  set(cell.output, w3);
  const double next = sigmoid_of(w0(x0, h0)) * c0 + sigmoid_of(w1(x0, h0)) * std::tanh(w2(x0, h0));
  check_state(cell(scalar(x0), {scalar(h0), scalar(c0)}), {sigmoid_of(w3(x0, h0)) * std::tanh(next), next});
}

TEST_CASE("The GRU cell is its equations, with the reset after the product and before it") {
  for (const bool reset_after : {true, false}) {
    nn::GRUCell cell(1, 1, random::key(1), {.reset_after = reset_after, .dtype = DType::float64});
    set(cell.reset, w0);
    set(cell.update, w1);
    set(cell.candidate, 0.8, 0.4);
    set(cell.candidate_hidden, -1.2, 0.35);
    const double r = sigmoid_of(w0(x0, h0));
    const double z = sigmoid_of(w1(x0, h0));
    const double recalled = reset_after ? r * (-1.2 * h0 + 0.35) : -1.2 * (r * h0) + 0.35;
    const double n = std::tanh(0.8 * x0 + 0.4 + recalled);
    check_state(cell(scalar(x0), {scalar(h0)}), {(1 - z) * n + z * h0});
  }
}

TEST_CASE("The four-gate cell is its equations: the use gate sees what the forget gate kept") {
  nn::FourGateCell cell(1, 1, random::key(1), {.dtype = DType::float64});
  set(cell.learn, w0);
  set(cell.ignore, w1);
  set(cell.forget, w2);
  set(cell.show, w3);
  set(cell.use, 1.7, -0.15);
  const double learned = std::tanh(w0(x0, h0)) * sigmoid_of(w1(x0, h0));
  const double kept = c0 * sigmoid_of(w2(x0, h0));
  check_state(cell(scalar(x0), {scalar(h0), scalar(c0)}),
              {std::tanh(1.7 * kept - 0.15) * sigmoid_of(w3(x0, h0)), kept + learned});
}

TEST_CASE("Cells keep their gates apart, by name") {
  const Tensor key = random::key(1);
  CHECK(names(nn::RNNCell(2, 3, key)) == Names{"weight", "bias"});
  CHECK(names(nn::LSTMCell(2, 3, key)) == Names{"forget.weight", "forget.bias", "input.weight", "input.bias",
                                                "candidate.weight", "candidate.bias", "output.weight",
                                                "output.bias"});
  CHECK(names(nn::GRUCell(2, 3, key)) == Names{"reset.weight", "reset.bias", "update.weight", "update.bias",
                                               "candidate.weight", "candidate.bias",
                                               "candidate_hidden.weight", "candidate_hidden.bias"});
  CHECK(names(nn::FourGateCell(2, 3, key, {.bias = false})) ==
        Names{"learn.weight", "ignore.weight", "forget.weight", "use.weight", "show.weight"});
  CHECK(nn::LSTMCell(128, 256, key).count() == Index{4} * (384 * 256 + 256));
}

TEST_CASE("Cells start with small weights, zero biases and a forget gate that remembers") {
  const nn::LSTMCell cell(20, 16, random::key(1));
  for (const double value : numbers(cell.candidate.weight)) CHECK(std::abs(value) <= 0.25);
  CHECK(numbers(cell.candidate.weight) != numbers(cell.input.weight));
  check_close(cell.forget.bias, std::vector<double>(16, 1), 0);
  check_close(cell.input.bias, std::vector<double>(16, 0), 0);
  const nn::FourGateCell told(2, 3, random::key(1), {.forget_bias = -2, .init = nn::init::constant(0.5)});
  check_close(told.forget.bias, {-2, -2, -2}, 0);
  check_close(told.use.weight, std::vector<double>(9, 0.5), 0);
}

TEST_CASE("The initial state is zeros of the cell's sizes") {
  const nn::State state = nn::LSTMCell(2, 3, random::key(1)).initial(4, DType::float64);
  REQUIRE(state.parts.size() == 2);
  for (const Tensor& part : state.parts) {
    CHECK(part.spec() == Spec{DType::float64, {4, 3}});
    check_close(part, std::vector<double>(12), 0);
  }
}

TEST_CASE("A cell says what it takes") {
  const nn::LSTMCell cell(3, 2, random::key(1));
  const nn::State good = cell.initial(4);
  CHECK_THROWS_WITH(cell(zeros({4, 5}), good),
                    contains("[cell] a step takes x [batch, 3]: got f32[4, 5]; give the cell 5 "
                             "inputs, or x that width (nn/cells.cpp:"));
  CHECK_THROWS_WITH(cell(zeros({1, 4, 3}), good), contains("got f32[1, 4, 3]"));
  CHECK_THROWS_WITH(cell(Tensor(), good), contains("got an undefined tensor"));
  CHECK_THROWS_WITH(
      cell(zeros({5, 3}), good),
      contains("[cell] the state of a batch of 5 is f32[5, 2], f32[5, 2]: got f32[4, 2], f32[4, 2]; start "
               "from initial(5), go on from the state of the step before, or make a CarriedState"));
  CHECK_THROWS_WITH(cell(zeros({4, 3}), {zeros({4, 2})}), contains("got f32[4, 2]; start"));
  CHECK_THROWS_WITH(cell(zeros({4, 3}), nn::State()), contains("got nothing"));
  CHECK_THROWS_WITH(nn::LSTMCell(3, 0, random::key(1)),
                    contains("[lstm_cell] in cell: sizes are at least 1: got 3 inputs and a state of 0"));
  CHECK_THROWS_WITH(nn::State({zeros({1})}).pair(),
                    contains("[state] pair() is for states of 2 parts: got 1 (f32[1])"));
}

TEST_CASE("A cell of a user's that returns another state than it got is told so") {
  const nn::State state = Told(nullptr).initial(1);
  const Told forgets([](const Tensor&) { return nn::State{zeros({1, 2})}; });
  CHECK_THROWS_WITH(
      forgets(zeros({1, 3}), state),
      contains("[cell] a step returns a state like the one it takes, f32[1, 2], f32[1, 4]: got "
               "f32[1, 2] from step(); return all parts, the output first, or correct the state sizes"));
  const Told swaps([](const Tensor&) { return nn::State{zeros({1, 4}), zeros({1, 2})}; });
  CHECK_THROWS_AS(swaps(zeros({1, 3}), state), ShapeError);
  const Told leaves([](const Tensor&) { return nn::State{zeros({1, 2}), Tensor()}; });
  CHECK_THROWS_WITH(leaves(zeros({1, 3}), state), contains("an undefined tensor"));
}
