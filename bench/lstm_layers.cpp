// Claim: layers of nn::LSTM, written as equations, run forward and backward in at most 1.05 times the time of
// the same layers scheduled by hand for this one cell. Both compute the gradients of x, of all weights and
// of all biases, and get the same numbers.

#include "by_hand/lstm_layers.h"
#include "bench.h"
#include "layers.h"

#include <sluice/nn/lstm.h>
#include <sluice/ops/random.h>

#include <cmath>

namespace {

namespace sl = sluice;
using sl::Index;

struct Configuration {
  Index layers, hidden, batch, length, inputs;

  std::string text() const {
    return fmt::format("{}x{} B={} T={} I={}", layers, hidden, batch, length, inputs);
  }
  /// Of the products alone, forward and backward.
  double flops() const {
    double result = 0;
    for (Index layer = 0; layer < layers; ++layer) {
      const Index below = layer == 0 ? inputs : hidden;
      result += 6.0 * static_cast<double>(batch * length * 4 * hidden * (below + hidden));
    }
    return result;
  }
};

#ifdef SLUICE_HAS_HAND_LSTM

/// The same layers by hand, with the weights of ours.
class ByHand {
 public:
  ByHand(const Configuration& c, const sl::nn::LSTM& rnn, sl::Program& program) : program_(program) {
    for (Index l = 0; l < c.layers; ++l) {
      const sl::nn::LSTMCell& cell = rnn.cell(l);
      layers_.push_back(bench::by_hand::make_layer(static_cast<int>(c.length), static_cast<int>(c.batch),
                                                   static_cast<int>(cell.inputs()),
                                                   static_cast<int>(c.hidden)));
      const bench::by_hand::Memory memory = bench::by_hand::memory_of(layers_.back());
      const sl::nn::Linear* gates[] = {&cell.forget, &cell.input, &cell.candidate, &cell.output};
      for (Index gate = 0; gate < 4; ++gate) {
        const sl::Tensor weight = gates[gate]->weight.value(), bias = gates[gate]->bias.value();
        const std::span<const float> w = weight.value().values<float>(), b = bias.value().values<float>();
        for (Index row = 0; row <= cell.inputs() + c.hidden; ++row) {
          const bool of_x = row < cell.inputs(), of_h = row < cell.inputs() + c.hidden;
          float* to = of_x   ? memory.weight_x + row * 4 * c.hidden
                      : of_h ? memory.weight_h + (row - cell.inputs()) * 4 * c.hidden
                             : memory.bias;
          const float* from = of_h ? w.data() + row * c.hidden : b.data();
          std::copy_n(from, c.hidden, to + gate * c.hidden);
        }
      }
    }
  }
  ~ByHand() {
    for (bench::by_hand::Layer* layer : layers_) bench::by_hand::free_layer(layer);
  }
  ByHand(const ByHand&) = delete;
  ByHand& operator=(const ByHand&) = delete;

  void run() {
    for (std::size_t l = 0; l < layers_.size(); ++l) bench::by_hand::forward(layers_[l], input(l));
    for (std::size_t l = layers_.size(); l-- > 0;) {
      bench::by_hand::backward(layers_[l], input(l),
                               l + 1 < layers_.size() ? bench::by_hand::memory_of(layers_[l + 1]).d_x
                                                      : program_.input<float>(1).data());
    }
  }

  /// Throws unless the gradient of x is the same as ours.
  void check() const {
    const std::span<const float> ours = program_.output<float>(0);
    const float* theirs = bench::by_hand::memory_of(layers_.front()).d_x;
    double difference = 0, size = 0;
    for (std::size_t i = 0; i < ours.size(); ++i) {
      difference = std::max(difference, std::abs(static_cast<double>(ours[i]) - theirs[i]));
      size = std::max(size, std::abs(static_cast<double>(theirs[i])));
    }
    if (!(difference <= 1e-4 * size)) {
      throw std::runtime_error(fmt::format("the gradients differ by {} of {}", difference, size));
    }
  }

 private:
  const float* input(std::size_t layer) {
    return layer == 0 ? program_.input<float>(0).data() : bench::by_hand::memory_of(layers_[layer - 1]).y;
  }

  sl::Program& program_;
  std::vector<bench::by_hand::Layer*> layers_;
};

#endif

void measure_lstm_layers(const bench::Settings& settings) {
  std::vector<Configuration> configurations = {{2, 128, 50, 50, 128},
                                               {2, 512, 64, 64, 128},
                                               {2, 200, 20, 20, 200},
                                               {2, 650, 20, 35, 650},
                                               {1, 1024, 32, 64, 1024}};
  if (settings.smoke) configurations = {{2, 16, 3, 4, 8}};
  bench::Table table({"layers", "threads", "sluice", "GFLOP/s", "by hand", "sluice / by hand"});
  for (const Configuration& c : configurations) {
    const sl::nn::LSTM rnn(c.layers, c.inputs, c.hidden, sl::random::key(1));
    bench::LayersStep step(rnn, c.length, c.batch);
    bench::explain(step.program(), settings);
    std::vector<bench::Work> works{[&] { step.run(); }};
#ifdef SLUICE_HAS_HAND_LSTM
    bench::by_hand::set_threads(settings.threads);
    ByHand by_hand(c, rnn, step.program());
    works.emplace_back([&] { by_hand.run(); });
#endif
    const std::vector<double> seconds = bench::medians(works, settings);
#ifdef SLUICE_HAS_HAND_LSTM
    by_hand.check();
#endif
    table.row({c.text(), std::to_string(settings.threads), bench::time(seconds[0]),
               fmt::format("{:.0f}", c.flops() / seconds[0] * 1e-9),
               seconds.size() > 1 ? bench::time(seconds[1]) : "not there",
               seconds.size() > 1 ? bench::ratio(seconds[0] / seconds[1]) : ""});
  }
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("LSTM layers forward and backward, beside the same layers scheduled by hand");
  bench::Settings settings;
  return bench::run(argc, argv, app, settings, [&] { measure_lstm_layers(settings); });
}
