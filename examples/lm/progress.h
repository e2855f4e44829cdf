#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace lm {

/// The state of a training, for people.
struct Status {
  std::int64_t step = 0;
  double epoch = 0;                  ///< epochs done, with a fraction
  double nats = 0;                   ///< recent training loss per token
  std::optional<double> validation;  ///< the latest, in nats per token
  double learning_rate = 0;
  double tokens_per_second = 0;
  std::optional<double> seconds_left;
  std::string_view tokens = "characters";
};

/// Shows the progress on standard output: one line that is rewritten and fits the width on a terminal; lines
/// that stay elsewhere, ever further apart, so that a night's training is some hundred of them.
class Progress {
 public:
  Progress();
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// Shows a status if enough time has passed.
  void update(const Status& status);
  /// Prints a line that stays.
  void print(std::string_view line);
  /// Prints a line that stays on standard error, as "lm: note: ...".
  void note(std::string_view line);

  /// Whether whoever read the output has gone: nobody will ever see it.
  bool reader_gone() const { return reader_gone_; }

 private:
  void clear();
  void write(const std::string& text);

  bool terminal_;
  bool shown_ = false;
  bool reader_gone_ = false;
  bool lost_ = false;  // some output
  double start_;
  double next_;  // when to show the next status
};

/// A status as one line of at most `width` columns: what matters least is left out first.
std::string line_of(const Status& status, std::size_t width);

}  // namespace lm
