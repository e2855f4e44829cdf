// Claim: a second thread makes layers 1.8 times faster from 128 units on.

#include "bench.h"
#include "layers.h"

#include <sluice/nn/lstm.h>
#include <sluice/ops/random.h>

namespace {

namespace sl = sluice;
using sl::Index;

struct Layers {
  Index layers, hidden, batch, length;
};

void measure_second_thread(const bench::Settings& settings) {
  std::vector<Layers> configurations = {
      {2, 128, 50, 50}, {2, 256, 50, 50}, {2, 512, 64, 64}, {1, 1024, 32, 64}};
  if (settings.smoke) configurations = {{1, 16, 4, 3}};
  bench::Table table({"LSTM layers", "1 thread", "2 threads", "times faster"});
  for (const Layers& c : configurations) {
    const sl::nn::LSTM rnn(c.layers, c.hidden, c.hidden, sl::random::key(1));
    // A program plans its loops for the number of threads, hence one program for each.
    bench::LayersStep alone(rnn, c.length, c.batch), together(rnn, c.length, c.batch);
    const auto on = [](int threads, bench::LayersStep& step) {
      return [threads, &step] {
        sl::kernels::set_threads(threads);
        step.run();
      };
    };
    const std::vector<double> seconds = bench::medians({on(1, alone), on(2, together)}, settings);
    table.row({fmt::format("{}x{} B={} T={}", c.layers, c.hidden, c.batch, c.length), bench::time(seconds[0]),
               bench::time(seconds[1]), bench::ratio(seconds[0] / seconds[1])});
  }
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("LSTM layers forward and backward on one thread and on two");
  bench::Settings settings;
  return bench::run(argc, argv, app, settings, [&] { measure_second_thread(settings); });
}
