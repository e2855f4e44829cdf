#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace lm {

/// An error that the user can correct; printed as one line.
class UserError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// Settings list their members once, in `each`: f(name, member, help). Command line options, texts in
// checkpoints and comparisons are all generated from that list.

/// Settings of the model: with the vocabulary they determine its parameters.
struct ModelSettings {
  std::string tokens = "char";
  std::int64_t vocabulary = 10000;
  std::string cell = "lstm";
  std::int64_t layers = 2;
  std::int64_t hidden = 128;
  std::int64_t embed = 0;
  bool tie = false;
  double dropout = 0;
  double init_range = 0;
  std::string softmax = "auto";

  template <class Self, class F>
  static void each(Self& s, F&& f) {
    f("tokens", s.tokens, "a token is a char, a byte or a word");
    f("vocabulary", s.vocabulary, "most words to know (with --tokens word)");
    f("cell", s.cell, "rnn, lstm, gru or four_gate");
    f("layers", s.layers, "recurrent layers");
    f("hidden", s.hidden, "size of each layer");
    f("embed", s.embed, "size of a token's vector; 0: as --hidden");
    f("tie", s.tie, "one matrix for the tokens' vectors and for the output layer");
    f("dropout", s.dropout, "share of values dropped below, between and above the layers in training");
    f("init-range", s.init_range, "first weights are uniform in [-R, R]; 0: each layer's own rule");
    f("softmax", s.softmax,
      "full, or adaptive: rare tokens in clusters, quick for large vocabularies; auto: what suits the size");
  }
};

/// Settings of the training. With the same text and seed they determine every bit.
struct TrainSettings {
  std::int64_t batch = 50;
  std::int64_t length = 50;
  std::string optimizer = "adam";
  double lr = 0;
  std::string schedule = "cosine";
  double final_lr = 0.02;
  double decay = 0.5;
  std::int64_t decay_after = 1;
  std::int64_t warmup = 0;
  double clip = 5;
  double weight_decay = 0;
  double validation = 0.1;
  std::int64_t patience = 0;
  std::int64_t seed = 1;

  template <class Self, class F>
  static void each(Self& s, F&& f) {
    f("batch", s.batch, "streams of text read side by side");
    f("length", s.length, "tokens of each stream in one window: gradients reach back that far at most");
    f("optimizer", s.optimizer, "adam, adamw, sgd or rmsprop");
    f("lr", s.lr, "learning rate; 0: what suits the optimizer");
    f("schedule", s.schedule, "of the learning rate: constant, cosine, exponential, step or plateau");
    f("final-lr", s.final_lr, "cosine, exponential: share of the learning rate that is left at the end");
    f("decay", s.decay, "step, plateau: factor of the learning rate when it is lowered");
    f("decay-after", s.decay_after,
      "step: epochs before the first decay; plateau: epochs without a better loss");
    f("warmup", s.warmup, "steps in which the learning rate rises to its full value");
    f("clip", s.clip, "largest norm of the gradient; 0: no limit");
    f("weight-decay", s.weight_decay, "of the optimizer");
    f("validation", s.validation, "share of the text, at its end, that is held out");
    f("patience", s.patience,
      "stop after so many epochs without a better validation loss; 0: never (the best is in OUT.best "
      "anyway)");
    f("seed", s.seed, "of first weights, dropout and samples");
  }
};

/// The length of a training. One of them is set: steps and epochs count from the first start of the training,
/// minutes are time spent training.
struct Budget {
  std::int64_t epochs = 0;
  std::int64_t steps = 0;
  double minutes = 0;

  template <class Self, class F>
  static void each(Self& s, F&& f) {
    f("epochs", s.epochs, "train until the text has been read so often (3 where nothing is said)");
    f("steps", s.steps, "train until so many windows have been read");
    f("minutes", s.minutes, "train for so long; with --resume, for so long from now on");
  }
};

/// Fills in defaults that depend on other settings, and throws UserError for invalid ones.
void resolve(ModelSettings& settings);
void resolve(TrainSettings& settings);
void resolve(Budget& budget);

/// To and from JSON, on one line. Reading throws UserError if a member is missing or of another type.
template <class Settings>
std::string to_text(const Settings& settings);
template <class Settings>
Settings from_text(const std::string& text);

}  // namespace lm
