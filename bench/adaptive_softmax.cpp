// Claim: with a vocabulary of 200,000 words a whole training step of a language model is at least ten times as fast
// with nn::AdaptiveSoftmax as with a linear layer and cross_entropy. Words are drawn with the frequencies of words,
// the n-th with a share of 1/n; both models have the same embedding and LSTM, and take turns.

#include "bench.h"
#include "model.h"

#include <sluice/compile/compile.h>
#include <sluice/nn/adaptive_softmax.h>

#include <fmt/ranges.h>

#include <memory>
#include <random>

namespace {

namespace sl = sluice;

/// A training step of a model with an adaptive softmax.
struct AdaptiveModel {
  AdaptiveModel(const bench::ModelSize& size, const std::vector<sl::Index>& cutoffs)
      : embed(size.vocabulary, size.hidden, sl::random::key(1)),
        rnn(bench::layers_of(size)),
        head(size.hidden, size.vocabulary, cutoffs, sl::random::key(3)),
        adam(sl::nn::variables({{"embed", embed}, {"rnn", rnn}, {"head", head}}),
             {.learning_rate = 1e-3, .clip_norm = 5}) {}

  sl::Tensor train(const sl::Tensor& ids, const sl::Tensor& next) {
    const sl::Tensor loss = head.loss(rnn(embed(ids)), next);
    adam.update(loss);
    return loss;
  }

  sl::nn::Embedding embed;
  sl::nn::RecurrentLayers rnn;
  sl::nn::AdaptiveSoftmax head;
  sl::optim::Adam adam;
};

/// Ids with the frequencies of words, and the ids that follow them.
void fill_words(sl::Program& program, sl::Index vocabulary) {
  std::vector<double> sums{1};
  for (sl::Index n = 2; n <= vocabulary; ++n) sums.push_back(sums.back() + 1 / static_cast<double>(n));
  std::mt19937_64 random(1);
  for (const std::size_t input : {0, 1}) {
    for (std::int32_t& id : program.input<std::int32_t>(input)) {
      const double drawn = static_cast<double>(random() >> 11) * 0x1p-53 * sums.back();
      const auto found = std::upper_bound(sums.begin(), sums.end() - 1, drawn);
      id = static_cast<std::int32_t>(found - sums.begin());
    }
  }
}

template <class Model>
std::shared_ptr<sl::Program> program_of(Model& model, const bench::ModelSize& size,
                                        const bench::Settings& settings) {
  const auto compiled =
      sl::compile([&](const sl::Tensor& ids, const sl::Tensor& next) { return model.train(ids, next); });
  const sl::Tensor ids = sl::zeros({size.length, size.batch}, sl::DType::int32);
  std::shared_ptr<sl::Program> program = compiled.program(ids, ids);
  fill_words(*program, size.vocabulary);
  bench::explain(*program, settings);
  return program;
}

void measure(const bench::ModelSize& size, const std::vector<sl::Index>& cutoffs, bool alone,
             const bench::Settings& settings) {
  const double words = static_cast<double>(size.batch * size.length);
  AdaptiveModel adaptive(size, cutoffs);
  const auto step = program_of(adaptive, size, settings);
  std::vector<bench::Work> works{[&] { step->run(); }};
  std::unique_ptr<bench::Model> linear;
  std::shared_ptr<sl::Program> long_step;
  if (!alone) {
    linear = std::make_unique<bench::Model>(size);
    long_step = program_of(*linear, size, settings);
    works.emplace_back([&] { long_step->run(); });
  }
  const std::vector<double> seconds = bench::medians(works, settings);
  bench::Table table({"last layer", "threads", "step", "words/s", "against the linear layer"});
  const auto row = [&](const std::string& name, double time) {
    table.row({name, std::to_string(settings.threads), bench::time(time), fmt::format("{:.0f}", words / time),
               alone ? "" : bench::ratio(seconds.back() / time)});
  };
  row(fmt::format("AdaptiveSoftmax, cutoffs {}", fmt::join(cutoffs, ", ")), seconds[0]);
  if (!alone) row("Linear and cross_entropy", seconds[1]);
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("The training step of a language model with many words, by adaptive softmax");
  bench::Settings settings;
  bench::ModelSize size;
  size.vocabulary = 200000;
  std::vector<sl::Index> cutoffs;
  bool alone = false;
  app.add_option("--layers", size.layers)->capture_default_str();
  app.add_option("--hidden", size.hidden)->capture_default_str();
  app.add_option("--batch", size.batch)->capture_default_str();
  app.add_option("--length", size.length)->capture_default_str();
  app.add_option("--vocabulary", size.vocabulary)->capture_default_str();
  app.add_option("--cutoffs", cutoffs, "those of good_cutoffs if there are none")->delimiter(',');
  app.add_flag("--alone", alone, "leave out the linear layer, which takes long");
  return bench::run(argc, argv, app, settings, [&] {
    if (settings.smoke) size = {size.cell, 1, 16, 3, 4, 9000};
    if (cutoffs.empty()) cutoffs = sl::nn::AdaptiveSoftmax::good_cutoffs(size.vocabulary);
    measure(size, cutoffs, alone, settings);
  });
}
