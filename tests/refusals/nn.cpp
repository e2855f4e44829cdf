#include "refusals/refusal.h"
#include "support/catch.h"

#include <sluice/sluice.h>

using namespace sluice;

namespace {

struct Stubborn : nn::Cell {
  static constexpr Location here = Location::current();
  explicit Stubborn(Index hidden) : Cell(3, {hidden}) {}
  nn::State step(const Tensor& x, const nn::State&) const override { return {x}; }
  void members(const nn::Members&) const override {}
};
struct Forgetful : nn::Cell {
  Forgetful() : Cell(3, {4}) {}
  nn::State step(const Tensor&, const nn::State& s) const override { return s; }
  nn::State start(Index batch, DType) const override { return {ones({batch, 5})}; }
  void members(const nn::Members&) const override {}
};
struct Nameless : nn::Module {
  static constexpr Location here = Location::current();
  Variable v;
  void members(const nn::Members& m) const override { m("v", v); }
};
struct Twins : nn::Module {
  static constexpr Location here = Location::current();
  Variable v{ones({2})};
  void members(const nn::Members& m) const override { m("", v); }
};
struct Hollow : nn::Module {
  static constexpr Location here = Location::current();
  std::shared_ptr<nn::Linear> part;
  void members(const nn::Members& m) const override { m("part", part); }
};

template <class M>
M robbed(M module) {
  const M taken = std::move(module);
  return module;  // NOLINT: what is left of it
}

}  // namespace

TEST_CASE("what layers refuse") {
  const Tensor key = random::key(1);
  const Tensor none;
  const nn::Linear linear(3, 4, key);
  const nn::Embedding embedding(5, 4, key);
  const nn::LayerNorm norm(3);
  const Tensor f64 = ones({2, 3}, DType::float64);
  const auto wrong = [](const Shape&, const Tensor&, DType dtype) { return ones({1}, dtype); };
  refuses("linear", "got 0 in and 4 out", [&] { nn::Linear(0, 4, key); });
  refuses("linear", "a key must be i32[2]: got i32[1]", [&] { nn::Linear(3, 4, tensor({1})); });
  refuses("linear", "undefined Tensor", [&] { nn::Linear(3, 4, none); });
  refuses("linear", "got f32[1] for f32[3, 4]", [&] { nn::Linear(3, 4, key, {.init = wrong}); });
  refuses("linear", "for its weight f32[3, 4]: got f32[2, 5]", [&] { linear(ones({2, 5})); });
  refuses("linear", "got f64[2, 3]", [&] { linear(f64); });
  refuses("linear", "got an undefined tensor", [&] { linear(none); });
  refuses("linear", "moved from", [&] { robbed(linear)(ones({2, 3})); });
  refuses("variable", "moved from", [&] { robbed(linear).in(); });
  refuses("variable", "moved from", [&] { robbed(linear).out(); });
  refuses("embedding", "got 0 ids and vectors of 4", [&] { nn::Embedding(0, 4, key); });
  refuses("embedding", "a key must be i32[2]", [&] { nn::Embedding(5, 4, tensor({1})); });
  refuses("embedding", "got f32[2]", [&] { embedding(ones({2})); });
  refuses("embedding", "ids must lie in 0..4: got 9 at [0]", [&] { evaluate(embedding(tensor({9}))); });
  refuses("embedding", "moved from", [&] { robbed(embedding)(tensor({1})); });
  refuses("layer_norm", "got size 0", [&] { nn::LayerNorm(0); });
  refuses("layer_norm", "got f32[4]", [&] { norm(ones({4})); });
  refuses("layer_norm", "moved from", [&] { robbed(norm)(ones({3})); });
  refuses("dropout", "a rate is in [0, 1): got 1", [&] { nn::Dropout(1); });
  refuses("dropout", "got none", [&] { nn::Dropout(0.5)(f64, nn::Mode::train, none); });
  refuses("dropout", "a key must be i32[2]", [&] { nn::Dropout(0.5)(f64, nn::Mode::train, tensor({1})); });
  refuses("dropout", "undefined Tensor", [&] { nn::Dropout(0.5)(none, nn::Mode::train, key); });
  refuses("sequential", "layer 1 of a Sequential", [&] { nn::Sequential(linear, linear)(ones({2, 3})); });
  refuses("sequential", "got none", [&] { robbed(nn::Sequential(linear))(ones({2, 3})); });
  refuses("sequential", "got none", [&] { nn::Sequential(nn::Dropout(0.5))(f64, nn::Mode::train, none); });
  refuses("add", "got [2, 4] and [3]", [&] {
    nn::Sequential(linear, [](const Tensor& x) { return x + ones({3}); })(ones({2, 3}));
  });
  refuses("uniform", "got 1 and 0", [&] { nn::init::uniform(1, 0); });
  refuses("normal", "got -1", [&] { nn::init::normal(0, -1); });
  refuses("linear", "two or more axes",
          [&] { nn::Linear(3, 4, key, {.bias_init = nn::init::orthogonal()}); });
  refuses("linear", "two or more axes",
          [&] { nn::Linear(3, 4, key, {.bias_init = nn::init::he_uniform()}); });
  refuses("linear", "two or more axes", [&] { nn::Linear(3, 4, key, {.bias_init = nn::init::he_normal()}); });
  refuses("linear", "two or more axes",
          [&] { nn::Linear(3, 4, key, {.bias_init = nn::init::xavier_uniform()}); });
  refuses("linear", "two or more axes",
          [&] { nn::Linear(3, 4, key, {.bias_init = nn::init::xavier_normal()}); });
}

TEST_CASE("what modules refuse") {
  const Tensor key = random::key(1);
  const nn::Linear linear(3, 4, key);
  refuses(
      "members", "got Variable 'v', which has none", [&] { Nameless().variables(); }, Nameless::here);
  refuses(
      "members", "an empty one", [&] { Twins().variables(); }, Twins::here);
  refuses(
      "members", "a null pointer for 'part'", [&] { Hollow().variables(); }, Hollow::here);
  refuses("variables", "got Variable 'weight', which has none", [&] { robbed(linear).variables(); });
  refuses("variables", "got 'a.weight' twice", [&] {
    nn::variables({{"a", linear}, {"a", nn::Linear(3, 4, key)}});
  });
  refuses("variables", "has none", [&] { nn::variables(linear, robbed(linear)); });
  refuses("variables", "has none", [&] { nn::variables(robbed(linear)); });
  refuses("unlisted", "undefined Tensor", [&] { nn::unlisted(linear, Tensor()); });
  refuses("unlisted", "undefined Tensor", [&] { nn::unlisted(linear.variables(), Tensor()); });
  refuses("unlisted", "got Variable 'weight', which has none",
          [&] { nn::unlisted(robbed(linear), ones({})); });
  refuses("count", "got Variable 'weight', which has none", [&] { robbed(linear).count(); });
}

TEST_CASE("what is refused when modules are copied, frozen, summarised and called with other values") {
  const Tensor key = random::key(1);
  const nn::Linear linear(3, 4, key);
  const nn::Linear other(3, 5, key);
  const auto text = "which has none";
  refuses("copy", "'bias' is f32[4] in `from`, but f32[5] in `to`", [&] { nn::copy(linear, other); });
  refuses("copy", text, [&] { nn::copy(linear, robbed(linear)); });
  refuses("lerp", "got 2 that do not fit", [&] { nn::lerp(linear, other, 0.5); });
  refuses("lerp", "got f32[2]", [&] { nn::lerp(linear, linear, ones({2})); });
  refuses("lerp", "got i32[]", [&] { nn::lerp(linear, linear, full({}, 1, DType::int32)); });
  refuses("lerp", "undefined Tensor", [&] { nn::lerp(linear, linear, Tensor()); });
  refuses("clone", text, [&] { nn::clone(robbed(linear)); });
  refuses("clone", "got 'weight' in a function being traced",
          [&] { trace([&](const Tensors&) { return Tensors{nn::clone(linear).bias}; }, {}); });
  refuses("clone", "got 'weight' in a function being traced, or standing for a tensor", [&] {
    nn::functional(linear, {ones({3, 4}), ones({4})}, [&] { return nn::clone(linear)(ones({3})); });
  });
  refuses("to", "got bool", [&] { nn::to(linear, DType::boolean); });
  refuses("to", text, [&] { nn::to(robbed(linear), DType::float64); });
  refuses("freeze", text, [&] { nn::freeze(robbed(linear)); });
  refuses("unfreeze", text, [&] { nn::unfreeze(robbed(linear)); });
  refuses("summary", text, [&] { nn::summary(robbed(linear)); });
  refuses("summary", "got 'a.weight' twice", [&] {
    nn::summary({{"a", linear}, {"a", nn::Linear(3, 4, key)}});
  });
  refuses("functional", "got 1 values for 2 Variables", [&] {
    nn::functional(linear, {ones({3, 4})}, [&] { return linear(ones({3})); });
  });
  refuses("functional", "got f32[3] for 'bias', f32[4]", [&] {
    nn::functional(linear, {ones({3, 4}), ones({3})}, [&] { return linear(ones({3})); });
  });
  refuses("functional", "got an undefined Tensor for 'weight'", [&] {
    nn::functional(linear, {Tensor(), ones({4})}, [&] { return linear(ones({3})); });
  });
}

TEST_CASE("what recurrent layers refuse") {
  const Tensor key = random::key(1);
  const Tensor none;
  const Tensor x = ones({5, 2, 3});
  const nn::LSTM rnn(2, 3, 4, key);
  const nn::LSTM f64(1, 3, 4, key, {.cell = {.dtype = DType::float64}});
  const nn::LSTM drops(2, 3, 4, key, {.dropout = 0.5});
  const nn::LSTMCell cell(3, 4, key);
  const nn::CarriedState carried(rnn, 4);
  const Tensor row = ones({2, 3});
  refuses("recurrent", "takes x f64[time, batch, 3]: got f32[5, 2, 3]; cast it", [&] { f64(x); });
  refuses("recurrent", "takes x f32[time, batch, 3]: got f32[2, 5, 7]", [&] { rnn(ones({2, 5, 7})); });
  refuses("recurrent", "got f32[5, 3]", [&] { rnn(ones({5, 3})); });
  refuses("recurrent", "undefined tensor", [&] { rnn(none); });
  refuses("recurrent", "got f32[3, 4], f32[3, 4]", [&] { rnn(x, {.initial = rnn.initial(3)}); });
  refuses("recurrent", "got 1 for 2 layers", [&] { rnn(x, {.initial = f64.initial(2)}); });
  refuses("recurrent", "make a CarriedState for this batch", [&] { rnn(x, {.initial = carried.read()}); });
  refuses("recurrent", "a random key: got none", [&] { drops(x, {.mode = nn::Mode::train}); });
  refuses("recurrent", "got layer 2 of 2", [&] { rnn.cell(2); });
  refuses("recurrent", "got 0", [&] { nn::LSTM(0, 3, 4, key); });
  refuses("recurrent", "got 0 inputs", [&] { nn::LSTM(1, 0, 4, key); });
  refuses("recurrent", "a key must be i32[2]", [&] { nn::LSTM(1, 3, 4, tensor({1})); });
  refuses("dropout", "a rate is in [0, 1): got 2", [&] { nn::LSTM(1, 3, 4, key, {.dropout = 2}); });
  refuses("recurrent", "got 0 cells", [&] { nn::RecurrentLayers({}); });
  refuses("recurrent", "got 1 cells", [&] { nn::RecurrentLayers({nullptr}); });
  refuses("recurrent", "got 3 inputs of layer 1 above 4 of layer 0", [&] { nn::LSTM({cell, cell}); });
  refuses("recurrent", "moved from", [&] { robbed(rnn)(x); });
  refuses("recurrent", "moved from", [&] { robbed(rnn).inputs(); });
  refuses("recurrent", "moved from", [&] { robbed(rnn).hidden(); });
  refuses("recurrent", "moved from", [&] { robbed(rnn).initial(2); });
  refuses("recurrent", "moved from", [&] { robbed(rnn).step(row, rnn.initial(2)); });
  refuses("recurrent", "got f32[2, 4]", [&] { rnn.step(ones({2, 4}), rnn.initial(2)); });
  refuses("recurrent", "got 1 for 2 layers", [&] { rnn.step(row, f64.initial(2)); });
  refuses("recurrent", "extra tensors are for cells that take a context: got 1",
          [&] { rnn(x, {.extra = {x}}); });
  refuses("recurrent", "extra tensors are for cells that take a context: got 1",
          [&] { rnn.step(row, rnn.initial(2), {.extra = {x}}); });
  refuses("recurrent", "got a key without the number of the step",
          [&] { rnn.step(row, rnn.initial(2), {.key = key}); });
  refuses("recurrent", "got f32[2, 3] from step()", [&] { nn::Recurrent<Stubborn>({Stubborn(4)})(x); });
  refuses("cell", "got f32[2, 4]", [&] { cell(ones({2, 4}), cell.initial(2)); });
  refuses("cell", "start from initial(2)", [&] { cell(row, cell.initial(3)); });
  refuses("cell", "moved from", [&] { robbed(cell)(row, cell.initial(2)); });
  refuses("cell", "not negative: got -1", [&] { cell.initial(-1); });
  refuses("cell", "moved from", [&] { robbed(cell).initial(2); });
  refuses("cell", "is f32[2, 4]: got f32[2, 5] from start()", [&] { Forgetful().initial(2); });
  refuses("recurrent", "got f32[2, 5] from start()",
          [&] { nn::Recurrent<Forgetful>({Forgetful()}).initial(2); });
  refuses("lstm_cell", "got 3 inputs and a state of 0", [&] { nn::LSTMCell(3, 0, key); });
  refuses("gru_cell", "got 0 inputs and a state of 4", [&] { nn::GRUCell(0, 4, key); });
  refuses("four_gate_cell", "got 3 inputs and a state of 0", [&] { nn::FourGateCell(3, 0, key); });
  refuses("rnn_cell", "got 3 inputs and a state of 0", [&] { nn::RNNCell(3, 0, key); });
  refuses("cell", "got f32[2, 3] from step()", [&] { Stubborn(4)(row, Stubborn(4).initial(2)); });
  refuses(
      "cell", "got 3 inputs and a state of 0", [&] { Stubborn(0); }, Stubborn::here);
  refuses("state", "got 1 (f32[2, 3])", [&] { nn::State{row}.pair(); });
  refuses("carried_state", "got a null pointer", [&] { nn::CarriedState(nn::Part<nn::SequenceLayer>(), 2); });
  refuses("carried_state", "a batch is at least 1: got 0", [&] { nn::CarriedState(rnn, 0); });
  refuses("carried_state", "got 1 of 2 states", [&] { carried.assign(f64.initial(4)); });
  refuses("carried_state", "got f32[3, 4] for f32[4, 4]", [&] { carried.assign(rnn.initial(3)); });
  refuses("carried_state", "moved from", [&] { robbed(carried).read(); });
  refuses("carried_state", "moved from", [&] { robbed(carried).assign({}); });
  refuses("carried_state", "moved from", [&] { robbed(carried).reset(); });
  refuses("lstm_cell", "a key must be i32[2]", [&] { nn::LSTMCell(3, 4, tensor({1})); });
  refuses("gru_cell", "a key must be i32[2]", [&] { nn::GRUCell(3, 4, tensor({1})); });
  refuses("four_gate_cell", "a key must be i32[2]", [&] { nn::FourGateCell(3, 4, tensor({1})); });
  refuses("rnn_cell", "a key must be i32[2]", [&] { nn::RNNCell(3, 4, tensor({1})); });
}

TEST_CASE("what losses refuse, when built and when run") {
  const Tensor x = ones({2, 3});
  const Tensor none;
  const Tensor bad = tensor({0, 3});
  const nn::BinaryCrossEntropyOptions wide{.pos_weight = ones({4})};
  refuses("cross_entropy", "got f32[2, 3] and f32[2, 3]", [&] { nn::cross_entropy(x, x); });
  refuses("cross_entropy", "in [0, 1]: got 2", [&] { nn::cross_entropy(x, bad, {.label_smoothing = 2}); });
  refuses("cross_entropy", "undefined Tensor", [&] { nn::cross_entropy(none, bad); });
  refuses("cross_entropy", "classes must lie in 0..2: got 3 at [1] of the classes [2]",
          [&] { evaluate(nn::cross_entropy(x, bad)); });
  refuses("cross_entropy", "classes must lie in 0..2: got 3 at [1]",
          [&] { evaluate(nn::cross_entropy(x, bad, {.ignore_index = -1})); });
  refuses("cross_entropy", "classes must lie in 0..2: got 3 at [1]",
          [&] { evaluate(grad(nn::cross_entropy(x, bad), x)); });
  refuses("adaptive_softmax", "from 1 or more to 5 at most: got [3, 3] for 6 classes", [&] {
    nn::AdaptiveSoftmax(8, 6, {3, 3}, random::key(1));
  });
  refuses("adaptive_softmax", "got [6] for 6 classes",
          [&] { nn::AdaptiveSoftmax(8, 6, {6}, random::key(1)); });
  refuses("adaptive_softmax", "sizes are at least 1: got 8 in and 0 classes",
          [&] { nn::AdaptiveSoftmax(8, 0, {}, random::key(1)); });
  refuses("adaptive_softmax", "got div_value 4 and in 8", [&] {
    nn::AdaptiveSoftmax(8, 6, {2, 4}, random::key(1));
  });
  refuses("adaptive_softmax", "got div_value 0.5 and in 8",
          [&] { nn::AdaptiveSoftmax(8, 6, {2}, random::key(1), {.div_value = 0.5}); });
  refuses("good_cutoffs", "got 0", [&] { nn::AdaptiveSoftmax::good_cutoffs(0); });
  const nn::AdaptiveSoftmax adaptive(3, 3, {2}, random::key(1), {.div_value = 3});
  refuses("adaptive_softmax", "got f32[2, 3] and f32[2, 3]", [&] { adaptive.loss(x, x); });
  refuses("adaptive_softmax", "got an undefined tensor", [&] { adaptive.loss(none, bad); });
  refuses("adaptive_softmax", "got f32[2]", [&] { adaptive.log_probabilities(ones({2})); });
  refuses("adaptive_softmax", "classes must lie in 0..2: got 3 at [1] of the classes [2]",
          [&] { evaluate(adaptive.loss(x, bad)); });
  refuses("nll", "got f32[2, 3] and f32[2]", [&] { nn::nll(x, ones({2})); });
  refuses("nll", "classes must lie in 0..2: got 3 at [1]", [&] { evaluate(nn::nll(x, bad)); });
  refuses("binary_cross_entropy_with_logits", "got f32[2, 3] and f32[3]",
          [&] { nn::binary_cross_entropy_with_logits(x, ones({3})); });
  refuses("binary_cross_entropy_with_logits", "got [4] and [2, 3]",
          [&] { nn::binary_cross_entropy_with_logits(x, x, wide); });
  refuses("mse", "got f32[2, 1] and f32[2]", [&] { nn::mse(ones({2, 1}), ones({2})); });
  refuses("mse", "undefined Tensor", [&] { nn::mse(none, x); });
  refuses("l1", "got f32[2, 3] and f32[3]", [&] { nn::l1(x, ones({3})); });
  refuses("huber", "got f32[2, 3] and f32[3]", [&] { nn::huber(x, ones({3})); });
  refuses("huber", "delta is positive: got 0", [&] { nn::huber(x, x, {.delta = 0}); });
}
