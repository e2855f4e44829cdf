// Claim: with data::Sequences an epoch over sequences of different lengths has at most 1.3 times the steps
// that they have themselves, in few programs. One line for each distribution of lengths: the padded steps
// over those that are there; the shapes of batches, each of which is a program; the time of a step of an
// epoch with lengths over that of the same layer where all are equally long; what making the batches takes.

#include <sluice/compile/compile.h>
#include <sluice/data/sequences.h>
#include <sluice/nn/lstm.h>
#include <sluice/ops/random.h>
#include <sluice/ops/square.h>
#include <sluice/ops/sum.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "bench.h"

using namespace sluice;

namespace {

constexpr Index inputs = 64, hidden = 128;

/// Sequences of so many steps on average, uniform from 1 on or, with a tail, exponential.
std::vector<Tensors> examples_of(Index count, double mean, bool tail) {
  std::mt19937 random(5);
  std::vector<Tensors> examples;
  for (Index i = 0; i < count; ++i) {
    const double uniform = (static_cast<double>(random()) + 1) / 4294967297.;
    const double length = tail ? -mean * std::log(uniform) : 2 * mean * uniform;
    examples.push_back({zeros({1 + static_cast<Index>(length), inputs})});
  }
  return examples;
}

void measure(const bench::Settings& settings) {
  const nn::LSTM rnn(1, inputs, hidden, random::key(1));
  const auto with_lengths = compile(
      [&](const Tensor& x, const Tensor& lengths) { return sum(square(rnn(x, {.lengths = lengths}))); });
  const auto whole = compile([&](const Tensor& x) { return sum(square(rnn(x))); });
  bench::Table table({"lengths", "padded steps / steps", "shapes", "time of a step / without padding",
                      "batches, of an epoch"});
  const Index count = settings.smoke ? 60 : 2000;
  for (const bool tail : {false, true}) {
    for (const double mean : {10., 40., 160.}) {
      data::Sequences sequences(examples_of(count, settings.smoke ? 4 : mean, tail), {.batch = 32});
      const auto batches = sequences.batches_per_epoch();
      const auto steps = static_cast<double>(sequences.steps());
      const auto time = std::max<Index>(1, sequences.steps() / sequences.examples());
      const Tensor x = zeros({time, 32, inputs});
      const std::vector<double> seconds = bench::medians({[&] {
                                                            for (Index b = 0; b < batches; ++b) {
                                                              const data::SequenceBatch batch =
                                                                  sequences.next();
                                                              with_lengths(batch.values[0], batch.lengths);
                                                            }
                                                          },
                                                          [&] { whole(x); },
                                                          [&] {
                                                            for (Index b = 0; b < batches; ++b)
                                                              sequences.next();
                                                          }},
                                                         settings);
      const double padded = static_cast<double>(sequences.padded_steps()) / steps;
      const double of_step = seconds[0] / steps / (seconds[1] / static_cast<double>(time * 32));
      table.row({fmt::format("{} {}", tail ? "exponential, mean" : "uniform, mean", mean),
                 bench::ratio(padded), std::to_string(sequences.shapes()), bench::ratio(of_step),
                 fmt::format("{:.1f} %", 100 * seconds[2] / seconds[0])});
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Epochs over sequences of different lengths");
  bench::Settings settings;
  return bench::run(argc, argv, app, settings, [&] { measure(settings); });
}
