// Training runs and streams of built-in cells and of one that a user might write: they allocate nothing once
// they run, and give the same bits for any number of threads.

#include <sluice/kernels/threads.h>
#include <sluice/sluice.h>

#include <cmath>
#include <cstring>

#include "support/allocations.h"
#include "support/catch.h"

using namespace sluice;

namespace {

/// Normalised gates, of which one is also multiplied into what comes back, and a trace that fades: no cell of
/// the library is like it.
struct Fading : nn::Cell {
  nn::Linear reset, keep, propose;
  Variable gain;

  Fading(Index inputs, Index hidden, const Tensor& key)
      : Cell(inputs, {hidden, hidden}),
        reset(inputs + hidden, hidden, random::fold_in(key, 0)),
        keep(inputs + hidden, hidden, random::fold_in(key, 1)),
        propose(inputs + hidden, hidden, random::fold_in(key, 2)),
        gain(full({hidden}, 0.9)) {}
  nn::State step(const Tensor& x, const nn::State& s) const override {
    const auto [h, trace] = s.pair();
    const Tensor r = sigmoid(layer_norm(reset(concat({x, h}, -1))));
    const Tensor k = sigmoid(keep(concat({x, h}, -1)));
    const Tensor n = tanh(propose(concat({x, r * h}, -1)) + 0.1 * trace);
    const Tensor next = k * h + (1 - k) * n;
    return {next, gain * trace + next * mean(next, -1, true)};
  }
  void members(const nn::Members& m) const override {
    m("reset", reset), m("keep", keep), m("propose", propose), m("gain", gain);
  }
};

struct Sizes {
  Index steps, batch, inputs, hidden;
};

/// A model that learns to follow a wave, with the state carried from window to window.
template <class C>
struct Training {
  explicit Training(const Sizes& of) : sizes(of) {}

  Sizes sizes;
  nn::Recurrent<C> rnn{1, sizes.inputs, sizes.hidden, random::key(1)};
  nn::Linear head{sizes.hidden, sizes.inputs, random::key(2)};
  nn::CarriedState carried{rnn, sizes.batch};
  optim::Adam adam{nn::variables({{"rnn", rnn}, {"head", head}}), {.learning_rate = 1e-2, .clip_norm = 1}};

  Tensor step(const Tensor& x, const Tensor& y) {
    const nn::Sequence run = rnn(x, {.initial = carried.read()});
    carried.assign(run.state);
    const Tensor error = head(run) - y;
    const Tensor loss = mean(error * error);
    adam.update(loss);
    return loss;
  }

  Tensor wave(Index from) const {
    std::vector<float> values(static_cast<std::size_t>(sizes.steps * sizes.batch * sizes.inputs));
    for (std::size_t i = 0; i < values.size(); ++i)
      values[i] = std::sin(0.3f * static_cast<float>(from) + 0.37f * static_cast<float>(i % 97));
    return tensor(values, {sizes.steps, sizes.batch, sizes.inputs});
  }

  /// All bits of all Variables.
  std::string bits() const {
    std::string all;
    const auto append = [&](const NamedVariables& variables) {
      for (const NamedVariable& named : variables) {
        const Array& value = named.variable.slot()->value;
        all.append(static_cast<const char*>(value.data()), value.bytes());
      }
    };
    append(nn::variables({{"rnn", rnn}, {"head", head}, {"carried", carried}}));
    append(adam.variables());
    return all;
  }
};

template <class C>
std::string trained(const Sizes& sizes) {
  Training<C> training(sizes);
  const auto step = compile([&](const Tensor& x, const Tensor& y) { return training.step(x, y); });
  for (Index i = 0; i < 3; ++i) CHECK(std::isfinite(step(training.wave(i), training.wave(i + 1)).item()));
  return training.bits();
}

}  // namespace

TEMPLATE_TEST_CASE("a training run gives the same bits for any number of threads", "[threads]", nn::LSTMCell,
                   Fading) {
  // Rows that no number of threads divides, few rows, and products that are worth dividing inside.
  for (const Sizes& sizes : {Sizes{4, 37, 7, 12}, Sizes{3, 2, 5, 8}, Sizes{2, 70, 64, 112}}) {
    std::string one_thread;
    for (const int threads : {1, 2, 3, 4, 8}) {
      INFO(threads << " threads, batch " << sizes.batch);
      kernels::set_threads(threads);
      const std::string bits = trained<TestType>(sizes);
      if (one_thread.empty()) one_thread = bits;
      CHECK(bits == one_thread);
    }
  }
  kernels::set_threads(0);
}

TEMPLATE_TEST_CASE("a training step allocates nothing at any batch", "", nn::LSTMCell, nn::GRUCell,
                   nn::FourGateCell, Fading) {
  for (const int threads : {1, 2}) {
    kernels::set_threads(threads);
    for (const Index batch : {1, 5}) {
      Training<TestType> training({4, batch, 3, 8});
      const auto step = compile([&](const Tensor& x, const Tensor& y) { return training.step(x, y); });
      const Tensor x = training.wave(0);
      const Tensor y = training.wave(1);
      const auto program = step.program(x, y);
      std::memcpy(program->input(0), x.value().data(), x.value().bytes());
      std::memcpy(program->input(1), y.value().data(), y.value().bytes());
      program->run();
      const float first = program->template output<float>(0)[0];
      const std::size_t before = allocations();
      for (int i = 0; i < 100; ++i) program->run();
      CHECK(allocations() == before);
      CHECK(program->template output<float>(0)[0] < 0.8f * first);
    }
  }
  kernels::set_threads(0);
}

TEMPLATE_TEST_CASE("a stream of single steps allocates nothing and gives the sequence", "", nn::LSTMCell,
                   nn::GRUCell, Fading) {
  const nn::Recurrent<TestType> rnn(2, 3, 20, random::key(1));
  const nn::Linear head(20, 2, random::key(2));
  const nn::CarriedState carried(rnn, 1);
  const auto step = compile([&](const Tensor& x) {
    const nn::Sequence next = rnn.step(x, carried.read());
    carried.assign(next.state);
    return head(next.output());
  });
  constexpr Index steps = 50;
  const Tensor x = evaluate(random::normal(random::key(3), {steps, 1, 3}));
  const Tensor whole = evaluate(head(rnn(x).output()));
  const auto program = step.program(zeros({1, 3}));
  program->run();
  carried.reset();

  std::vector<float> streamed(2 * steps);
  const std::size_t before = allocations();
  for (Index t = 0; t < steps; ++t) {
    std::memcpy(program->input(0), x.value().values<float>().data() + 3 * t, 3 * sizeof(float));
    program->run();
    std::memcpy(streamed.data() + 2 * t, program->output(0), 2 * sizeof(float));
  }
  CHECK(allocations() == before);
  for (std::size_t i = 0; i < streamed.size(); ++i)
    CHECK(streamed[i] == Approx(whole.value().element(static_cast<Index>(i))).margin(1e-5));
}
