// A custom recurrent cell: an LSTM whose gates also see the memory ("peepholes"). It is written as its
// equations and nothing else; Recurrent stacks it, grad differentiates it, compile makes it a program, as for
// any built-in cell. Here it learns to repeat its input of four steps ago.
//
//   custom_cell [--smoke]

#include <sluice/compile/compile.h>
#include <sluice/graph/arithmetic.h>
#include <sluice/nn/linear.h>
#include <sluice/nn/loss.h>
#include <sluice/nn/recurrent.h>
#include <sluice/ops/concat.h>
#include <sluice/ops/random.h>
#include <sluice/ops/sigmoid.h>
#include <sluice/ops/slice.h>
#include <sluice/ops/tanh.h>
#include <sluice/optim/adam.h>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

namespace sl = sluice;

namespace {

/// Gers and Schmidhuber, "Recurrent nets that time and count", 2000. The state is {h, c}.
struct PeepholeCell : sl::nn::Cell {
  sl::nn::Linear forget, input, candidate, output;  // each takes [x, h]
  sl::Variable p_f, p_i, p_o;                       // one weight per unit

  PeepholeCell(sl::Index inputs, sl::Index hidden, const sl::Tensor& key)
      : Cell(inputs, {hidden, hidden}),
        forget(inputs + hidden, hidden, sl::random::fold_in(key, 0)),
        input(inputs + hidden, hidden, sl::random::fold_in(key, 1)),
        candidate(inputs + hidden, hidden, sl::random::fold_in(key, 2)),
        output(inputs + hidden, hidden, sl::random::fold_in(key, 3)),
        p_f(sl::zeros({hidden})),
        p_i(sl::zeros({hidden})),
        p_o(sl::zeros({hidden})) {}

  sl::nn::State step(const sl::Tensor& x, const sl::nn::State& s) const override {
    const auto [h, c] = s.pair();
    const auto xh = sl::concat({x, h}, -1);
    const auto f = sl::sigmoid(forget(xh) + p_f * c);
    const auto i = sl::sigmoid(input(xh) + p_i * c);
    const auto next = f * c + i * sl::tanh(candidate(xh));
    const auto o = sl::sigmoid(output(xh) + p_o * next);
    return {o * sl::tanh(next), next};
  }

  void members(const sl::nn::Members& m) const override {
    m("forget", forget), m("input", input), m("candidate", candidate), m("output", output);
    m("p_f", p_f), m("p_i", p_i), m("p_o", p_o);
  }
};

int run(bool smoke) {
  constexpr sl::Index batch = 32, length = 20, delay = 4;
  const sl::Tensors keys = sl::random::split(sl::random::key(1), 3);
  const sl::nn::Recurrent<PeepholeCell> rnn(1, 1, 32, keys[0]);
  const sl::nn::Linear head(32, 1, keys[1]);
  sl::optim::Adam adam(sl::nn::variables({{"rnn", rnn}, {"head", head}}),
                       {.learning_rate = 1e-2, .clip_norm = 1});

  // Every run of the compiled step draws a new batch: the key is a Variable that the step advances.
  const sl::Variable key(keys[2]);
  const auto step = sl::compile([&] {
    const sl::Tensors next = sl::random::split(key, 2);
    key.assign(next[0]);
    const auto heard = sl::random::uniform(next[1], {length + delay, batch, 1});
    const auto said = head(rnn(sl::slice(heard, 0, delay, length + delay)));
    auto loss = sl::nn::mse(sl::slice(said, 0, delay, length), sl::slice(heard, 0, delay, length));
    adam.update(loss);
    return loss;
  });

  const int steps = smoke ? 180 : 600;
  double first = 0, last = 0;
  for (int i = 0; i <= steps; ++i) {
    last = step().item();
    if (i == 0) first = last;
    if (i % (steps / 6) == 0) fmt::print("step {:4}  loss {:.5f}\n", i, last);
  }
  fmt::print("{} parameters; a guess of the mean has a loss of {:.5f}\n", rnn.count() + head.count(),
             1.0 / 12);
  return last < first ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("A custom recurrent cell learns to repeat what it heard four steps ago");
  bool smoke = false;
  app.add_flag("--smoke", smoke, "train for a moment only");
  CLI11_PARSE(app, argc, argv);
  try {
    return run(smoke);
  } catch (const std::exception& error) {
    fmt::print(stderr, "custom_cell: {}\n", error.what());
    return 1;
  }
}
