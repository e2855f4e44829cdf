// Claim: the time of a step is linear in the number of time steps, and a character costs less in a larger
// batch.

#include "bench.h"
#include "layers.h"

#include <sluice/nn/lstm.h>
#include <sluice/ops/random.h>

namespace {

namespace sl = sluice;
using sl::Index;

constexpr Index hidden = 128;

double seconds_of_step(Index length, Index batch, const bench::Settings& settings) {
  const sl::nn::LSTM rnn(2, hidden, hidden, sl::random::key(1));
  bench::LayersStep step(rnn, length, batch);
  return bench::medians({[&] { step.run(); }}, settings)[0];
}

void row(bench::Table& table, Index length, Index batch, const bench::Settings& settings) {
  const double seconds = seconds_of_step(length, batch, settings);
  table.row({std::to_string(length), std::to_string(batch), bench::time(seconds),
             bench::time(seconds / static_cast<double>(length)),
             bench::time(seconds / static_cast<double>(length * batch))});
}

void measure_growth(const bench::Settings& settings) {
  const Index longest = settings.smoke ? 32 : 1024, largest = settings.smoke ? 4 : 256;
  bench::Table table({"T", "B", "forward and backward", "per time step", "per character"});
  for (Index length = 16; length <= longest; length *= 2) row(table, length, 32, settings);
  for (Index batch = 1; batch <= largest; batch *= 4) row(table, 64, batch, settings);
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("How the time of 2 LSTM layers of 128 grows with length and batch");
  bench::Settings settings;
  return bench::run(argc, argv, app, settings, [&] { measure_growth(settings); });
}
