#pragma once

#include <sluice/graph/call.h>
#include <sluice/kernels/index.h>

#include <cstddef>
#include <functional>
#include <iosfwd>
#include <optional>
#include <string>
#include <string_view>

namespace sluice::data {

/// "3 h 05 min", "4 min 20 s", "12 s".
std::string duration_text(double seconds);

/// The rate of a loop and the time it still takes, from when its steps were done. The rate is a mean of which
/// half a minute ago counts e times less than now. The first step only starts the clock: it may include
/// compiling.
class TimeLeft {
 public:
  /// Throws Error for a negative total. 0: how many steps there will be is not known.
  explicit TimeLeft(Index total, Location where = Location::current());

  /// Tells how many steps are done, and at which time in seconds; neither goes backwards.
  void update(Index done, double seconds);
  /// Steps per second; nothing before the second step.
  std::optional<double> per_second() const;
  /// Nothing before the second step, or without a total.
  std::optional<double> seconds_left() const;

 private:
  Index total_;
  Index done_ = 0;
  std::optional<double> last_;      // time of the last update
  double steps_ = 0, seconds_ = 0;  // recent ones
};

/// How a Progress is shown.
struct ProgressOptions {
  /// One line that is rewritten; else lines that stay, ever further apart. The default is whether the stream
  /// is standard output or standard error and goes to a terminal.
  std::optional<bool> terminal = {};
  std::size_t width = 80;              ///< columns of the terminal
  std::function<double()> clock = {};  ///< seconds, for tests; the default is a clock of the system
};

/// Shows how far a loop has come, on a stream:
///
///     data::Progress progress(std::cerr, steps);
///     for (Index step = 0; step < steps; ++step) {
///       const double loss = train();
///       progress.step(step + 1, "loss " + std::to_string(loss));
///     }
///
///     120/1000  loss 1.23  34.5/s  25 s left
///
/// A terminal gets at most five updates a second. Any other stream gets a line every five seconds, and later
/// after each twentieth of the time since the beginning, so that a night's log stays short. The last step is
/// always shown, with the time it all took. A stream that fails, as when its reader has gone, is ignored.
class Progress {
 public:
  /// A total of 0 is one that is not known. Throws Error for a negative one, and for a terminal of less than
  /// two columns.
  explicit Progress(std::ostream& out, Index total = 0, const ProgressOptions& options = {},
                    Location where = Location::current());
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// Tells how many steps are done. Shows them with the text, such as "loss 1.23", if it is time.
  void step(Index done, std::string_view text = {});
  /// Writes a line that stays.
  void print(std::string_view line);

  const TimeLeft& time() const { return time_; }

 private:
  void write(std::string_view text);
  void clear();
  std::string line(Index done, std::string_view text, double now, bool last) const;

  std::ostream& out_;
  Index total_;
  bool terminal_;
  std::size_t width_;
  std::function<double()> clock_;
  double start_;
  double next_;         // when to show again
  bool shown_ = false;  // whether a line on the terminal is to be rewritten
  TimeLeft time_;
};

}  // namespace sluice::data
