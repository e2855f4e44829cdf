#pragma once

#include <sluice/graph/call.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace sluice::text {

/// A list of tokens as windows for truncated backpropagation through time.
///
/// The tokens are divided into `batch` contiguous streams that are read side by side, `length` steps at a
/// time, so that the state at the end of one window is the state at the start of the next. A window is two
/// time-major matrices [length, batch]: x holds tokens and y the token that follows each. Pairs that do not
/// fill `batch` streams of whole windows are left out: of N tokens, an epoch has (N - 1) / batch / length
/// windows. Reading measures a text without leaving any out.
///
/// The position is a plain value: `seek(position())` in another process continues with exactly the same
/// windows.
class Batches {
 public:
  struct Position {
    std::int64_t epoch = 0;   ///< epochs completed
    std::int64_t window = 0;  ///< windows of this epoch completed; below windows_per_epoch()
    friend bool operator==(const Position&, const Position&) = default;
  };

  /// Where the window that `next` returned stands in its epoch.
  struct Window {
    bool first = false;  ///< start from the initial state
    bool last = false;
  };

  /// Throws Error if batch or length is 0 or above 2^24, or if the tokens do not fill one window of batch *
  /// length + 1 tokens.
  Batches(std::vector<std::int32_t> tokens, std::size_t batch, std::size_t length,
          Location where = Location::current());

  std::size_t batch() const { return batch_; }
  std::size_t length() const { return length_; }
  std::size_t tokens() const { return tokens_.size(); }
  std::size_t windows_per_epoch() const { return windows_; }
  /// Targets in one epoch.
  std::size_t targets_per_epoch() const { return windows_ * length_ * batch_; }

  /// Fills x and y, each `length * batch` values, with the next window and advances; after the last window of
  /// an epoch the next epoch begins. Throws Error if a size differs.
  Window next(std::span<std::int32_t> x, std::span<std::int32_t> y, Location where = Location::current());

  Position position() const { return position_; }

  /// Moves to a saved position. Throws Error if this text, batch and length have no such window.
  void seek(Position position, Location where = Location::current());

 private:
  std::vector<std::int32_t> tokens_;
  std::size_t batch_, length_, windows_;
  std::size_t pairs_;  // in each stream
  Position position_;
};

}  // namespace sluice::text
