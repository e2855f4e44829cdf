// Claim: one step of one sequence, as in an audio callback, takes at most 1.2 times the time of a
// hand-written step with sizes known at compile time. Both give the same numbers.

#include "by_hand/streaming.h"
#include "bench.h"
#include "layers.h"

#include <sluice/nn/carried_state.h>
#include <sluice/nn/linear.h>
#include <sluice/nn/lstm.h>
#include <sluice/ops/random.h>

#include <cmath>
#include <memory>

namespace {

namespace sl = sluice;
using sl::Index;

std::unique_ptr<bench::by_hand::StreamingStep> by_hand(const sl::nn::LSTMCell& cell,
                                                       const sl::nn::Linear& head) {
  const Index h = cell.hidden();
  const auto size = static_cast<std::size_t>(4 * h);
  std::vector<float> weight_x(size), weight_h(size * static_cast<std::size_t>(h)), bias(size);
  const sl::nn::Linear* gates[] = {&cell.forget, &cell.input, &cell.candidate, &cell.output};
  for (Index gate = 0; gate < 4; ++gate) {
    const std::vector<float> w = gates[gate]->weight.value().to_vector();
    const std::vector<float> b = gates[gate]->bias.value().to_vector();
    std::copy_n(w.begin(), h, weight_x.begin() + gate * h);
    std::copy_n(b.begin(), h, bias.begin() + gate * h);
    for (Index row = 0; row < h; ++row) {
      std::copy_n(w.begin() + (row + 1) * h, h, weight_h.begin() + (row * 4 + gate) * h);
    }
  }
  const std::vector<float> out = head.weight.value().to_vector();
  return std::unique_ptr<bench::by_hand::StreamingStep>(bench::by_hand::make_streaming(
      static_cast<int>(h),
      {weight_x.data(), weight_h.data(), bias.data(), out.data(), head.bias.value().to_vector()[0]}));
}

void measure_streaming(const bench::Settings& settings) {
  bench::Table table({"LSTM + linear", "sluice", "by hand", "sluice / by hand"});
  std::vector<Index> sizes = {20, 64, 128, 256};
  if (settings.smoke) sizes = {16};
  for (const Index hidden : sizes) {
    const sl::nn::LSTM rnn(1, 1, hidden, sl::random::key(1));
    const sl::nn::Linear head(hidden, 1, sl::random::key(2));
    const sl::nn::CarriedState state(rnn, 1);
    const auto compiled = sl::compile([&](const sl::Tensor& x) {
      const sl::nn::Sequence next = rnn.step(x, state.read());
      state.assign(next.state);
      return head(next.output());
    });
    sl::Program program = compiled.prepare(sl::Spec{sl::DType::float32, {1, 1}});
    float& in = program.input<float>(0)[0];
    const float& out = program.output<float>(0)[0];
    const auto hand = by_hand(rnn.cell(0), head);

    for (int i = 0; i < 100; ++i) {
      in = std::sin(static_cast<float>(i));
      program.run();
      const float expected = hand->run(in);
      if (!(std::abs(out - expected) < 1e-5F)) {
        throw std::runtime_error(fmt::format("step {} gives {} and by hand {}", i, out, expected));
      }
    }
    bench::explain(program, settings);
    const std::vector<double> seconds =
        bench::medians({[&] { program.run(); }, [&] { in = 0.1F * hand->run(in); }}, settings);
    table.row({fmt::format("H={}", hidden), bench::time(seconds[0]), bench::time(seconds[1]),
               bench::ratio(seconds[0] / seconds[1])});
  }
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("A streaming step, beside one written by hand for fixed sizes");
  bench::Settings settings;
  return bench::run(argc, argv, app, settings, [&] { measure_streaming(settings); });
}
