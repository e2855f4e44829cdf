// A look into a recurrent layer: a four-gate cell (nn/four_gate.h) learns to predict the next character of a
// text, then reads a sentence, and its gates become a picture, one column per character.
//
//   gates [--text docs] [--sentence "..."] [--svg gates.svg] [--steps 1500] [--smoke]

#include <sluice/compile/compile.h>
#include <sluice/nn/carried_state.h>
#include <sluice/nn/embedding.h>
#include <sluice/nn/four_gate.h>
#include <sluice/nn/linear.h>
#include <sluice/nn/loss.h>
#include <sluice/ops/concat.h>
#include <sluice/ops/random.h>
#include <sluice/ops/scan.h>
#include <sluice/ops/sigmoid.h>
#include <sluice/optim/adam.h>
#include <sluice/text/batches.h>
#include <sluice/text/corpus.h>
#include <sluice/text/vocabulary.h>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "heat_map.h"

namespace sl = sluice;

namespace {

constexpr std::string_view nursery = "the quick brown fox jumps over the lazy dog, and the dog sleeps on.\n";

struct Options {
  std::string text = "docs";
  std::string sentence = "A gate is a number from 0 to 1: what to keep, what to let in.";
  std::string svg = "gates.svg";
  int steps = 1500;
};

int run(const Options& options, bool smoke) {
  constexpr sl::Index hidden = 48, batch = 32, length = 50;
  const std::string text =
      smoke ? std::string(nursery) : sl::text::load_corpus(options.text, {.extensions = {"md", "txt"}}).text;
  const auto vocabulary = sl::text::Vocabulary::characters(text + options.sentence);
  const auto classes = static_cast<sl::Index>(vocabulary.size());

  const sl::Tensors keys = sl::random::split(sl::random::key(1), 3);
  const sl::nn::Embedding embed(classes, 32, keys[0]);
  const sl::nn::FourGate rnn(1, 32, hidden, keys[1]);
  const sl::nn::Linear head(hidden, classes, keys[2]);
  const sl::nn::CarriedState carried(rnn, batch);
  sl::optim::Adam adam(sl::nn::variables({{"embed", embed}, {"rnn", rnn}, {"head", head}}),
                       {.learning_rate = 5e-3, .clip_norm = 1});

  const auto step = sl::compile([&](const sl::Tensor& x, const sl::Tensor& y) {
    const sl::nn::Sequence heard = rnn(embed(x), {.initial = carried.read()});
    carried.assign(heard.state);
    auto loss = sl::nn::cross_entropy(head(heard), y);
    adam.update(loss);
    return loss;
  });

  std::vector<std::int32_t> tokens = vocabulary.encode(text);
  while (tokens.size() <= batch * length) tokens.insert(tokens.end(), tokens.begin(), tokens.end());
  sl::text::Batches batches(std::move(tokens), batch, length);
  std::vector<std::int32_t> x(batch * length), y(batch * length);
  for (int i = 0, steps = smoke ? 60 : options.steps; i <= steps; ++i) {
    if (batches.next(x, y).first) carried.reset();
    const sl::Tensor loss = step(sl::tensor(x, {length, batch}), sl::tensor(y, {length, batch}));
    if (i % (steps / 5) == 0) fmt::print("step {:4}  {:.3f} nats a character\n", i, loss.item());
  }

  // The sentence is read by a scan of our own, whose step also gives the gates: [time, 1, hidden] each.
  const sl::nn::FourGateCell& cell = rnn.cell(0);
  const auto read = sl::compile([&](const sl::Tensor& ids) {
    const auto body = [&](const sl::Tensors& carry, const sl::Tensors& event) {
      const sl::nn::State state(carry);
      const sl::Tensor seen = sl::concat({event[0], state.output()}, -1);
      return sl::Carried{
          cell.step(event[0], state).parts,
          {sl::sigmoid(cell.forget(seen)), sl::sigmoid(cell.ignore(seen)), sl::sigmoid(cell.show(seen))}};
    };
    return sl::scan(body, cell.initial(1).parts, {embed(ids)}).ys;
  });
  const std::vector<std::int32_t> ids = vocabulary.encode(options.sentence);
  const sl::Tensors gates = read(sl::tensor(ids, {static_cast<sl::Index>(ids.size()), 1}));

  gates::HeatMap map("The gates of a four-gate cell as it reads a sentence", options.sentence, hidden);
  map.add("forget gate", "1 keeps the memory", gates[0].to_vector());
  map.add("ignore gate", "1 lets new things in", gates[1].to_vector());
  map.add("use gate", "1 shows the memory", gates[2].to_vector());
  if (smoke) return map.svg().empty() ? 1 : 0;
  std::ofstream file(options.svg);
  if (!(file << map.svg()).flush()) throw sl::Error(options.svg + ": cannot be written");
  fmt::print("{}\n", options.svg);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("The gates of a recurrent cell as a picture");
  Options options;
  bool smoke = false;
  app.add_option("--text", options.text, "a file or folder to learn");
  app.add_option("--sentence", options.sentence, "what to read then");
  app.add_option("--svg", options.svg, "the picture");
  app.add_option("--steps", options.steps, "of training")->check(CLI::Range(5, 1'000'000));
  app.add_flag("--smoke", smoke, "learn a nursery sentence for a moment, and write no picture");
  CLI11_PARSE(app, argc, argv);
  try {
    return run(options, smoke);
  } catch (const std::exception& error) {
    fmt::print(stderr, "gates: {}\n", error.what());
    return 1;
  }
}
