#include <fmt/format.h>

#include <utility>

#include <sluice/graph/call.h>
#include <sluice/graph/error.h>
#include <sluice/text/batches.h>

namespace sluice::text {
namespace {

constexpr std::size_t most_rows_or_steps = std::size_t{1} << 24;  // keeps batch * length far from overflow

}  // namespace

Batches::Batches(std::vector<std::int32_t> tokens, std::size_t batch, std::size_t length, Location where)
    : tokens_(std::move(tokens)), batch_(batch), length_(length) {
  const sluice::detail::Call call(where);
  if (batch == 0 || batch > most_rows_or_steps || length == 0 || length > most_rows_or_steps) {
    throw Error(
        fmt::format("[batches] batch and length must be in 1..{}: got {} and {}; choose smaller numbers",
                    most_rows_or_steps, batch, length));
  }
  pairs_ = (tokens_.empty() ? 0 : tokens_.size() - 1) / batch;
  windows_ = pairs_ / length;
  if (windows_ > 0) return;
  throw Error(
      fmt::format("[batches] one window of {} steps in {} streams needs {} tokens: got a text of {}; use a "
                  "longer text, a smaller batch or a smaller length",
                  length, batch, batch * length + 1, tokens_.size()));
}

Batches::Window Batches::next(std::span<std::int32_t> x, std::span<std::int32_t> y, Location where) {
  const sluice::detail::Call call(where);
  if (x.size() != length_ * batch_ || y.size() != x.size()) {
    throw Error(
        fmt::format("[batches] x and y must each have room for {} x {} tokens: got {} and {}; size them as "
                    "length * batch",
                    length_, batch_, x.size(), y.size()));
  }
  const auto number = static_cast<std::size_t>(position_.window);
  Window window;
  window.first = number == 0;
  window.last = number + 1 == windows_;
  for (std::size_t b = 0; b < batch_; ++b) {
    const std::size_t start = b * pairs_ + number * length_;
    for (std::size_t t = 0; t < length_; ++t) {
      x[t * batch_ + b] = tokens_[start + t];
      y[t * batch_ + b] = tokens_[start + t + 1];
    }
  }
  ++position_.window;
  if (window.last) position_ = {position_.epoch + 1, 0};
  return window;
}

void Batches::seek(Position position, Location where) {
  const sluice::detail::Call call(where);
  const auto windows = static_cast<std::int64_t>(windows_);
  if (position.epoch < 0 || position.window < 0 || position.window >= windows) {
    throw Error(fmt::format(
        "[batches] a position must be in an epoch of {} windows: got window {} of epoch {}; go on "
        "with the same text, batch and length",
        windows, position.window, position.epoch));
  }
  position_ = position;
}

}  // namespace sluice::text
