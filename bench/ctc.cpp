// Claim: the CTC loss with its gradient is no slower than PyTorch's. This is our side; ctc.py is the other, and
// controls the turns of both (--follow).

#include "bench.h"

#include <sluice/compile/compile.h>
#include <sluice/graph/evaluate.h>
#include <sluice/graph/grad.h>
#include <sluice/nn/ctc.h>
#include <sluice/nn/ctc_decode.h>
#include <sluice/ops/random.h>

namespace {

namespace sl = sluice;

/// The sizes, and the targets, are those in pytorch/ctc.py.
struct CtcSizes {
  std::int32_t time = 200, batch = 32, classes = 60, most = 50;

  /// From 30 to 50 labels.
  std::int32_t labels(std::int32_t b) const { return most - b * 7 % 21 * most / 50; }
  std::int32_t label(std::int32_t i, std::int32_t b) const {
    return 1 + (i * 7919 + b * 31 + i * i % 13) % (classes - 1);
  }
};

/// A function of the logits, the targets, and the lengths of both.
std::shared_ptr<sl::Program> program(const CtcSizes& sizes, const sl::TensorFunction& function) {
  const auto compiled = sl::compile(function);
  const sl::Tensor lengths = sl::zeros({sizes.batch}, sl::DType::int32);
  const sl::Tensors arguments{sl::zeros({sizes.time, sizes.batch, sizes.classes}),
                              sl::zeros({sizes.batch, sizes.most}, sl::DType::int32), lengths, lengths};
  std::shared_ptr<sl::Program> made = compiled.program(arguments);
  const sl::Tensor drawn = evaluate(sl::random::normal(sl::random::key(1), arguments[0].shape(), 0, 2));
  const auto values = drawn.value().values<float>();
  std::copy(values.begin(), values.end(), made->input<float>(0).begin());
  std::size_t place = 0;
  for (std::int32_t b = 0; b < sizes.batch; ++b) {
    for (std::int32_t i = 0; i < sizes.most; ++i) made->input<std::int32_t>(1)[place++] = sizes.label(i, b);
    made->input<std::int32_t>(2)[static_cast<std::size_t>(b)] = sizes.time;
    made->input<std::int32_t>(3)[static_cast<std::size_t>(b)] = sizes.labels(b);
  }
  return made;
}

void measure_ctc(bool follow, const bench::Settings& settings) {
  const double before = bench::peak_mib();
  const CtcSizes sizes = settings.smoke ? CtcSizes{12, 3, 7, 5} : CtcSizes{};
  const auto training = program(sizes, [](const sl::Tensors& in) {
    const sl::Tensor loss = sl::nn::ctc_loss(in[0], in[1], in[2], in[3]);
    return sl::Tensors{loss, grad(loss, in[0])};
  });
  bench::explain(*training, settings);
  const bench::Work train = [&] { training->run(); };
  if (follow) return bench::follow(train, before);
  const auto loss = program(
      sizes, [](const sl::Tensors& in) { return sl::Tensors{sl::nn::ctc_loss(in[0], in[1], in[2], in[3])}; });
  const auto greedy = program(sizes, [](const sl::Tensors& in) {
    const auto found = sl::nn::ctc_greedy(in[0], in[2]);
    return sl::Tensors{found.ids, found.lengths, found.scores};
  });
  const auto beam = program(sizes, [](const sl::Tensors& in) {
    const auto found = sl::nn::ctc_beam_search(in[0], in[2]);
    return sl::Tensors{found.ids, found.lengths, found.scores};
  });
  const std::vector<double> seconds =
      bench::medians({train, [&] { loss->run(); }, [&] { greedy->run(); }, [&] { beam->run(); }}, settings);
  bench::Table table({"sizes", "threads", "loss and gradient", "loss", "best path", "prefix beam of 16"});
  table.row({fmt::format("T={} B={} C={}", sizes.time, sizes.batch, sizes.classes),
             std::to_string(settings.threads), bench::time(seconds[0]), bench::time(seconds[1]),
             bench::time(seconds[2]), bench::time(seconds[3])});
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("The CTC loss with its gradient, and decoding");
  bench::Settings settings;
  bool follow = false;
  app.add_flag("--follow", follow, "run it for each line read, and answer with its seconds and peak MiB");
  return bench::run(argc, argv, app, settings, [&] { measure_ctc(follow, settings); });
}
