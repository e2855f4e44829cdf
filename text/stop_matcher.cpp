#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include <sluice/graph/call.h>
#include <sluice/graph/error.h>
#include <sluice/text/stop_matcher.h>

namespace sluice::text {

StopMatcher::StopMatcher(std::vector<std::string> stops, Location where) {
  const sluice::detail::Call call(where);
  std::stable_sort(stops.begin(), stops.end(),
                   [](const auto& a, const auto& b) { return a.size() > b.size(); });
  for (std::string& stop : stops) {
    if (stop.empty()) {
      throw Error(fmt::format(
          "[stop_matcher] a stop string must have a byte or more: got {} of them, one empty; leave it out",
          stops.size()));
    }
    Pattern pattern{std::move(stop), {0}};
    // The pattern is read by its own automaton from its second byte on.
    for (const char byte : std::string_view(pattern.text).substr(1)) {
      step(pattern, byte);
      pattern.border.push_back(pattern.matched);
    }
    pattern.matched = 0;
    patterns_.push_back(std::move(pattern));
  }
}

void StopMatcher::step(Pattern& pattern, char byte) {
  while (pattern.matched > 0 && pattern.text[pattern.matched] != byte) {
    pattern.matched = pattern.border[pattern.matched - 1];
  }
  pattern.matched += pattern.text[pattern.matched] == byte;
}

std::string StopMatcher::push(std::string_view piece) {
  if (stopped()) return {};
  held_ += piece;
  std::size_t end = held_.size() - piece.size();  // of what was read
  for (const char byte : piece) {
    ++end;
    for (Pattern& pattern : patterns_) {
      step(pattern, byte);
      if (pattern.matched == pattern.text.size()) {
        stop_ = pattern.text;
        held_.resize(end - stop_.size());
        return std::exchange(held_, {});
      }
    }
  }
  std::size_t beginning = 0;
  for (const Pattern& pattern : patterns_) beginning = std::max(beginning, pattern.matched);
  std::string safe = held_.substr(0, held_.size() - beginning);
  held_.erase(0, safe.size());
  return safe;
}

std::string StopMatcher::finish() {
  for (Pattern& pattern : patterns_) pattern.matched = 0;
  return std::exchange(held_, {});
}

}  // namespace sluice::text
