// Claim: a convolution over time, forward and backward, runs at 85 % or more of the speed of its product
// alone: that of a matrix whose rows are the taps side by side, which convolutions are often computed with and
// which is not made here. Everything is compiled; the products have their operands ready.

#include "bench.h"
#include "layers.h"

#include <sluice/graph/grad.h>
#include <sluice/kernels/buffer.h>
#include <sluice/kernels/gemm.h>
#include <sluice/nn/conv1d.h>
#include <sluice/ops/random.h>

namespace {

using sluice::ConvPadding;
using sluice::Index;
using sluice::Shape;
using sluice::Spec;
using sluice::Tensor;
namespace kernels = sluice::kernels;

/// A product with memory of its own.
class ConvProduct {
 public:
  ConvProduct(bool transpose_a, bool transpose_b, Index m, Index n, Index k, int threads)
      : transpose_a_(transpose_a),
        transpose_b_(transpose_b),
        m_(m),
        n_(n),
        k_(k),
        threads_(threads),
        a_(static_cast<std::size_t>(m * k)),
        b_(static_cast<std::size_t>(k * n)),
        c_(static_cast<std::size_t>(m * n)),
        memory_(static_cast<std::size_t>(kernels::gemm_workspace<float>(transpose_a, transpose_b, m, n, k) *
                                         threads) *
                sizeof(float)) {
    bench::fill(a_);
    bench::fill(b_);
  }
  void run() {
    kernels::gemm(transpose_a_, transpose_b_, m_, n_, k_, a_.data(), transpose_a_ ? m_ : k_, b_.data(),
                  transpose_b_ ? k_ : n_, 0, c_.data(), n_,
                  {reinterpret_cast<float*>(memory_.data()), threads_});
  }

 private:
  bool transpose_a_, transpose_b_;
  Index m_, n_, k_;
  int threads_;
  std::vector<float> a_, b_, c_;
  kernels::Buffer memory_;
};

/// A compiled function with varied arguments in place.
class Ready {
 public:
  template <class F, class... Specs>
  explicit Ready(const F& function, const Specs&... arguments)
      : program_(sluice::compile(function).prepare(arguments...)) {
    for (std::size_t i = 0; i < sizeof...(arguments); ++i) bench::fill(program_.template input<float>(i));
  }
  void run() { program_.run(); }
  sluice::Program& program() { return program_; }

 private:
  sluice::Program program_;
};

struct ConvSizes {
  Index time, batch, channels, taps;
  sluice::Conv1dOptions options = {.padding = ConvPadding::causal};

  Index rows() const { return conv1d_time(time, taps, options) * batch; }
  Index heard() const { return taps * channels / options.groups; }
};

Spec f32(const Shape& shape) { return {sluice::DType::float32, shape}; }

void measure_whole(bench::Table& table, const std::string& name, const ConvSizes& s,
                   const bench::Settings& settings) {
  const Spec x = f32({s.time, s.batch, s.channels});
  const Spec w = f32({s.taps, s.channels / s.options.groups, s.channels});
  const Spec dy = f32({s.rows() / s.batch, s.batch, s.channels});
  Ready forward([&](const Tensor& a, const Tensor& b) { return sluice::conv1d(a, b, s.options); }, x, w);
  Ready backward(
      [&](const Tensor& a, const Tensor& b, const Tensor& c) {
        return sluice::vjp({sluice::conv1d(a, b, s.options)}, {c}, {a, b});
      },
      x, w, dy);
  bench::explain(backward.program(), settings);
  ConvProduct product(false, false, s.rows(), s.channels, s.heard(), settings.threads);
  ConvProduct for_x(false, true, s.rows(), s.heard(), s.channels, settings.threads);
  ConvProduct for_w(true, false, s.heard(), s.channels, s.rows(), settings.threads);
  const bool depthwise = s.options.groups == s.channels;  // no product of matrices
  const std::vector<double> seconds =
      bench::medians({[&] { forward.run(); }, [&] { product.run(); }, [&] { backward.run(); },
                      [&] { for_x.run(), for_w.run(); }},
                     settings);
  table.row({name, fmt::format("{}", settings.threads), bench::time(seconds[0]),
             depthwise ? "" : bench::ratio(seconds[1] / seconds[0]), bench::time(seconds[2]),
             depthwise ? "" : bench::ratio(seconds[3] / seconds[2])});
}

void measure_step(bench::Table& table, Index batch, Index channels, Index taps,
                  const bench::Settings& settings) {
  const sluice::nn::Conv1d conv(channels, channels, taps, sluice::random::key(1),
                                {.padding = ConvPadding::causal});
  Ready step(
      [&](const Tensor& x, const Tensor& past) {
        const auto run = conv.step(x, {sluice::nn::State{past}});
        return std::pair(run.output(), run.state[0].output());
      },
      f32({batch, channels}), f32({batch, (taps - 1) * channels}));
  bench::explain(step.program(), settings);
  ConvProduct product(false, false, batch, channels, taps * channels, settings.threads);
  const std::vector<double> seconds = bench::medians({[&] { step.run(); }, [&] { product.run(); }}, settings);
  table.row({fmt::format("batch {}, {} channels, {} taps", batch, channels, taps),
             fmt::format("{}", settings.threads), bench::time(seconds[0]),
             bench::ratio(seconds[1] / seconds[0])});
}

void measure_conv1d(const bench::Settings& settings) {
  const Index time = settings.smoke ? 6 : 32, batch = settings.smoke ? 2 : 32;
  {
    bench::Table table(
        {"convolution", "threads", "forward", "speed of its product", "backward", "speed of its products"});
    for (const Index channels : {64, 128, 256}) {
      for (const Index taps : {3, 5}) {
        const Index width = settings.smoke ? channels / 8 : channels;
        measure_whole(table, fmt::format("{} channels, {} taps", width, taps), {time, batch, width, taps},
                      settings);
      }
    }
    const Index width = settings.smoke ? 8 : 128;
    const auto causal = [&](Index stride, Index dilation, Index groups) {
      return ConvSizes{time, batch, width, 3, {ConvPadding::causal, stride, dilation, groups}};
    };
    measure_whole(table, fmt::format("{} channels, 3 taps, dilation 4", width), causal(1, 4, 1), settings);
    measure_whole(table, fmt::format("{} channels, 3 taps, stride 2", width), causal(2, 1, 1), settings);
    measure_whole(table, fmt::format("{} channels, 3 taps, 4 groups", width), causal(1, 1, 4), settings);
    measure_whole(table, fmt::format("{} channels, 3 taps, depthwise", width), causal(1, 1, width), settings);
  }
  bench::Table table({"streaming step", "threads", "step", "speed of its product"});
  for (const Index rows : {1, 32}) {
    for (const Index channels : {64, 256}) {
      measure_step(table, rows, settings.smoke ? channels / 8 : channels, 3, settings);
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Convolutions over time beside their products");
  bench::Settings settings;
  settings.seconds = 0.5;
  return bench::run(argc, argv, app, settings, [&] { measure_conv1d(settings); });
}
