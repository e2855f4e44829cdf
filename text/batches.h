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
/// time-major matrices [length, batch]: x holds tokens and y the token that follows each. N tokens hold N - 1
/// such pairs.
///
/// The position is a plain value: `seek(position())` in another process continues with exactly the same
/// windows.
class Batches {
 public:
  /// What to do with pairs that do not fill `batch` streams of whole windows.
  enum class Tail {
    drop,  ///< training: they are left out; every window is full, an epoch has (N - 1) / batch / length of
           ///< them
    pad  ///< each token after the first is a target exactly once; the padding has y = `ignored`. Each stream
         ///< begins without what stands before it: for figures of a whole text see Reading
  };

  /// The target at positions without a token (x is 0 there): exclude it from the loss (as ignore index). In
  /// each stream these positions come last, so no carried state passes through one on its way to a token.
  static constexpr std::int32_t ignored = -1;

  struct Position {
    std::int64_t epoch = 0;   ///< epochs completed
    std::int64_t window = 0;  ///< windows of this epoch completed; below windows_per_epoch()
    friend bool operator==(const Position&, const Position&) = default;
  };

  /// The contents of the window that `next` returned.
  struct Window {
    bool first = false;       ///< the first of an epoch: start from the initial state
    bool last = false;        ///< the last of an epoch
    std::size_t steps = 0;    ///< rows in use: fewer than `length` only in a padded last window
    std::size_t targets = 0;  ///< positions of y that hold a token: steps * batch if nothing is padded
  };

  /// Throws Error if batch or length is 0 or above 2^24, or if the tokens do not fill one window (drop: batch
  /// * length + 1 tokens, pad: 2).
  Batches(std::vector<std::int32_t> tokens, std::size_t batch, std::size_t length, Tail tail = Tail::drop,
          Location where = Location::current());

  std::size_t batch() const { return batch_; }
  std::size_t length() const { return length_; }
  std::size_t tokens() const { return tokens_.size(); }
  std::size_t windows_per_epoch() const { return windows_; }
  /// Targets in one epoch: windows * length * batch with drop, N - 1 with pad.
  std::size_t targets_per_epoch() const;

  /// Fills x and y, each `length * batch` values, with the next window and advances; after the last window of
  /// an epoch the next epoch begins. Throws Error if a size differs.
  Window next(std::span<std::int32_t> x, std::span<std::int32_t> y, Location where = Location::current());

  Position position() const { return position_; }

  /// Moves to a saved position. Throws Error if this text, batch and length have no such window.
  void seek(Position position, Location where = Location::current());

 private:
  std::vector<std::int32_t> tokens_;
  std::size_t batch_, length_, windows_;
  std::size_t pairs_;   // in each stream
  std::size_t longer_;  // the first `longer_` streams have one more
  Position position_;
};

}  // namespace sluice::text
