#pragma once

#include <cstdint>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lm {

/// A line of the log.
struct LogLine {
  std::int64_t step = 0;
  std::int64_t epoch = 0;  ///< the one this step belongs to, from 1
  double seconds = 0;      ///< of training, over all runs
  double train_nats = 0;   ///< per token, mean over the steps since the last line
  // Of this run of the program; none before its first step.
  std::optional<double> learning_rate;
  std::optional<double> gradient_norm;  ///< before clipping
  std::optional<double> tokens_per_second;
  std::optional<double> seconds_left;
  std::optional<double> validation_nats;  ///< per token

  /// f(name, member) for each of them, in the order of the columns.
  template <class Self, class F>
  static void each(Self& s, F&& f) {
    f("step", s.step);
    f("epoch", s.epoch);
    f("seconds", s.seconds);
    f("train_nats", s.train_nats);
    f("learning_rate", s.learning_rate);
    f("gradient_norm", s.gradient_norm);
    f("tokens_per_second", s.tokens_per_second);
    f("seconds_left", s.seconds_left);
    f("validation_nats", s.validation_nats);
  }
};

/// The course of a training as a file for other programs: comma-separated with a header (.csv) or one JSON
/// object per line (.jsonl).
class RunLog {
 public:
  /// Opens the log. A new training starts it anew; one resumed at `step` continues after the line of that
  /// step, and lines of later steps, which are repeated, are dropped. Throws UserError for another file
  /// extension, for a file with other contents, and if it cannot be written.
  RunLog(const std::string& path, std::optional<std::int64_t> step);

  /// Writes a line and flushes it. Throws UserError on failure.
  void add(const LogLine& line);

 private:
  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  void write(const std::string& text);

  std::string path_;
  bool csv_;
  std::unique_ptr<std::FILE, Close> file_;
};

/// The lines of a log; an incomplete one at its end is left out. Throws UserError if it has none, is no log or
/// cannot be read.
std::vector<LogLine> read_log(const std::string& path);

/// Whether a file with this content is a log.
bool is_log(std::string_view content);

}  // namespace lm
