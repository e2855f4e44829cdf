#include <sluice/check/gradcheck.h>
#include <sluice/compile/compile.h>
#include <sluice/graph/arithmetic.h>
#include <sluice/graph/grad.h>
#include <sluice/nn/attention_decoder.h>
#include <sluice/nn/gru.h>
#include <sluice/nn/lstm.h>
#include <sluice/nn/recurrent.h>
#include <sluice/nn/rnn.h>
#include <sluice/nn/values.h>
#include <sluice/ops/concat.h>
#include <sluice/ops/expand_dims.h>
#include <sluice/ops/random.h>
#include <sluice/ops/select.h>
#include <sluice/ops/sequence_mask.h>
#include <sluice/ops/slice.h>
#include <sluice/ops/square.h>
#include <sluice/ops/sum.h>
#include <sluice/ops/tanh.h>
#include <sluice/ops/where.h>

#include "support/close.h"

#include <limits>

using namespace sluice;
using namespace sluice::test;

namespace {

const Tensor key = random::key(3);

Tensor drawn(int seed, const Shape& shape, DType dtype = DType::float64) {
  return evaluate(random::normal(random::key(static_cast<std::uint64_t>(seed)), shape, 0, 1, dtype));
}

nn::AttentionDecoderOptions options(bool attentional,
                                    nn::AttentionScore score = nn::AttentionScore::additive) {
  return {.attention = {.score = score, .dtype = DType::float64}, .attentional = attentional};
}

/// Around an LSTM of 4 for inputs of 2 and an encoder of 3.
nn::AttentionDecoder around_lstm(bool attentional) {
  const Index fed = attentional ? 4 : 3;
  return {nn::LSTMCell(2 + fed, 4, key, {.dtype = DType::float64}), 3, random::key(4), options(attentional)};
}

nn::RecurrentLayers layers(const nn::AttentionDecoder& decoder) {
  return nn::RecurrentLayers({std::make_shared<const nn::AttentionDecoder>(decoder)});
}

}  // namespace

TEST_CASE("A step of a decoder is its equations") {
  const Tensor x = drawn(1, {2, 2}), said = drawn(2, {5, 2, 3});
  for (const bool attentional : {true, false}) {
    const nn::AttentionDecoder decoder = around_lstm(attentional);
    CHECK(decoder.inputs() == 2);
    CHECK(decoder.hidden() == (attentional ? 4 : 7));
    const Tensors memory = decoder.prepare(said, {.lengths = tensor({5, 3})});
    const Tensor output = drawn(3, {2, decoder.hidden()}), h = drawn(4, {2, 4}), c = drawn(5, {2, 4});
    const nn::State next = decoder(x, {output, h, c}, {.extra = memory});

    const Tensor fed = attentional ? output : slice(output, 1, 4, 7);
    const nn::State inside = decoder.inner()(concat({x, fed}, -1), {h, c});
    const nn::Attended seen = decoder.attention.attend(inside.output(), memory);
    const Tensor both = concat({inside.output(), seen}, -1);
    check_close(next.parts[0], attentional ? tanh((*decoder.combine)(both)) : both, 1e-14);
    check_close(next.parts[1], inside.parts[0], 1e-14);
    check_close(next.parts[2], inside.parts[1], 1e-14);
    CHECK(decoder.combine.has_value() == attentional);
  }
}

TEST_CASE("Teacher forcing over a whole sequence is its steps, compiled too") {
  const Tensor x = drawn(1, {6, 3, 2}), said = drawn(2, {5, 3, 3});
  const nn::AttentionCall there{.lengths = tensor({5, 2, 4})};
  for (const bool attentional : {true, false}) {
    const nn::AttentionDecoder attends = around_lstm(attentional);
    const nn::RecurrentLayers decoder = layers(attends);
    const Tensors memory = attends.prepare(said, there);
    const nn::Sequence whole = decoder(x, {.extra = memory});
    nn::States states = decoder.initial(3, DType::float64);
    for (Index t = 0; t < 6; ++t) {
      const nn::Sequence now = decoder.step(select(x, 0, t), states, {.extra = memory});
      check_close(now, select(whole, 0, t), 1e-14);
      states = now.state;
    }
    for (std::size_t i = 0; i < 3; ++i) check_close(whole.state[0].parts[i], states[0].parts[i], 1e-14);

    const auto with_gradients = [&](const Tensors& in) {
      Tensors wrt = in;
      for (const NamedVariable& named : decoder.variables()) wrt.push_back(named.variable);
      const Tensor y = decoder(in[0], {.extra = attends.prepare(in[1], there)});
      Tensors all = grad(sum(square(y)), wrt);
      all.push_back(y);
      return all;
    };
    const Tensors expected = evaluate(with_gradients({x, said})),
                  got = compile(with_gradients)(Tensors{x, said});
    CHECK(expected.size() == 3 + decoder.variables().size());
    for (std::size_t i = 0; i < expected.size(); ++i) check_close(got[i], expected[i], 1e-12);
  }
}

TEST_CASE("Sequences of a decoder and of its encoder have lengths of their own") {
  const nn::AttentionDecoder attends = around_lstm(true);
  const nn::RecurrentLayers decoder = layers(attends);
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const Tensor lengths = tensor({4, 2}), said_lengths = tensor({2, 5});
  const auto padded = [&](const Tensor& x, const Tensor& n) {
    return evaluate(where(expand_dims(sequence_mask(n, x.dim(0)), -1), x, nan));
  };
  const Variable x(padded(drawn(1, {4, 2, 2}), lengths)), said(padded(drawn(2, {5, 2, 3}), said_lengths));
  const auto run = [&] {
    return decoder(x, {.lengths = lengths, .extra = attends.prepare(said, {.lengths = said_lengths})});
  };
  const Tensor y = run();
  for (Index b = 0; b < 2; ++b) {
    const auto alone = [b](const Tensor& all, double n) {
      return slice(slice(all, 1, b, b + 1), 0, 0, static_cast<Index>(n));
    };
    const Tensor own = alone(x, lengths.at(b));
    const Tensor apart = decoder(own, {.extra = attends.prepare(alone(said, said_lengths.at(b)))});
    check_close(alone(y, lengths.at(b)), apart, 1e-13);
  }
  check_close(slice(select(y, 1, 1), 0, 2), std::vector<double>(8, 0), 0);
  for (const Variable& v : {x, said}) {
    const Tensor slope = grad(sum(square(run())), v);
    for (const double each : numbers(slope)) CHECK(std::isfinite(each));
  }
  for (const NamedVariable& named : decoder.variables()) {
    for (const double each : numbers(grad(sum(square(run())), named.variable))) CHECK(std::isfinite(each));
  }
}

TEST_CASE("A decoder takes any cell and any score, and gradients reach encoder and input") {
  const nn::GRUOptions gru{.dtype = DType::float64};
  const nn::RNNOptions rnn{.dtype = DType::float64};
  const Tensors in{drawn(1, {3, 2, 2}), drawn(2, {3, 2, 4})};
  using enum nn::AttentionScore;
  for (const nn::AttentionScore score : {additive, dot, general}) {
    for (const bool attentional : {true, false}) {
      const nn::AttentionDecoder attends(
          attentional ? nn::Part<nn::Cell>(std::make_shared<nn::GRUCell>(2 + 4, 4, key, gru))
                      : nn::Part<nn::Cell>(std::make_shared<nn::RNNCell>(2 + 4, 4, key, rnn)),
          4, key, options(attentional, score));
      const nn::RecurrentLayers decoder = layers(attends);
      gradcheck(
          [&](const Tensors& x) {
            return decoder(x[0], {.extra = attends.prepare(x[1], {.lengths = tensor({3, 1})})}).output();
          },
          in, {.compiled = score == additive && attentional});
    }
  }
}

TEST_CASE("A decoder begins where its encoder ended, among other layers, and is copied whole") {
  const nn::LSTM encoder(1, 2, 4, key);
  const nn::AttentionDecoder attends(std::make_shared<nn::LSTMCell>(3 + 4, 4, key), 4, random::key(4));
  const Tensor x = drawn(1, {3, 2, 2}, DType::float32), source = drawn(2, {5, 2, 2}, DType::float32);
  const nn::RecurrentLayers decoder(
      {std::make_shared<nn::GRUCell>(2, 3, key), std::make_shared<nn::AttentionDecoder>(attends)});
  const nn::Sequence said = encoder(source);
  nn::States states = decoder.initial(2);
  states[1] = attends.begin(said.state[0]);
  check_close(states[1].parts[0], zeros({2, 4}), 0);
  check_close(states[1].parts[1], said.state[0].parts[0], 0);
  check_close(states[1].parts[2], said.state[0].parts[1], 0);
  const Tensors memory = attends.prepare(said);
  const Tensor y = decoder(x, {.initial = states, .extra = memory});
  CHECK(y.shape() == Shape{3, 2, 4});
  CHECK(numbers(y) != numbers(decoder(x, {.extra = memory})));

  const nn::RecurrentLayers copy = nn::clone(decoder);
  check_close(copy(x, {.initial = states, .extra = memory}), y, 0);
  CHECK(copy.variables().back().name == "1.combine.bias");
  copy.variables().back().variable.assign(ones({4}));
  CHECK(numbers(decoder(x, {.initial = states, .extra = memory})) == numbers(y));
  // Other tensors may follow the memory.
  Tensors more = memory;
  more.push_back(ones({1}));
  check_close(decoder(x, {.initial = states, .extra = more}), y, 0);
}
