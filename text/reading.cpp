#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include <sluice/graph/call.h>
#include <sluice/graph/error.h>
#include <sluice/text/reading.h>

namespace sluice::text {
namespace {

void require_options(const ReadingOptions& options) {
  constexpr std::size_t most = std::size_t{1} << 24;  // keeps length * streams far from overflow
  const auto in_range = [](std::size_t value) { return value >= 1 && value <= most; };
  if (!in_range(options.length) || !in_range(options.most_streams) || options.shortest == 0) {
    throw Error(fmt::format(
        "[reading] length and most_streams must be in 1..{} and shortest 1 or more: got {}, {} and "
        "{}; the defaults suit most models",
        most, options.length, options.most_streams, options.shortest));
  }
}

void require_tokens(const std::vector<std::int32_t>& tokens) {
  if (tokens.size() < 2) {
    throw Error(
        fmt::format("[reading] a measurement needs 2 tokens or more: got a text of {}; use a longer text",
                    tokens.size()));
  }
  const auto below = std::find_if(tokens.begin(), tokens.end(), [](std::int32_t token) { return token < 0; });
  if (below != tokens.end()) {
    throw Error(fmt::format("[reading] tokens must be 0 or more: got {} at {}; encode the text anew", *below,
                            below - tokens.begin()));
  }
}

}  // namespace

Reading::Reading(std::vector<std::int32_t> tokens, ReadingOptions options, Location where)
    : tokens_(std::move(tokens)), options_(options) {
  const sluice::detail::Call call(where);
  require_options(options);
  require_tokens(tokens_);
  const std::size_t pairs = targets();
  const std::size_t wanted = std::min(tokens_.size() / options.shortest, options.most_streams);
  const std::size_t streams = std::clamp<std::size_t>(wanted, 1, pairs);
  std::size_t begin = 0;
  std::size_t steps = 0;
  for (std::size_t s = 0; s < streams; ++s) {
    const std::size_t end = begin + pairs / streams + (s < pairs % streams);
    const std::size_t start = begin - std::min(begin, options.overlap);
    parts_.push_back({start, begin, end, 0});
    steps = std::max(steps, end - start);
    begin = end;
  }
  windows_ = (steps + options.length - 1) / options.length;
  if (options.per_token) nats_.resize(pairs);
}

/// Calls `use(place, part, pair)` for each place of a window; the pair may lie behind the part's end.
template <class Use>
void Reading::each_place(std::size_t window, Use use) const {
  for (std::size_t s = 0; s < streams(); ++s) {
    for (std::size_t t = 0; t < length(); ++t) {
      use(t * streams() + s, s, parts_[s].start + window * length() + t);
    }
  }
}

Reading::Window Reading::next(std::span<std::int32_t> x, std::span<std::int32_t> y, Location where) {
  const sluice::detail::Call call(where);
  if (x.size() != length() * streams() || y.size() != x.size()) {
    throw Error(
        fmt::format("[reading] x and y must each have room for {} x {} tokens: got {} and {}; size them as "
                    "length * streams",
                    length(), streams(), x.size(), y.size()));
  }
  if (position_ == windows_) {
    throw Error(fmt::format(
        "[reading] the text has been read: got a call after the last of {} windows; call reset to read it "
        "again",
        windows_));
  }
  if (waiting_) {
    throw Error(fmt::format("[reading] every target counts: got no nats for window {}; call add before next",
                            position_ - 1));
  }
  Window window;
  window.first = position_ == 0;
  window.last = position_ + 1 == windows_;
  each_place(position_, [&](std::size_t place, std::size_t s, std::size_t pair) {
    const Part& part = parts_[s];
    const bool there = pair < part.end;
    const bool counts = there && pair >= part.begin;
    x[place] = there ? tokens_[pair] : 0;
    y[place] = counts ? tokens_[pair + 1] : ignored;
    if (there) window.steps = std::max(window.steps, place / streams() + 1);
    window.targets += counts;
  });
  waiting_ = true;
  ++position_;
  return window;
}

void Reading::add(std::span<const float> nats, Location where) {
  const sluice::detail::Call call(where);
  if (nats.size() != length() * streams()) {
    throw Error(fmt::format("[reading] there must be the nats of {} x {} places: got {}; leave the mean out",
                            length(), streams(), nats.size()));
  }
  if (!waiting_) {
    throw Error(
        fmt::format("[reading] a window is added once, after next: got {} windows and all of them added; "
                    "call next first",
                    position_));
  }
  each_place(position_ - 1, [&](std::size_t place, std::size_t s, std::size_t pair) {
    Part& part = parts_[s];
    if (pair < part.begin || pair >= part.end) return;
    part.sum += static_cast<double>(nats[place]);
    if (options_.per_token) nats_[pair] = nats[place];
    ++counted_;
  });
  waiting_ = false;
}

void Reading::reset() {
  for (Part& part : parts_) part.sum = 0;
  std::fill(nats_.begin(), nats_.end(), 0.F);
  position_ = 0;
  counted_ = 0;
  waiting_ = false;
}

double Reading::total() const {
  double sum = 0;
  for (const Part& part : parts_) sum += part.sum;
  return sum;
}

const std::vector<float>& Reading::nats(Location where) const {
  const sluice::detail::Call call(where);
  if (!options_.per_token) {
    throw Error(
        "[reading] the nats of each token are kept if asked for: got per_token false; set it in the options");
  }
  return nats_;
}

}  // namespace sluice::text
