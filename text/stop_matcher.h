#pragma once

#include <sluice/graph/call.h>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::text {

/// Ends a text at the first of some strings, while the text arrives in pieces.
///
/// Of several stop strings the one that ends first counts, and of those that end there the longest. The stop
/// string and what follows it are not passed on. Bytes that may be the beginning of a stop string are held
/// back until they are known not to be, so how the text is cut into pieces makes no difference. Compares
/// bytes: if the stop strings and the text are UTF-8 and arrive in whole characters, whole characters are
/// passed on.
///
/// Each stop string is followed by the automaton of Knuth, Morris and Pratt, "Fast Pattern Matching in
/// Strings" (1977): a byte takes a time in the number of stop strings, not in their length.
class StopMatcher {
 public:
  /// Without stop strings everything is passed on at once. Throws Error if one is empty.
  explicit StopMatcher(std::vector<std::string> stops, Location where = Location::current());

  /// What of the text so far, `piece` included, is new and safe to show. Nothing after a stop string.
  std::string push(std::string_view piece);

  /// Ends the text: what was held back, unless a stop string has come.
  std::string finish();

  /// Whether a stop string has come.
  bool stopped() const { return !stop_.empty(); }
  /// The stop string that has come; empty if none has.
  const std::string& stop() const { return stop_; }

 private:
  struct Pattern {
    std::string text;
    std::vector<std::size_t> border;  // [n]: of the first n + 1 bytes, those at the end that are a beginning
    std::size_t matched = 0;          // bytes of `text` that the last bytes read are
  };

  static void step(Pattern& pattern, char byte);

  std::vector<Pattern> patterns_;  // the longest first
  std::string held_;               // the longest of what was matched
  std::string stop_;
};

}  // namespace sluice::text
