#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace lm {

/// The state of a training, for people.
struct Status {
  std::int64_t step = 0;
  double epoch = 0;  ///< epochs done, with a fraction
  double nats = 0;   ///< recent loss
  double tokens_per_second = 0;
  std::optional<double> seconds_left;
  std::string_view tokens = "characters";
};

/// Shows the progress: one line that is rewritten on a terminal, and a plain line every few seconds
/// elsewhere.
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

 private:
  void clear();

  bool terminal_;
  bool shown_ = false;
  double next_ = 0;  // when to show the next status
};

/// "3 h 05 min", "4 min 20 s", "12 s".
std::string duration(double seconds);

}  // namespace lm
