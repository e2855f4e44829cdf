#pragma once

#include <sluice/graph/call.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace sluice::text {

/// How a text is read. Figures compare only if these are the same, as they are unless somebody changes them.
///
/// What reading in parts costs in exactness was measured on Tiny Shakespeare and an LSTM of 2 x 128 after
/// three epochs. Without an overlap the mean of its validation part, in 6 parts, is 3e-4 nats too high. With
/// one of 128 it differs by 3e-9 nats from that of one stream, and a token by up to 1e-3; from 512 on what is
/// left is rounding: 2e-9 and 1e-5. Models that remember longer need more, so the default is four times that.
struct ReadingOptions {
  std::size_t length = 64;        ///< steps of a window; 1 to 2^24
  std::size_t overlap = 2048;     ///< steps that a part but the first reads uncounted, ahead of its own
  std::size_t shortest = 16384;   ///< a text is cut into parts of at least so many tokens; 1 or more
  std::size_t most_streams = 32;  ///< and into at most so many; 1 to 2^24
  bool per_token = false;         ///< keep the nats of each token (`nats`): 4 bytes each
};

/// A text read once from its beginning, to measure how well a model predicts it.
///
/// Every token but the first is counted exactly once. A figure depends on the text, the model and these
/// options, not on the batch size of a training or on threads. A text of fewer than 2 * shortest tokens is
/// one stream, so the state ahead of each token comes from all tokens before it. A longer one, of N tokens,
/// is cut into min(most_streams, N / shortest) equal parts that are read side by side, since the steps of one
/// stream cannot share a product. Each part but the first begins `overlap` steps ahead of its own, or where
/// the text begins; these give it its state and do not count.
///
/// A window is two time-major matrices [length, streams] as those of Batches: x holds tokens, and y the token
/// that follows or `ignored` where none counts: ahead of a part, and behind the end of a stream (x is 0
/// there).
///
///     Reading reading(tokens);
///     for (Reading::Window window; !window.last;) {
///       window = reading.next(x, y);       // window.first: the state is zero
///       ...                                // the model: -log p(y) of each place, its state carried on
///       reading.add(nats);
///     }
///     reading.total() / reading.counted()  // nats per token
class Reading {
 public:
  /// The target at places where none counts: exclude it from the loss (as ignore index).
  static constexpr std::int32_t ignored = -1;

  /// The contents of the window that `next` returned.
  struct Window {
    bool first = false;  ///< start from the initial state
    bool last = false;
    std::size_t steps = 0;    ///< rows in use: fewer than `length` only in the last window
    std::size_t targets = 0;  ///< that count, 1 or more
  };

  /// Throws Error for fewer than 2 tokens, for a token below 0, and for an option out of its range.
  explicit Reading(std::vector<std::int32_t> tokens, ReadingOptions options = {},
                   Location where = Location::current());

  std::size_t streams() const { return parts_.size(); }
  std::size_t length() const { return options_.length; }
  std::size_t windows() const { return windows_; }
  /// Tokens that count in all: all but the first.
  std::size_t targets() const { return tokens_.size() - 1; }
  const std::vector<std::int32_t>& tokens() const { return tokens_; }

  /// Fills x and y, each `length * streams` values, with the next window. Throws Error if a size differs,
  /// after the last window, and if the nats of the window before were not added.
  Window next(std::span<std::int32_t> x, std::span<std::int32_t> y, Location where = Location::current());

  /// Adds -log p of the targets of the window that `next` gave, [length, streams]; where y is `ignored` the
  /// value does not matter. NaN and infinity stay in the total. Throws Error if the size differs, or if there
  /// is no such window or it was added before.
  void add(std::span<const float> nats, Location where = Location::current());

  /// Windows that `next` has given.
  std::size_t position() const { return position_; }
  /// Begins anew: the position is 0 and nothing counted.
  void reset();

  /// Tokens whose nats were added; all `targets` behind the last window.
  std::size_t counted() const { return counted_; }
  /// The sum of the nats added, in double: each stream's in the order of its text, then those of the streams.
  double total() const;
  /// The nats of token i + 1 as element i; 0 where none were added yet. Throws Error unless the options ask
  /// for them.
  const std::vector<float>& nats(Location where = Location::current()) const;

 private:
  /// Pairs of a token and the next, numbered by the token: read from `start`, counted from `begin` on.
  struct Part {
    std::size_t start, begin, end;
    double sum;
  };

  template <class Use>
  void each_place(std::size_t window, Use use) const;

  std::vector<std::int32_t> tokens_;
  ReadingOptions options_;
  std::vector<Part> parts_;
  std::size_t windows_ = 0;
  std::size_t position_ = 0;
  std::size_t counted_ = 0;
  bool waiting_ = false;  // the window that was given last was not added yet
  std::vector<float> nats_;
};

}  // namespace sluice::text
