#include <sluice/compile/compile.h>
#include <sluice/graph/arithmetic.h>
#include <sluice/graph/grad.h>
#include <sluice/nn/carried_state.h>
#include <sluice/nn/embedding.h>
#include <sluice/nn/four_gate.h>
#include <sluice/nn/gru.h>
#include <sluice/nn/loss.h>
#include <sluice/nn/lstm.h>
#include <sluice/nn/rnn.h>
#include <sluice/ops/random.h>
#include <sluice/ops/select.h>
#include <sluice/ops/slice.h>

#include "support/catch.h"
#include "support/close.h"

using namespace sluice;
using namespace sluice::test;

namespace {

// A small language model over ids [time, batch], with what a program of it has to do: loss and all gradients.
template <class C>
struct Model {
  nn::Embedding embed{7, 3, random::key(1)};
  nn::Recurrent<C> rnn{2, 3, 5, random::key(2), {.dropout = 0.3}};
  nn::Linear head{5, 7, random::key(3)};
  NamedVariables variables = nn::variables({{"embed", embed}, {"rnn", rnn}, {"head", head}});

  Tensors operator()(const Tensors& in) const {
    nn::RecurrentCall call;
    call.mode = nn::Mode::train;
    call.key = in[2];
    const Tensor loss = nn::cross_entropy(head(rnn(embed(in[0]), call)), in[1], {.label_smoothing = 0.1});
    Tensors wrt;
    for (const NamedVariable& named : variables) wrt.push_back(named.variable);
    Tensors results = grad(loss, wrt);
    results.push_back(loss);
    return results;
  }
};

}  // namespace

TEMPLATE_TEST_CASE("A compiled model gives the loss and gradients that the interpreter gives", "",
                   nn::RNNCell, nn::LSTMCell, nn::GRUCell, nn::FourGateCell) {
  const Model<TestType> model;
  const Tensors in{tensor({0, 1, 2, 3, 4, 5, 6, 0}, {4, 2}), tensor({2, 3, 4, 5, 6, 0, 1, 2}, {4, 2}),
                   random::key(4)};
  const Tensors arguments = evaluate(in);
  const Tensors expected = evaluate(model(arguments));
  const Tensors got = compile(model)(arguments);
  REQUIRE(got.size() == model.variables.size() + 1);
  for (std::size_t i = 0; i < got.size(); ++i) check_close(got[i], expected[i], 1e-6);
}

TEST_CASE("Windows of a text, compiled, carry the state and learn") {
  const nn::Embedding embed(5, 4, random::key(1));
  const nn::LSTM rnn(1, 4, 8, random::key(2));
  const nn::Linear head(8, 5, random::key(3));
  const nn::CarriedState carried(rnn, 1);
  const auto parameters = nn::variables({{"embed", embed}, {"rnn", rnn}, {"head", head}});

  const auto step = compile([&](const Tensor& x, const Tensor& y) {
    const nn::Sequence run = rnn(embed(x), {.initial = carried.read()});
    carried.assign(run.state);
    Tensor loss = nn::cross_entropy(head(run), y);
    Tensors wrt;
    for (const NamedVariable& named : parameters) wrt.push_back(named.variable);
    const Tensors gradients = grad(loss, wrt);
    for (std::size_t i = 0; i < wrt.size(); ++i) {
      parameters[i].variable.assign(parameters[i].variable - 0.5 * gradients[i]);
    }
    return loss;
  });

  // The text 0 1 2 3 4 3 2 1 0 1 ...: what follows 1, 2 or 3 depends on what came before. The state says,
  // also over the borders of windows of two.
  const std::int32_t period[] = {0, 1, 2, 3, 4, 3, 2, 1};
  double last = 0;
  for (int pass = 0; pass < 150; ++pass) {
    carried.reset();
    last = 0;
    for (int t = 0; t < 16; t += 2) {
      const auto at = [&](int i) { return period[(t + i) % 8]; };
      last += step(tensor({at(0), at(1)}, {2, 1}), tensor({at(1), at(2)}, {2, 1})).item() / 8;
    }
  }
  // Without memory over the border, what follows a 2 that begins a window is a guess between two: 2 log(2) /
  // 8 = 0.17 nats on average.
  CHECK(last < 0.02);
  for (const double h : numbers(carried.read()[0].output())) CHECK(h != 0);
}

TEST_CASE("A compiled step at batch 1 streams what a sequence gives") {
  const nn::GRU rnn(2, 3, 4, random::key(1));
  const nn::CarriedState carried(rnn, 1);
  const auto step = compile([&](const Tensor& x) {
    const nn::Sequence next = rnn.step(x, carried.read());
    carried.assign(next.state);
    return next.output();
  });
  const Tensor x = evaluate(random::normal(random::key(2), {6, 1, 3}));
  const Tensor whole = rnn(x).output();
  for (Index t = 0; t < 6; ++t) check_close(step(evaluate(select(x, 0, t))), select(whole, 0, t), 1e-6);
  CHECK(step.program_count() == 1);
}
