// Claim: tracing, differentiating and compiling a training step of two layers takes 20 ms, for any number of
// time steps.

#include "bench.h"
#include "model.h"

#include <sluice/compile/compile.h>
#include <sluice/graph/trace.h>

namespace {

namespace sl = sluice;

void measure_compilation(const bench::Settings& settings) {
  bench::Table table({"cell", "T", "trace forward", "and gradients, Adam", "and compile", "all"});
  for (const std::string cell : {"lstm", "four-gate", "layer-norm"}) {
    for (const sl::Index length : {16, 1024}) {
      bench::Model model({cell, 2, 128, settings.smoke ? 1 : 32, length, 65});
      const sl::Specs arguments(2, model.ids());
      const bench::Work forward = [&] {
        sl::trace([&](const sl::Tensors& x) { return sl::Tensors{model.head(model.rnn(model.embed(x[0])))}; },
                  arguments);
      };
      const sl::TensorFunction train = [&](const sl::Tensors& x) {
        return sl::Tensors{model.train(x[0], x[1])};
      };
      const bench::Work whole = [&] { sl::trace(train, arguments); };
      const bench::Work compiled = [&] { sl::Program program(sl::trace(train, arguments)); };
      const std::vector<double> seconds = bench::medians({forward, whole, compiled}, settings);
      table.row({cell, std::to_string(length), bench::time(seconds[0]), bench::time(seconds[1] - seconds[0]),
                 bench::time(seconds[2] - seconds[1]), bench::time(seconds[2])});
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("The time from a function to its program");
  bench::Settings settings;
  return bench::run(argc, argv, app, settings, [&] { measure_compilation(settings); });
}
