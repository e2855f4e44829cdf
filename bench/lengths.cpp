// Claims: lengths cost less than 5 % where all are equal; an epoch over sequences of different lengths, in
// buckets, takes at most 1.3 times what its steps take in full batches, and few programs are compiled for it.

#include "bench.h"
#include "layers.h"

#include <sluice/data/sequences.h>
#include <sluice/graph/evaluate.h>
#include <sluice/nn/gru.h>
#include <sluice/nn/lstm.h>
#include <sluice/ops/random.h>

#include <algorithm>
#include <cstdint>

namespace {

namespace sl = sluice;
using sl::Index;

/// A function of x, dy and lengths: as backward_of, with or without the lengths.
auto backward_with(const sl::nn::RecurrentLayers& rnn, bool with_lengths) {
  return sl::compile(
      [rnn, with_lengths](const sl::Tensor& x, const sl::Tensor& dy, const sl::Tensor& lengths) {
        sl::Tensors wrt{x};
        for (const sl::NamedVariable& v : rnn.variables()) wrt.push_back(v.variable);
        sl::nn::RecurrentCall call;
        if (with_lengths) call.lengths = lengths;
        return sl::grad(sl::sum(rnn(x, call).output() * dy), wrt);
      });
}

/// Layers forward and backward over sequences that are all of full length.
class FullStep {
 public:
  FullStep(const sl::nn::RecurrentLayers& rnn, Index length, Index batch, bool with_lengths)
      : program_(backward_with(rnn, with_lengths)
                     .prepare(sl::Spec{sl::DType::float32, {length, batch, rnn.inputs()}},
                              sl::Spec{sl::DType::float32, {length, batch, rnn.hidden()}},
                              sl::Spec{sl::DType::int32, {batch}})) {
    bench::fill(program_.input<float>(0));
    bench::fill(program_.input<float>(1));
    std::ranges::fill(program_.input<std::int32_t>(2), static_cast<std::int32_t>(length));
  }
  FullStep(const FullStep&) = delete;
  FullStep& operator=(const FullStep&) = delete;

  void run() { program_.run(); }
  sl::Program& program() { return program_; }

 private:
  sl::Program program_;
};

class Costs {
 public:
  explicit Costs(const bench::Settings& settings) : settings_(settings) {}

  template <class Cell>
  void row(std::string_view name, Index layers, Index hidden, Index batch, Index length) {
    const sl::nn::Recurrent<Cell> rnn(layers, hidden, hidden, sl::random::key(1));
    FullStep plain(rnn, length, batch, false), with(rnn, length, batch, true);
    bench::explain(with.program(), settings_);
    const std::vector<double> seconds =
        bench::medians({[&] { plain.run(); }, [&] { with.run(); }}, settings_);
    table_.row({std::string(name), std::to_string(layers), std::to_string(hidden),
                std::to_string(settings_.threads), bench::time(seconds[0]), bench::time(seconds[1]),
                bench::ratio(seconds[1] / seconds[0])});
  }

 private:
  const bench::Settings& settings_;
  bench::Table table_{
      {"cell", "layers", "H", "threads", "without lengths", "with lengths, all equal", "ratio"}};
};

/// Lengths as those of sentences: many short ones, few long ones.
std::vector<sl::Tensors> sentences(Index count, Index inputs, Index longest) {
  std::vector<sl::Tensors> examples;
  for (Index i = 0; i < count; ++i) {
    const double u = static_cast<double>((i * 7919) % 1009) / 1009;
    const auto length = std::max<Index>(1, static_cast<Index>(static_cast<double>(longest) * u * u));
    std::vector<float> values(static_cast<std::size_t>(length * inputs));
    bench::fill(values);
    examples.push_back({sl::tensor(values, {length, inputs})});
  }
  return examples;
}

void measure_epoch(const bench::Settings& settings) {
  const Index hidden = settings.smoke ? 8 : 256, batch = settings.smoke ? 3 : 32, buckets = 8;
  const Index count = settings.smoke ? 20 : 1024, longest = settings.smoke ? 9 : 100;
  const sl::nn::LSTM rnn(1, hidden, hidden, sl::random::key(1));
  // Gradients of the parameters alone: x is data.
  const auto gradients = [&](const sl::Tensor& x, const sl::nn::RecurrentCall& call) {
    sl::Tensors wrt;
    for (const sl::NamedVariable& v : rnn.variables()) wrt.push_back(v.variable);
    return sl::grad(sl::sum(rnn(x, call).output()), wrt);
  };
  auto step = sl::compile([&](const sl::Tensor& x, const sl::Tensor& lengths) {
    sl::nn::RecurrentCall call;
    call.lengths = lengths;
    return gradients(x, call);
  });
  sl::data::Sequences sequences(sentences(count, hidden, longest), {.batch = batch, .lengths = buckets});
  double inside = 0;  // time of the steps, without that of putting batches together
  const auto epoch = [&] {
    inside = 0;
    for (Index i = 0; i < sequences.batches_per_epoch(); ++i) {
      const sl::data::SequenceBatch now = sequences.next();
      inside += bench::seconds_of([&] { sl::evaluate(step(now.values[0], now.lengths)); });
    }
  };
  epoch();  // compiles all programs
  const Index mean = std::max<Index>(1, sequences.steps() / sequences.examples());
  auto full = sl::compile([&](const sl::Tensor& x) {
                return gradients(x, {});
              }).prepare(sl::Spec{sl::DType::float32, {mean, batch, hidden}});
  bench::fill(full.input<float>(0));
  std::vector<double> epochs, steps, full_steps;
  for (int turn = 0; turn < (settings.smoke ? 1 : 5); ++turn) {
    epochs.push_back(bench::seconds_of(epoch));
    steps.push_back(inside);
    full_steps.push_back(bench::seconds_of([&] { full.run(); }, settings.smoke ? 1 : 5) /
                         static_cast<double>(mean * batch));
  }
  const double ideal = static_cast<double>(sequences.steps()) * bench::median(full_steps);
  const auto padded = static_cast<double>(sequences.padded_steps()) / static_cast<double>(sequences.steps());
  bench::Table table({"LSTM, H", "threads", "sequences", "steps", "padded to", "programs compiled", "epoch",
                      "its steps in full batches", "ratio", "without making batches"});
  table.row({std::to_string(hidden), std::to_string(settings.threads), std::to_string(count),
             std::to_string(sequences.steps()), fmt::format("{:.3f} times", padded),
             std::to_string(step.program_count()), bench::time(bench::median(epochs)), bench::time(ideal),
             bench::ratio(bench::median(epochs) / ideal), bench::ratio(bench::median(steps) / ideal)});
}

void measure_lengths(const bench::Settings& settings) {
  {
    Costs costs(settings);
    for (const Index hidden : settings.smoke ? std::vector<Index>{16} : std::vector<Index>{128, 512}) {
      const Index batch = settings.smoke ? 3 : 32, length = settings.smoke ? 4 : 32;
      costs.row<sl::nn::LSTMCell>("LSTM", 1, hidden, batch, length);
      costs.row<sl::nn::LSTMCell>("LSTM", 2, hidden, batch, length);
      costs.row<sl::nn::GRUCell>("GRU", 1, hidden, batch, length);
      costs.row<sl::nn::GRUCell>("GRU", 2, hidden, batch, length);
    }
  }
  measure_epoch(settings);
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("What lengths of sequences cost");
  bench::Settings settings;
  return bench::run(argc, argv, app, settings, [&] { measure_lengths(settings); });
}
