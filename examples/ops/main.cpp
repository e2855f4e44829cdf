// Six kinds of ops that people write themselves, one page each, and what each of them is good for in a line
// of output. docs/custom_ops.md says what the pages show.
//
//   ops [--smoke]

#include "causal_conv.h"
#include "crf.h"
#include "fake_quantize.h"
#include "gumbel_softmax.h"
#include "soft_dtw.h"
#include "sparsemax.h"

#include <sluice/check/check_op.h>
#include <sluice/compile/compile.h>
#include <sluice/graph/evaluate.h>
#include <sluice/nn/loss.h>
#include <sluice/nn/recurrent.h>
#include <sluice/ops/matmul.h>
#include <sluice/ops/mean.h>
#include <sluice/ops/square.h>
#include <sluice/optim/adam.h>

#include <fmt/ranges.h>
#include <CLI/CLI.hpp>

namespace {

std::string numbers(const sl::Tensor& x) {
  return fmt::format("{:.3f}", fmt::join(evaluate(x).to_vector<double>(), " "));
}

/// Everything that an op promises: its memory, its answers to the compiler, its derivatives.
void check(const std::function<sl::Tensor(const sl::Tensors&)>& f, const sl::Tensors& inputs,
           const sl::CheckOpOptions& options = {}) {
  const sl::CheckOpReport report = sl::check_op(f, inputs, options);
  fmt::print("               {} first and {} second derivatives checked\n", report.first, report.second);
}

void attention() {
  const sl::Tensor scores = sl::tensor({1.0, 0.8, -0.5, 0.1});
  fmt::print("sparsemax      of [{}] is [{}]\n", numbers(scores), numbers(sparsemax(scores)));
  check([](const sl::Tensors& x) { return sparsemax(x[0]); }, {scores});
}

void tagging() {
  // Two tags that like to alternate; the emissions know the first only.
  const sl::Tensor emissions = sl::tensor({1.0, -1.0, 0.0, 0.0, 0.0, 0.0}, {3, 1, 2});
  const sl::Tensor transitions = sl::tensor({-1.0, 1.0, 1.0, -1.0}, {2, 2});
  const sl::Tensor tags = sl::tensor({0, 1, 0}, {3, 1});
  const sl::Tensor log_z = crf_log_partition(emissions, transitions);
  fmt::print("crf            log p(0 1 0) is {}, tags at each step have p = [{}]\n",
             numbers(crf_log_likelihood(emissions, transitions, tags)),
             numbers(sl::grad(sum(log_z), emissions)));
  check([](const sl::Tensors& x) { return crf_log_partition(x[0], x[1]); }, {emissions, transitions});
}

void alignment() {
  // One sequence stays at its third number for a step; alignment forgives that.
  const sl::Tensor a = sl::tensor({0.0, 1.0, 2.0, 2.0, 3.0}, {5, 1}), b = sl::tensor({0.0, 1.0, 2.0, 3.0});
  const sl::Tensor costs = sl::square(a - b);
  fmt::print("soft_dtw       of sequences of 5 and 4 steps, one of which lingers, is {}\n",
             numbers(soft_dtw(costs, 0.01)));
  check([](const sl::Tensors& x) { return soft_dtw(x[0], 0.5); }, {costs});
}

void filter() {
  const sl::Tensor x = sl::tensor({1.0, 0.0, 0.0, 2.0, 0.0}, {5, 1}),
                   w = sl::tensor({1.0, 0.5, 0.25}, {3, 1});
  fmt::print("causal_conv    echoes [{}] as [{}]\n", numbers(x), numbers(causal_conv(x, w)));
  check([](const sl::Tensors& t) { return causal_conv(t[0], t[1]); }, {x, w});
}

void choice() {
  const sl::Tensor logits = sl::tensor({2.0, 0.0, 1.0});
  const sl::Tensors keys = sl::random::split(sl::random::key(3), 2);
  fmt::print("gumbel_softmax draws [{}], and with hard = true [{}]\n",
             numbers(gumbel_softmax(keys[0], logits, 0.5)),
             numbers(gumbel_softmax(keys[1], logits, 0.5, true)));
  check([&](const sl::Tensors& x) { return gumbel_softmax(keys[0], x[0], 0.5); }, {logits},
        {.float32 = false});
}

/// A network whose weights have four bits learns to add what it hears.
bool quantisation(int steps) {
  const sl::Tensors keys = sl::random::split(sl::random::key(1), 3);
  const sl::nn::Recurrent<QuantizedCell> rnn(1, 1, 32, keys[0], {.cell = {.bits = 4}});
  const sl::nn::Linear head(32, 1, keys[1]);
  sl::optim::Adam adam(sl::nn::variables({{"rnn", rnn}, {"head", head}}),
                       {.learning_rate = 5e-3, .clip_norm = 1});
  const sl::Variable key(keys[2]);
  const auto step = sl::compile([&] {
    const sl::Tensors next = sl::random::split(key);
    key.assign(next[0]);
    const auto heard = sl::random::uniform(next[1], {8, 32, 1}, -1, 1);
    auto loss = sl::nn::mse(sl::slice(head(rnn(heard)), 0, -1), sl::sum(heard, 0, true));
    adam.update(loss);
    return loss;
  });
  const double first = step().item();
  double last = first;
  for (int i = 0; i < steps; ++i) last = step().item();
  fmt::print(
      "fake_quantize  in a recurrent cell: the loss falls from {:.3f} to {:.3f} with weights of 4 bits\n",
      first, last);
  return last < first / 2;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app(
      "Six ops of one's own: sparsemax, a CRF, soft-DTW, a causal convolution, Gumbel-softmax, "
      "quantisation");
  bool smoke = false;
  app.add_flag("--smoke", smoke, "train for a moment only");
  CLI11_PARSE(app, argc, argv);
  try {
    attention();
    tagging();
    alignment();
    filter();
    choice();
    return quantisation(smoke ? 200 : 1000) ? 0 : 1;
  } catch (const std::exception& error) {
    fmt::print(stderr, "ops: {}\n", error.what());
    return 1;
  }
}
