// What all wrappers of cells and layers promise: that a key settles what is drawn, that evaluation draws
// nothing, and that lengths, resets, streams, gradients and compiled functions work as without them.

#include <sluice/check/gradcheck.h>
#include <sluice/compile/compile.h>
#include <sluice/graph/arithmetic.h>
#include <sluice/graph/grad.h>
#include <sluice/nn/carried_state.h>
#include <sluice/nn/functional.h>
#include <sluice/nn/gru.h>
#include <sluice/nn/lstm.h>
#include <sluice/nn/values.h>
#include <sluice/nn/variational.h>
#include <sluice/nn/weight_drop.h>
#include <sluice/nn/zoneout.h>
#include <sluice/ops/compare.h>
#include <sluice/ops/concat.h>
#include <sluice/ops/random.h>
#include <sluice/ops/reshape.h>
#include <sluice/ops/select.h>
#include <sluice/ops/slice.h>
#include <sluice/ops/square.h>
#include <sluice/ops/stack.h>
#include <sluice/ops/sum.h>
#include <sluice/ops/tanh.h>
#include <sluice/ops/where.h>

#include "support/catch.h"
#include "support/close.h"

#include <limits>
#include <memory>
#include <string>

using namespace sluice;
using namespace sluice::test;

namespace {

// A cell of a user, which draws noise of its own and learns where it starts.
struct Noisy : nn::ContextCell {
  nn::Linear in;
  Variable first;
  Noisy(Index inputs, Index hidden, const Tensor& key, DType dtype)
      : ContextCell(inputs, {hidden}),
        in(inputs + hidden, hidden, key, {.dtype = dtype}),
        first(full({1, hidden}, 0.5, dtype)) {}
  nn::State start(Index batch, DType dtype) const override {
    return {first + zeros({batch, hidden()}, dtype)};
  }
  nn::State step_in(const Tensor& x, const nn::State& s, const nn::StepContext& c) const override {
    const Tensor h = tanh(in(concat({x, s.output()}, -1)));
    if (c.mode == nn::Mode::evaluate) return {h};
    return {h + random::normal(c.key, h.shape(), 0, 0.1, h.dtype())};
  }
  void members(const nn::Members& m) const override { m("in", in), m("first", first); }
};

struct Wrapped {
  std::string name;
  std::shared_ptr<const nn::SequenceLayer> layers;
  std::shared_ptr<const nn::SequenceLayer> plain;  // without the wrapper; null if evaluation differs
};

const Tensor seed = random::key(1);
constexpr Index width = 2, units = 3, batch = 2, steps = 5;

template <class L>
std::shared_ptr<const nn::SequenceLayer> shared(const L& layers) {
  return std::make_shared<const L>(layers);
}

std::vector<Wrapped> all_wrapped(DType dtype) {
  const nn::LSTM lstm(2, width, units, seed, {.cell = {.dtype = dtype}});
  const nn::LSTMCell cell(width, units, seed, {.dtype = dtype});
  const nn::GRUCell above(units, units, seed, {.dtype = dtype});
  const Noisy noisy(width, units, seed, dtype);
  const nn::VariationalCell inner(noisy, {.input = 0.3, .output = 0.4});
  const nn::RecurrentLayers two({std::make_shared<nn::VariationalCell>(
                                     cell, nn::VariationalOptions{.input = 0.5, .state = {0.5, 0.25}}),
                                 std::make_shared<nn::Zoneout>(above, 0.5)});
  return {
      {"zoneout", shared(nn::Recurrent<nn::Zoneout>({nn::Zoneout(cell, {0.3, 0.6})})), nullptr},
      {"variational", shared(nn::Recurrent<nn::VariationalCell>({{cell, {.input = 0.4, .output = 0.5}}})),
       shared(nn::Recurrent<nn::LSTMCell>({cell}))},
      {"weight drop", shared(nn::WeightDrop(lstm, 0.5)), shared(lstm)},
      {"variational dropout", shared(nn::VariationalDropout(0.5)), shared(nn::VariationalDropout(0))},
      {"both around a user's", shared(nn::Recurrent<nn::Zoneout>({nn::Zoneout(inner, 0.3)})), nullptr},
      {"weight drop around two others", shared(nn::WeightDrop(two, 0.5)), shared(two)},
  };
}

Tensor normal(int number, const Shape& shape, DType dtype = DType::float32) {
  return evaluate(random::normal(random::key(static_cast<std::uint64_t>(number)), shape, 0, 1, dtype));
}

nn::RecurrentCall training(int key = 7) {
  return {.mode = nn::Mode::train, .key = random::key(static_cast<std::uint64_t>(key))};
}

// The layers as a loop of single steps; a sequence begins again where `resets` say.
Tensor loop(const nn::SequenceLayer& layers, const Tensor& x, const nn::StepContext& context,
            const Tensor& resets) {
  const nn::States first = layers.initial(x.dim(1), x.dtype());
  nn::States states = first;
  Tensors outputs;
  for (int t = 0; t < x.dim(0); ++t) {
    const Tensor begins = reshape(select(resets, 0, t), {x.dim(1), 1});
    for (std::size_t i = 0; i < states.size(); ++i)
      states[i].parts = nn::detail::select(begins, first[i].parts, states[i].parts);
    nn::StepContext own = context;
    own.step = tensor({t}, {});
    const nn::Sequence now = layers.step(select(x, 0, t), states, own);
    outputs.push_back(now);
    states = now.state;
  }
  return stack(outputs, 0);
}

}  // namespace

TEST_CASE("What a wrapper draws is settled by the key") {
  const Tensor x = normal(2, {steps, batch, width});
  for (const auto& [name, layers, plain] : all_wrapped(DType::float32)) {
    INFO(name);
    const std::vector<double> once = numbers((*layers)(x, training()));
    CHECK(numbers((*layers)(x, training())) == once);
    CHECK(numbers((*layers)(x, training(9))) != once);
    CHECK(numbers((*layers)(x)) != once);
    if (plain) check_close((*layers)(x), (*plain)(x), 0);
    CHECK_THROWS_WITH((*layers)(x, {.mode = nn::Mode::train}),
                      contains("takes a random key: got none; pass one"));
  }
}

TEST_CASE("Wrapped layers are a loop of their steps, with resets too") {
  const Tensor x = normal(2, {steps, batch, width});
  const Tensor none = zeros({steps, batch}, DType::boolean);
  const Tensor some =
      tensor({false, false, false, true, true, false, false, false, true, true}, {steps, batch});
  for (const auto& [name, layers, plain] : all_wrapped(DType::float32)) {
    INFO(name);
    for (const nn::Mode mode : {nn::Mode::train, nn::Mode::evaluate}) {
      nn::RecurrentCall call{.mode = mode, .key = random::key(7)};
      check_close((*layers)(x, call), loop(*layers, x, {.mode = mode, .key = call.key}, none), 1e-6);
      call.resets = some;
      check_close((*layers)(x, call), loop(*layers, x, {.mode = mode, .key = call.key}, some), 1e-6);
    }
  }
}

TEST_CASE("Wrapped layers stop at the end of each sequence, whatever stands after it") {
  const Tensor x = normal(2, {steps, batch, width});
  const Tensor lengths = tensor({3, 5});
  const Tensor there = reshape(tensor({1, 1, 1, 1, 1, 1, 0, 1, 0, 1}, {steps, batch}), {steps, batch, 1}) > 0;
  const Tensor spoilt = where(there, x, std::numeric_limits<double>::quiet_NaN());
  for (const auto& [name, layers, plain] : all_wrapped(DType::float32)) {
    INFO(name);
    nn::RecurrentCall call = training();
    const nn::Sequence whole = (*layers)(x, call), cut = (*layers)(slice(x, 0, 0, 3), call);
    call.lengths = lengths;
    const nn::Sequence run = (*layers)(spoilt, call);
    check_close(run, where(there, whole, 0), 1e-6);
    CHECK(run.lengths.is(lengths));
    for (std::size_t i = 0; i < run.state.size(); ++i) {
      for (std::size_t part = 0; part < run.state[i].parts.size(); ++part) {
        const Tensor& end = run.state[i].parts[part];
        check_close(select(end, 0, 0), select(cut.state[i].parts[part], 0, 0), 1e-6);
        check_close(select(end, 0, 1), select(whole.state[i].parts[part], 0, 1), 1e-6);
      }
    }
  }
}

TEST_CASE("Gradients through a wrapper are those of differences, compiled as interpreted") {
  const Tensor x = normal(2, {3, batch, width}, DType::float64);
  for (const auto& [name, layers, plain] : all_wrapped(DType::float64)) {
    INFO(name);
    Tensors arguments{x};
    for (const NamedVariable& named : layers->variables()) arguments.push_back(named.variable.value());
    const auto run = [&layers = layers](const Tensors& in) {  // clang 14 captures no binding by itself
      return nn::functional(*layers, {in.begin() + 1, in.end()},
                            [&] { return (*layers)(in[0], training()).output(); });
    };
    gradcheck(run, arguments, {.jvp = false, .compiled = false});
    const auto all = [&](const Tensors& in) {
      Tensors results = grad(sum(square(run(in))), in);
      results.push_back(run(in));
      return results;
    };
    const Tensors expected = evaluate(all(arguments)), got = compile(all)(arguments);
    for (std::size_t i = 0; i < got.size(); ++i) check_close(got[i], expected[i], 1e-12);
  }
}

TEST_CASE("Wrapped layers carry their state over windows, and are cloned with what they wrap") {
  const Tensor x = normal(2, {steps, batch, width});
  const nn::WeightDrop rnn(nn::Recurrent<nn::Zoneout>({nn::Zoneout(nn::LSTMCell(2, 3, seed), 0.25)}), 0.5);
  const nn::CarriedState carried(rnn, batch);
  const auto window = compile([&](const Tensor& part) {
    const nn::Sequence run = rnn(part, {.initial = carried.read()});
    carried.assign(run.state);
    return run.output();
  });
  const Tensor first = window(slice(x, 0, 0, 2)), second = window(slice(x, 0, 2));
  check_close(concat({first, second}, 0), rnn(x), 1e-6);

  const nn::WeightDrop twin = nn::clone(rnn);
  check_close(twin(x, training()), rnn(x, training()), 0);
  CHECK(twin.variables().front().name == "layer.0.inner.forget.weight");
  CHECK_FALSE(twin.variables().front().variable.is(rnn.variables().front().variable));
  twin.variables().front().variable.assign(zeros({5, 3}));
  CHECK(numbers(twin(x, training())) != numbers(rnn(x, training())));
}
