#include "progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>

namespace lm {
namespace {

constexpr double terminal_pause = 0.2;  // seconds between two statuses
constexpr double plain_pause = 5;

double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

std::string text_of(const Status& s) {
  std::string text = fmt::format("step {}  epoch {:.2f}  loss {:.4f}  {:.0f} {}/s", s.step, s.epoch, s.nats,
                                 s.tokens_per_second, s.tokens);
  if (s.seconds_left) text += fmt::format("  {} left", duration(*s.seconds_left));
  return text;
}

}  // namespace

std::string duration(double seconds) {
  const auto whole = static_cast<std::int64_t>(std::llround(std::clamp(seconds, 0., 1e12)));
  if (whole >= 3600) return fmt::format("{} h {:02} min", whole / 3600, whole % 3600 / 60);
  if (whole >= 60) return fmt::format("{} min {:02} s", whole / 60, whole % 60);
  return fmt::format("{} s", whole);
}

Progress::Progress() : terminal_(isatty(STDOUT_FILENO) == 1) {}

Progress::~Progress() { clear(); }

void Progress::update(const Status& status) {
  const double time = now();
  if (time < next_) return;
  next_ = time + (terminal_ ? terminal_pause : plain_pause);
  if (terminal_) {
    fmt::print("\r{}\x1b[K", text_of(status));
    shown_ = true;
  } else {
    fmt::print("{}\n", text_of(status));
  }
  std::fflush(stdout);
}

void Progress::print(std::string_view line) {
  clear();
  fmt::print("{}\n", line);
  std::fflush(stdout);
}

void Progress::clear() {
  if (shown_) fmt::print("\r\x1b[K");
  shown_ = false;
}

}  // namespace lm
