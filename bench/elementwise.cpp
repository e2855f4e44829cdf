// Claim: a chain of elementwise ops, compiled, takes at most 1.25 times the time of one loop written by hand.

#include "by_hand/elementwise.h"
#include "bench.h"
#include "layers.h"

#include <sluice/ops/sigmoid.h>
#include <sluice/ops/split.h>
#include <sluice/ops/tanh.h>
#include <sluice/optim/adam.h>

#include <cmath>

namespace {

namespace sl = sluice;
using sl::Index;

void row(bench::Table& table, const std::string& name, const std::vector<double>& seconds) {
  table.row({name, bench::time(seconds[0]), bench::time(seconds[1]), bench::ratio(seconds[0] / seconds[1])});
}

/// Throws unless both are approximately equal.
void check(std::span<const float> ours, const std::vector<float>& theirs) {
  for (std::size_t i = 0; i < ours.size(); ++i) {
    if (!(std::abs(ours[i] - theirs[i]) < 1e-5F)) {
      throw std::runtime_error(fmt::format("element {} is {} and by hand {}", i, ours[i], theirs[i]));
    }
  }
}

void lstm(bench::Table& table, Index batch, Index units, const bench::Settings& settings) {
  const auto compiled = sl::compile([](const sl::Tensor& gates, const sl::Tensor& c) {
    const sl::Tensors g = sl::split(gates, 4, -1);
    const sl::Tensor next = sl::sigmoid(g[0]) * c + sl::sigmoid(g[1]) * sl::tanh(g[2]);
    return sl::Tensors{next, sl::sigmoid(g[3]) * sl::tanh(next)};
  });
  const auto program = compiled.program(sl::zeros({batch, 4 * units}), sl::zeros({batch, units}));
  const std::span<float> gates = bench::input_of(*program, 0), c = bench::input_of(*program, 1);
  bench::explain(*program, settings);
  bench::fill(gates, 4);
  bench::fill(c);
  std::vector<float> next_c(c.size()), next_h(c.size());
  const auto seconds = bench::medians(
      {[&] { program->run(); },
       [&] {
         bench::by_hand::lstm_forward(gates.data(), c.data(), next_c.data(), next_h.data(),
                                      static_cast<std::size_t>(batch), static_cast<std::size_t>(units));
       }},
      settings);
  check(bench::output_of(*program, 0), next_c);
  check(bench::output_of(*program, 1), next_h);
  row(table, fmt::format("LSTM forward B={} H={}", batch, units), seconds);
}

void adam(bench::Table& table, Index size, const bench::Settings& settings) {
  const sl::Variable parameter(sl::full({size}, 0.5));
  sl::optim::Adam adam({{"parameter", parameter}}, {.learning_rate = 1e-3});
  const auto compiled = sl::compile([&](const sl::Tensor& gradient) { adam.apply({gradient}); });
  const auto program = compiled.program(sl::zeros({size}));
  const std::span<float> gradient = bench::input_of(*program, 0);
  bench::fill(gradient);
  const auto n = static_cast<std::size_t>(size);
  std::vector<float> p(n, 0.5F), m(n), v(n);
  double step = 0;
  const auto by_hand = [&] {
    ++step;
    bench::by_hand::adam(p.data(), m.data(), v.data(), gradient.data(), n,
                         static_cast<float>(1e-3 / (1 - std::pow(0.9, step))),
                         static_cast<float>(1 / (1 - std::pow(0.999, step))));
  };
  for (int i = 0; i < 10; ++i) {
    program->run();
    by_hand();
  }
  check(parameter.value().value().values<float>(), p);
  bench::explain(*program, settings);
  row(table, fmt::format("Adam, {} parameters", size),
      bench::medians({[&] { program->run(); }, by_hand}, settings));
}

void measure(const bench::Settings& settings) {
  bench::Table table({"what", "sluice", "one loop by hand", "sluice / by hand"});
  if (settings.smoke) {
    lstm(table, 2, 16, settings);
    adam(table, 100, settings);
    return;
  }
  lstm(table, 50, 128, settings);
  lstm(table, 64, 512, settings);
  adam(table, 65536, settings);
  adam(table, 4194304, settings);
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Elementwise work, beside one loop written by hand");
  bench::Settings settings;
  return bench::run(argc, argv, app, settings, [&] { measure(settings); });
}
