#include "progress.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sluice/data/progress.h>
#include <sluice/text/escape.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <system_error>
#include <vector>

namespace lm {
namespace {

constexpr double terminal_pause = 0.2;  // seconds between two statuses
constexpr double plain_pause = 5;       // at least
constexpr double plain_share = 0.05;    // of the time since the beginning

double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

std::size_t columns() {
  winsize size{};
  const bool known = ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 1;
  return known ? size.ws_col : 80;
}

}  // namespace

std::string line_of(const Status& s, std::size_t width) {
  struct Part {
    int importance;
    std::string text;
  };
  std::vector<Part> parts{{1, fmt::format("step {}", s.step)},
                          {5, fmt::format("epoch {:.2f}", s.epoch)},
                          {0, fmt::format("loss {:.4f}", s.nats)}};
  if (s.validation) parts.push_back({3, fmt::format("validation {:.4f}", *s.validation)});
  parts.push_back({6, fmt::format("lr {:.3g}", s.learning_rate)});
  parts.push_back({4, fmt::format("{:.0f} {}/s", s.tokens_per_second, s.tokens)});
  if (s.seconds_left)
    parts.push_back({2, fmt::format("{} left", sluice::data::duration_text(*s.seconds_left))});
  while (true) {
    std::vector<std::string> texts;
    for (const Part& part : parts) texts.push_back(part.text);
    const std::string line = fmt::format("{}", fmt::join(texts, "  "));
    if (line.size() <= width || parts.size() == 1) return line.substr(0, width);
    parts.erase(std::max_element(parts.begin(), parts.end(),
                                 [](const Part& a, const Part& b) { return a.importance < b.importance; }));
  }
}

Progress::Progress()
    : terminal_(isatty(STDOUT_FILENO) == 1),
      start_(now()),
      next_(terminal_ ? start_ : start_ + plain_pause) {}

Progress::~Progress() { clear(); }

void Progress::update(const Status& status) {
  const double time = now();
  if (time < next_) return;
  if (terminal_) {
    next_ = time + terminal_pause;
    // The last column stays free: some terminals wrap a line that fills it.
    write("\r" + line_of(status, columns() - 1) + "\x1b[K");
    shown_ = true;
  } else {
    next_ = time + std::max(plain_pause, plain_share * (time - start_));
    write(line_of(status, std::string::npos) + "\n");
  }
}

void Progress::print(std::string_view line) {
  clear();
  // Names of files may hold anything.
  write((terminal_ ? sluice::text::visible(line) : std::string(line)) + "\n");
}

void Progress::note(std::string_view line) {
  clear();
  // Standard error is the last resort: if it is gone, nobody is left to tell.
  const std::string text = fmt::format("lm: note: {}\n", line);
  std::fwrite(text.data(), 1, text.size(), stderr);
}

void Progress::clear() {
  if (shown_) write("\r\x1b[K");
  shown_ = false;
}

void Progress::write(const std::string& text) {
  errno = 0;
  std::fwrite(text.data(), 1, text.size(), stdout);
  if (std::fflush(stdout) == 0 && !std::ferror(stdout)) return;
  // A closed pipe, or a terminal that was closed. A full disk, however, may have room again.
  if (errno == EPIPE || errno == EIO) {
    reader_gone_ = true;
  } else if (!lost_) {
    lost_ = true;
    note(fmt::format("standard output cannot be written ({}); the training goes on",
                     std::generic_category().message(errno)));
  }
  std::clearerr(stdout);
}

}  // namespace lm
