#pragma once

#include <cstdint>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>

namespace lm {

/// A line of the log.
struct LogLine {
  std::int64_t step = 0;
  std::int64_t epoch = 0;  ///< the one this step belongs to, from 1
  double seconds = 0;      ///< of training, over all runs
  double train_nats = 0;   ///< mean over the steps since the last line
  double tokens_per_second = 0;
  std::optional<double> validation_nats;
};

/// The course of a training as a file for other programs: comma separated with a header (.csv) or one JSON
/// object a line (.jsonl).
class RunLog {
 public:
  /// Opens the log. A training that begins starts it anew; one that was resumed at `step` goes on behind the
  /// line of that step, and lines of later ones, which are done again, are dropped. Throws UserError for
  /// another ending of the name, for a file that holds something else, and when it cannot be written.
  RunLog(const std::string& path, std::optional<std::int64_t> step);

  /// Writes a line through to the file. Throws UserError when that fails.
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

}  // namespace lm
