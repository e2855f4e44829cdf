#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <exception>
#include <iostream>
#include <string>

#include <sluice/data/progress.h>
#include <sluice/graph/error.h>

namespace sluice::data {
namespace {

constexpr double memory = 30;           // seconds
constexpr double terminal_pause = 0.2;  // seconds between two updates
constexpr double plain_pause = 5;       // at least
constexpr double plain_share = 0.05;    // of the time since the beginning

double system_clock() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

bool is_terminal(const std::ostream& out) {
  if (&out == &std::cout) return isatty(STDOUT_FILENO) == 1;
  return (&out == &std::cerr || &out == &std::clog) && isatty(STDERR_FILENO) == 1;
}

/// The text on one line, cut to so many characters of UTF-8.
std::string fitted(std::string_view text, std::size_t width) {
  std::string line;
  std::size_t characters = 0;
  for (const char byte : text) {
    const auto code = static_cast<unsigned char>(byte);
    if ((code & 0xC0) != 0x80 && ++characters > width) break;
    line += code < 0x20 || code == 0x7F ? ' ' : byte;
  }
  return line;
}

}  // namespace

std::string duration_text(double seconds) {
  if (std::isnan(seconds)) return "unknown";
  const auto whole = static_cast<std::int64_t>(std::llround(std::clamp(seconds, 0., 1e12)));
  if (whole >= 3600) return fmt::format("{} h {:02} min", whole / 3600, whole % 3600 / 60);
  if (whole >= 60) return fmt::format("{} min {:02} s", whole / 60, whole % 60);
  return fmt::format("{} s", whole);
}

TimeLeft::TimeLeft(Index total, Location where) : total_(total) {
  const sluice::detail::Call call(where);
  if (total < 0)
    throw Error(
        fmt::format("[progress] a total must be at least 0: got {}; give 0 if it is not known", total));
}

void TimeLeft::update(Index done, double seconds) {
  if (last_) {
    const double passed = std::max(0., seconds - *last_);
    const double kept = std::exp(-passed / memory);
    steps_ = kept * steps_ + static_cast<double>(std::max(Index{0}, done - done_));
    seconds_ = kept * seconds_ + passed;
  }
  done_ = done;
  last_ = seconds;
}

std::optional<double> TimeLeft::per_second() const {
  if (steps_ <= 0 || seconds_ <= 0) return std::nullopt;
  return steps_ / seconds_;
}

std::optional<double> TimeLeft::seconds_left() const {
  const std::optional<double> rate = per_second();
  if (!rate || total_ == 0) return std::nullopt;
  return static_cast<double>(std::max(Index{0}, total_ - done_)) / *rate;
}

Progress::Progress(std::ostream& out, Index total, const ProgressOptions& options, Location where)
    : out_(out),
      total_(total),
      terminal_(options.terminal.value_or(is_terminal(out))),
      width_(options.width),
      clock_(options.clock ? options.clock : system_clock),
      start_(clock_()),
      next_(terminal_ ? start_ : start_ + plain_pause),
      time_(total, where) {
  const sluice::detail::Call call(where);
  if (width_ >= 2) return;
  throw Error(
      fmt::format("[progress] width must be at least 2: got {}; leave it at 80 if it is not known", width_));
}

Progress::~Progress() { clear(); }

void Progress::step(Index done, std::string_view text) {
  const double now = clock_();
  time_.update(done, now);
  const bool last = total_ > 0 && done >= total_;
  if (now < next_ && !last) return;
  const std::string shown = line(done, text, now, last);
  if (!terminal_) {
    next_ = now + std::max(plain_pause, plain_share * (now - start_));
    write(shown + "\n");
  } else {
    next_ = now + terminal_pause;
    write("\r" + shown + (last ? "\x1b[K\n" : "\x1b[K"));
    shown_ = !last;
  }
}

std::string Progress::line(Index done, std::string_view text, double now, bool last) const {
  std::string line = total_ > 0 ? fmt::format("{}/{}", done, total_) : fmt::to_string(done);
  std::string behind;
  if (const auto rate = time_.per_second())
    behind += *rate < 100 ? fmt::format("  {:.3g}/s", *rate) : fmt::format("  {:.0f}/s", *rate);
  const std::optional<double> left = time_.seconds_left();
  if (last || total_ == 0) {
    behind += "  " + duration_text(now - start_);
  } else if (left) {
    behind += "  " + duration_text(*left) + " left";
  }
  if (!text.empty()) line += fmt::format("  {}", text);
  if (!terminal_) return fitted(line + behind, std::string::npos);
  // The text is cut first. The last column stays free: some terminals wrap a line that fills it.
  const std::size_t width = width_ - 1;
  return fitted(fitted(line, width - std::min(width, behind.size())) + behind, width);
}

void Progress::print(std::string_view line) {
  clear();
  write(std::string(line) + "\n");
}

void Progress::clear() {
  if (shown_) write("\r\x1b[K");
  shown_ = false;
}

void Progress::write(std::string_view text) {
  try {
    out_ << text << std::flush;
  } catch (const std::exception&) {
    // A stream that was told to throw. The loop matters more than what is said about it.
  }
}

}  // namespace sluice::data
