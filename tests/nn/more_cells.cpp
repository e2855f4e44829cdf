// Cells and options beyond the plain ones: their equations on one number, the names of their parts, and what
// they start from.

#include <sluice/graph/arithmetic.h>
#include <sluice/nn/gru.h>
#include <sluice/nn/ind_rnn.h>
#include <sluice/nn/irnn.h>
#include <sluice/nn/lstm.h>
#include <sluice/nn/min_gru.h>
#include <sluice/nn/min_lstm.h>
#include <sluice/nn/slstm.h>
#include <sluice/ops/random.h>

#include <algorithm>
#include <cmath>

#include "support/catch.h"
#include "support/close.h"

using namespace sluice;
using namespace sluice::test;

namespace {

double sigmoid_of(double x) { return 1 / (1 + std::exp(-x)); }

constexpr DType f64 = DType::float64;
constexpr double x0 = 0.5, h0 = 0.25, c0 = 0.75;

Tensor scalar(double value) { return tensor({value}, {1, 1}); }

/// Gives the Variables of a cell of one input and one unit these values, in the order of its members.
void set(const nn::Cell& cell, std::vector<double> values) {
  auto next = values.begin();
  for (const NamedVariable& named : cell.variables()) {
    std::vector<double> own;
    for (Index i = 0; i < named.variable.shape().size(); ++i) own.push_back(*next++);
    named.variable.assign(tensor(own, named.variable.shape()));
  }
  REQUIRE(next == values.end());
}

void check_state(const nn::State& state, const std::vector<double>& expected) {
  REQUIRE(state.parts.size() == expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) check_close(state.parts[i], {expected[i]}, 1e-14);
}

std::vector<std::string> names(const nn::Module& module) {
  std::vector<std::string> result;
  for (const NamedVariable& named : module.variables()) result.push_back(named.name);
  return result;
}

using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("The LSTM cell with peepholes is its equations: the output gate sees the new memory") {
  const nn::LSTMCell cell(1, 1, random::key(1), {.dtype = f64, .peepholes = true});
  set(cell, {0.3, -0.7, 0.1, -0.4, 0.9, 0.2, 1.1, 0.6, -0.3, 0.8, -1.2, 0.4, 0.55, -0.65, 0.75});
  const double f = sigmoid_of(0.3 * x0 - 0.7 * h0 + 0.1 + 0.55 * c0);
  const double i = sigmoid_of(-0.4 * x0 + 0.9 * h0 + 0.2 - 0.65 * c0);
  const double next = f * c0 + i * std::tanh(1.1 * x0 + 0.6 * h0 - 0.3);
  const double o = sigmoid_of(0.8 * x0 - 1.2 * h0 + 0.4 + 0.75 * next);
  check_state(cell(scalar(x0), {scalar(h0), scalar(c0)}), {o * std::tanh(next), next});
}

TEST_CASE("The coupled LSTM cell writes what it forgets, and a projection shows a part of it") {
  const nn::LSTMCell cell(1, 1, random::key(1),
                          {.dtype = f64, .coupled = true, .projection = 1, .projection_bias = true});
  set(cell, {0.3, -0.7, 0.1, 1.1, 0.6, -0.3, 0.8, -1.2, 0.4, 1.5, 0.05});
  const double f = sigmoid_of(0.3 * x0 - 0.7 * h0 + 0.1);
  const double next = f * c0 + (1 - f) * std::tanh(1.1 * x0 + 0.6 * h0 - 0.3);
  const double o = sigmoid_of(0.8 * x0 - 1.2 * h0 + 0.4);
  check_state(cell(scalar(x0), {scalar(h0), scalar(c0)}), {1.5 * o * std::tanh(next) + 0.05, next});
}

TEST_CASE("The IRNN cell keeps its state, and adds what it reads") {
  const nn::IRNNCell cell(2, 3, random::key(1), {.scale = 0.5, .dtype = f64});
  const std::vector<double> w = numbers(cell.linear.weight);
  REQUIRE(w.size() == 15);
  for (std::size_t i = 0; i < 6; ++i) CHECK((w[i] != 0 && std::abs(w[i]) < 0.006));
  CHECK(std::vector<double>(w.begin() + 6, w.end()) == std::vector<double>{0.5, 0, 0, 0, 0.5, 0, 0, 0, 0.5});
  check_close(cell.linear.bias, {0, 0, 0}, 0);
  const nn::State state = cell(zeros({1, 2}, f64), {tensor({1.0, 2.0, 4.0}, {1, 3})});
  check_close(state.output(), {0.5, 1, 2}, 1e-15);
  CHECK(numbers(cell(zeros({1, 2}, f64), {tensor({-1.0, 2.0, 4.0}, {1, 3})}).output())[0] == 0);
}

TEST_CASE("The RNN cell has an initialiser for the weights of its state") {
  const nn::RNNCell cell(1, 2, random::key(1),
                         {.init = nn::init::constant(3), .recurrent_init = nn::init::identity()});
  check_close(cell.linear.weight, {3, 3, 1, 0, 0, 1}, 0);
  const nn::RNNCell plain(1, 2, random::key(1)), same(1, 2, random::key(1), {.recurrent_init = {}});
  CHECK(numbers(plain.linear.weight) == numbers(same.linear.weight));
}

TEST_CASE("The IndRNN cell is its equation: units do not see each other") {
  const nn::IndRNNCell cell(1, 1, random::key(1), {.dtype = f64});
  set(cell, {0.8, 0.1, 0.9});
  check_state(cell(scalar(x0), {scalar(h0)}), {0.8 * x0 + 0.1 + 0.9 * h0});
  check_state(cell(scalar(-1), {scalar(h0)}), {0});
  const nn::IndRNNCell bent(1, 1, random::key(1), {.activation = nn::RNNActivation::tanh, .dtype = f64});
  set(bent, {0.8, 0.1, 0.9});
  check_state(bent(scalar(-1), {scalar(h0)}), {std::tanh(-0.8 + 0.1 + 0.9 * h0)});
}

TEST_CASE("The minGRU cell is its equations, positive and plain") {
  for (const double slope : {0.7, -1.9}) {
    const double z = sigmoid_of(0.3 * x0 - 0.1), v = slope * x0 + 0.2;
    const nn::MinGRUCell positive(1, 1, random::key(1), {.dtype = f64});
    set(positive, {0.3, -0.1, slope, 0.2});
    const double n = v >= 0 ? v + 0.5 : sigmoid_of(v);
    check_state(positive(scalar(x0), {scalar(h0)}), {(1 - z) * h0 + z * n});
    const nn::MinGRUCell plain(1, 1, random::key(1), {.positive = false, .dtype = f64});
    set(plain, {0.3, -0.1, slope, 0.2});
    check_state(plain(scalar(x0), {scalar(h0)}), {(1 - z) * h0 + z * v});
  }
}

TEST_CASE("The minLSTM cell is its equations, and its gates may both vanish") {
  const nn::MinLSTMCell cell(1, 1, random::key(1), {.positive = false, .dtype = f64});
  set(cell, {0.3, -0.1, -0.6, 0.4, 0.7, 0.2});
  const double f = sigmoid_of(0.3 * x0 - 0.1), i = sigmoid_of(-0.6 * x0 + 0.4), v = 0.7 * x0 + 0.2;
  check_state(cell(scalar(x0), {scalar(h0)}), {(f * h0 + i * v) / (f + i)});
  // f = exp(-2000), i = exp(-2001): the quotient f / (f + i) is sigmoid(1).
  set(cell, {0, -2000, 0, -2001, 0.7, 0.2});
  const double kept = sigmoid_of(1);
  check_state(cell(scalar(x0), {scalar(h0)}), {kept * h0 + (1 - kept) * v});
}

TEST_CASE("The sLSTM cell is its equations, written without a stabiliser") {
  for (const bool exponential : {false, true}) {
    const nn::SLSTMCell cell(1, 1, random::key(1), {.exponential_forget = exponential, .dtype = f64});
    // The weights of x and biases of f, i, z, o, then the recurrent ones.
    set(cell, {0.3, 0.1, -0.4, 0.2, 1.1, -0.3, 0.8, 0.4, -0.7, 0.9, 0.6, -1.2});
    double h = 0, c = 0, n = 0;
    nn::State state = cell.initial(1, f64);
    for (const double x : {0.5, -1.5, 2.0}) {
      const double a_f = 0.3 * x - 0.7 * h + 0.1, i = std::exp(-0.4 * x + 0.9 * h + 0.2);
      const double f = exponential ? std::exp(a_f) : sigmoid_of(a_f);
      const double z = std::tanh(1.1 * x + 0.6 * h - 0.3), o = sigmoid_of(0.8 * x - 1.2 * h + 0.4);
      c = f * c + i * z;
      n = f * n + i;
      h = o * c / n;
      state = cell(scalar(x), state);
      check_close(state.parts[0], {h}, 1e-14);
      const double unit = std::exp(numbers(state.parts[3])[0]);
      CHECK(numbers(state.parts[1])[0] * unit == Approx(c).epsilon(1e-13));
      CHECK(numbers(state.parts[2])[0] * unit == Approx(n).epsilon(1e-13));
    }
  }
}

TEST_CASE("The heads of an sLSTM cell do not see each other, as they do in one block") {
  const auto changed = [](Index heads) {
    const nn::SLSTMCell cell(1, 4, random::key(1), {.heads = heads, .dtype = f64});
    nn::State state = cell.initial(1, f64);
    const std::vector<double> before = numbers(cell(scalar(x0), state).output());
    state.parts[0] = tensor({1.0, 0.0, 0.0, 0.0}, {1, 4});
    const std::vector<double> after = numbers(cell(scalar(x0), state).output());
    std::vector<bool> result;
    for (std::size_t i = 0; i < 4; ++i) result.push_back(before[i] != after[i]);
    return result;
  };
  CHECK(changed(1) == std::vector<bool>{true, true, true, true});
  CHECK(changed(2) == std::vector<bool>{true, true, false, false});
  CHECK(changed(4) == std::vector<bool>{true, false, false, false});
}

TEST_CASE("An sLSTM cell is finite for gates of any size and sequences of any length") {
  for (const DType dtype : {f64, DType::float32}) {
    for (const double input : {-3000.0, -100.0, 0.0, 100.0, 3000.0}) {
      for (const double forget : {-3000.0, -100.0, 0.0, 100.0, 3000.0}) {
        INFO(name_of(dtype) << ", gates " << input << " and " << forget);
        const nn::SLSTMCell cell(1, 1, random::key(1), {.exponential_forget = true, .dtype = dtype});
        for (const NamedVariable& named : cell.variables())
          named.variable.assign(zeros(named.variable.shape(), dtype));
        cell.input.bias.assign(full({1}, input, dtype));
        cell.forget.bias.assign(full({1}, forget, dtype));
        cell.candidate.bias.assign(full({1}, 20, dtype));
        cell.output.bias.assign(full({1}, 50, dtype));
        // An average of candidates that all are 1, whatever their weights, shown whole.
        const nn::RecurrentLayers layer({std::make_shared<const nn::SLSTMCell>(cell)});
        const nn::Sequence run = layer(zeros({300, 1, 1}, dtype));
        check_close(run.output(), std::vector<double>(300, 1), 1e-5);
        CHECK(numbers(run.state[0].parts[2])[0] >= 1);
      }
    }
  }
}

TEST_CASE("Options name their parts, and plain cells have no others") {
  const Tensor key = random::key(1);
  CHECK(names(nn::LSTMCell(2, 3, key, {.peepholes = true, .coupled = true})) ==
        Names{"forget.weight", "forget.bias", "candidate.weight", "candidate.bias", "output.weight",
              "output.bias", "peephole_forget", "peephole_output"});
  CHECK(names(nn::LSTMCell(2, 3, key,
                           {.peepholes = true, .projection = 2, .norm = nn::LSTMNorm::gates_and_memory})) ==
        Names{"forget.weight", "input.weight", "candidate.weight", "output.weight", "peephole_forget",
              "peephole_input", "peephole_output", "norm_forget.scale", "norm_forget.shift",
              "norm_input.scale", "norm_input.shift", "norm_candidate.scale", "norm_candidate.shift",
              "norm_output.scale", "norm_output.shift", "norm_memory.scale", "norm_memory.shift",
              "projection.weight"});
  CHECK(names(nn::GRUCell(2, 3, key, {.norm = true})) ==
        Names{"reset.weight", "update.weight", "candidate.weight", "candidate_hidden.weight",
              "norm_reset.scale", "norm_reset.shift", "norm_update.scale", "norm_update.shift",
              "norm_candidate.scale", "norm_candidate.shift", "norm_candidate_hidden.scale",
              "norm_candidate_hidden.shift"});
  CHECK(names(nn::IRNNCell(2, 3, key)) == Names{"weight", "bias"});
  CHECK(names(nn::IndRNNCell(2, 3, key)) == Names{"weight", "bias", "recurrent"});
  CHECK(names(nn::MinGRUCell(2, 3, key, {.bias = false})) == Names{"update.weight", "candidate.weight"});
  CHECK(names(nn::MinLSTMCell(2, 3, key, {.bias = false})) ==
        Names{"forget.weight", "input.weight", "candidate.weight"});
  CHECK(names(nn::SLSTMCell(2, 3, key, {.bias = false})) ==
        Names{"forget.weight", "input.weight", "candidate.weight", "output.weight", "recurrent_forget",
              "recurrent_input", "recurrent_candidate", "recurrent_output"});
}

TEST_CASE("An LSTM cell with options starts as the plain one, with a forget gate that remembers") {
  const Tensor key = random::key(1);
  const nn::LSTMCell plain(2, 3, key);
  const nn::LSTMCell peeping(2, 3, key, {.peepholes = true});
  const nn::LSTMCell normed(2, 3, key, {.forget_bias = 2, .norm = nn::LSTMNorm::gates});
  for (const auto* cell : {&peeping, &normed}) {
    CHECK(numbers(cell->candidate.weight) == numbers(plain.candidate.weight));
    CHECK(numbers(cell->output.weight) == numbers(plain.output.weight));
  }
  check_close(peeping.peephole_output, {0, 0, 0}, 0);
  check_close(normed.norm_forget->shift, {2, 2, 2}, 0);
  check_close(normed.norm_input->shift, {0, 0, 0}, 0);
  check_close(normed.norm_forget->scale, {1, 1, 1}, 0);
  check_close(nn::MinLSTMCell(2, 3, key, {.forget_bias = 4}).forget.bias, {4, 4, 4}, 0);
  check_close(nn::SLSTMCell(2, 3, key).forget.bias, {1, 1, 1}, 0);
}

TEST_CASE("New cells start in the ranges of their papers") {
  const nn::IndRNNCell independent(4, 400, random::key(1));
  const std::vector<double> u = numbers(independent.recurrent);
  const auto [least, most] = std::minmax_element(u.begin(), u.end());
  CHECK((*least >= 0 && *least < 0.05 && *most > 0.95 && *most <= 1));
  const nn::SLSTMCell heads(4, 16, random::key(1), {.heads = 4});
  const std::vector<double> r = numbers(heads.recurrent_input);
  CHECK(heads.recurrent_input.shape() == Shape{4, 4, 4});
  CHECK(std::all_of(r.begin(), r.end(), [](double v) { return std::abs(v) <= 0.25; }));
  CHECK(std::vector<double>(r.begin(), r.begin() + 16) !=
        std::vector<double>(r.begin() + 16, r.begin() + 32));
}

TEST_CASE("Cells have as many parameters as docs/cells.md says") {
  constexpr Index i = 5, h = 8, p = 3, k = 2;
  const Tensor key = random::key(1);
  CHECK(nn::IRNNCell(i, h, key).count() == h * (i + h + 1));
  CHECK(nn::IndRNNCell(i, h, key).count() == h * (i + 2));
  CHECK(nn::LSTMCell(i, h, key, {.peepholes = true}).count() == 4 * h * (i + h + 1) + 3 * h);
  CHECK(nn::LSTMCell(i, h, key, {.coupled = true}).count() == 3 * h * (i + h + 1));
  CHECK(nn::LSTMCell(i, h, key, {.projection = p}).count() == 4 * h * (i + p + 1) + h * p);
  CHECK(nn::LSTMCell(i, h, key, {.norm = nn::LSTMNorm::gates}).count() == 4 * h * (i + h + 2));
  CHECK(nn::LSTMCell(i, h, key, {.norm = nn::LSTMNorm::gates_and_memory}).count() ==
        4 * h * (i + h + 2) + 2 * h);
  CHECK(nn::GRUCell(i, h, key).count() == 3 * h * (i + h + 1) + h);
  CHECK(nn::GRUCell(i, h, key, {.norm = true}).count() == 3 * h * (i + h + 2) + 2 * h);
  CHECK(nn::MinGRUCell(i, h, key).count() == 2 * h * (i + 1));
  CHECK(nn::MinLSTMCell(i, h, key).count() == 3 * h * (i + 1));
  CHECK(nn::SLSTMCell(i, h, key, {.heads = k}).count() == 4 * h * (i + 1) + 4 * h * h / k);
}

TEST_CASE("The recurrent weights of an LSTM are those of its gates, not a projection of their shape") {
  const nn::LSTMCell cell(3, 5, random::key(1), {.projection = 2});
  CHECK(cell.recurrent_weights().size() == 4);
  CHECK(nn::LSTMCell(3, 5, random::key(1), {.coupled = true}).recurrent_weights().size() == 3);
}

TEST_CASE("Layers of an LSTM with a projection take what the one below shows") {
  const nn::LSTM rnn(3, 5, 8, random::key(1), {.cell = {.projection = 3}});
  CHECK(rnn.hidden() == 3);
  CHECK(rnn.cell(0).inputs() == 5);
  CHECK(rnn.cell(2).inputs() == 3);
  const nn::Sequence run = rnn(zeros({2, 4, 5}));
  CHECK(run.shape() == Shape{2, 4, 3});
  CHECK(run.state[1].parts[1].shape() == Shape{4, 8});
}
