#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <numeric>
#include <set>
#include <span>
#include <utility>

#include <sluice/data/sequences.h>
#include <sluice/data/shuffle.inl>

namespace sluice::data {
namespace {

/// One tensor of several examples side by side: [time, batch, ...], or [batch] of scalars.
Tensor side_by_side(const std::vector<const Array*>& columns, Index time) {
  const auto count = static_cast<Index>(columns.size());
  const Shape& shape = columns[0]->shape();
  const bool scalar = shape.rank() == 0;
  Array batch({columns[0]->dtype(), scalar ? Shape{count} : shape.with(0, time).inserted(1, count)},
              Location{});
  if (batch.bytes() == 0) return Tensor(batch);
  std::memset(batch.data(), 0, batch.bytes());
  const std::size_t step = batch.bytes() / static_cast<std::size_t>((scalar ? 1 : time) * count);
  for (std::size_t c = 0; c < columns.size(); ++c) {
    const auto* from = static_cast<const char*>(columns[c]->data());
    char* to = static_cast<char*>(batch.data()) + c * step;
    for (std::size_t done = 0; done < columns[c]->bytes(); done += step, to += step * columns.size())
      std::memcpy(to, from + done, step);
  }
  return Tensor(batch);
}

/// The lengths of sequences, i32[batch], and which of `time` steps are there, bool[time, batch].
struct Steps {
  Tensor lengths, mask;
};

Steps steps_of(const std::vector<Index>& lengths, Index time) {
  const auto count = static_cast<Index>(lengths.size());
  Array numbers({DType::int32, {count}}, Location{});
  Array mask({DType::boolean, {time, count}}, Location{});
  const std::span<std::int32_t> steps = numbers.values<std::int32_t>();
  const std::span<bool> there = mask.values<bool>();
  for (std::size_t b = 0; b < lengths.size(); ++b) {
    steps[b] = static_cast<std::int32_t>(lengths[b]);
    for (Index t = 0; t < time; ++t) there[static_cast<std::size_t>(t * count) + b] = t < lengths[b];
  }
  return {Tensor(numbers), Tensor(mask)};
}

/// A batch may be the last of its padded length. Its successor may have a greater one.
struct Candidate {
  std::size_t end;  // batches up to and with it
  Index length;     // of its longest sequence
};

/// The candidates to choose from, of batches with these lengths in ascending order: batches that differ by at
/// most 1% stay together, so that there are few, however many batches there are.
std::vector<Candidate> candidates_of(const std::vector<Index>& lengths) {
  std::vector<Candidate> candidates;
  Index shortest = 0;
  for (std::size_t i = 0; i < lengths.size(); ++i) {
    if (candidates.empty() || lengths[i] > shortest + shortest / 100) {
      shortest = lengths[i];
      candidates.emplace_back();
    }
    candidates.back() = {i + 1, lengths[i]};
  }
  return candidates;
}

/// Which candidates end a padded length, so that the steps of all batches are the fewest with at most `count`
/// lengths: dynamic programming over the number of lengths and the last candidate.
std::vector<std::size_t> best_ends(const std::vector<Candidate>& candidates, std::size_t count) {
  const std::size_t n = candidates.size();
  count = std::min(count, n);
  constexpr double impossible = std::numeric_limits<double>::infinity();
  // Of the first i candidates with k lengths: the fewest steps, and how many candidates come before the last.
  std::vector<double> steps(n + 1, impossible);
  steps[0] = 0;
  std::vector<std::vector<std::size_t>> before(count, std::vector<std::size_t>(n + 1, 0));
  for (std::size_t k = 0; k < count; ++k) {
    std::vector<double> more(n + 1, impossible);
    for (std::size_t i = 1; i <= n; ++i) {
      for (std::size_t j = 0; j < i; ++j) {
        const std::size_t begin = j == 0 ? 0 : candidates[j - 1].end;
        const auto batches = static_cast<double>(candidates[i - 1].end - begin);
        const double total = steps[j] + batches * static_cast<double>(candidates[i - 1].length);
        if (total >= more[i]) continue;
        more[i] = total;
        before[k][i] = j;
      }
    }
    steps = std::move(more);
  }
  std::vector<std::size_t> ends;
  for (std::size_t k = count, i = n; k > 0; --k) {
    ends.push_back(i - 1);
    i = before[k - 1][i];
  }
  return {ends.rbegin(), ends.rend()};
}

}  // namespace

Sequences::Sequences(std::vector<Tensors> examples, const SequenceOptions& options, Location where)
    : examples_(std::move(examples)), options_(options) {
  const sluice::detail::Call call(where);
  if (examples_.empty()) throw Error("[sequences] there must be examples: got none; give at least one");
  if (options.batch < 1 || options.lengths < 1) {
    throw Error(fmt::format("[sequences] batch and lengths must be at least 1: got {} and {}; give more",
                            options.batch, options.lengths));
  }
  std::vector<Index> places = options.own_lengths;
  std::sort(places.begin(), places.end());
  const auto tensors = static_cast<Index>(examples_[0].size());
  const bool once = std::adjacent_find(places.begin(), places.end()) == places.end();
  if (!places.empty() && !(once && places.front() >= 1 && places.back() < tensors)) {
    throw Error(
        fmt::format("[sequences] own_lengths are places of tensors behind the first, each once: got [{}] for "
                    "examples of {} tensors; the first is the sequence itself",
                    fmt::join(options.own_lengths, ", "), tensors));
  }
  for (std::size_t i = 0; i < examples_.size(); ++i) check_example(i);
  by_length_.resize(examples_.size());
  std::iota(by_length_.begin(), by_length_.end(), Index{0});
  std::stable_sort(by_length_.begin(), by_length_.end(),
                   [&](Index a, Index b) { return length_of(a) < length_of(b); });
  choose_lengths();
  choose_own_lengths();
}

bool Sequences::has_own_length(std::size_t tensor) const {
  const std::vector<Index>& places = options_.own_lengths;
  return std::find(places.begin(), places.end(), static_cast<Index>(tensor)) != places.end();
}

void Sequences::check_example(std::size_t i) const {
  const Tensors& example = examples_[i];
  const Tensors& model = examples_[0];
  if (example.size() != model.size() || example.empty()) {
    throw Error(
        fmt::format("[sequences] all examples must have the same number of tensors, and at least one: got "
                    "{} in example {} and {} in the first; give as many",
                    example.size(), i, model.size()));
  }
  for (std::size_t k = 0; k < example.size(); ++k) {
    const Tensor& tensor = example[k];
    const auto name = [&] { return fmt::format("tensor {} of example {}", k, i); };
    if (!tensor.has_value()) {
      throw Error(fmt::format("[sequences] the tensors must be constants: got {} for {}; evaluate it first",
                              tensor.defined() ? tensor.spec().text() : "an undefined one", name()));
    }
    const bool own = has_own_length(k);
    const bool scalars = tensor.rank() == 0 && model[k].rank() == 0 && k > 0 && !own;
    if (scalars && tensor.dtype() == model[k].dtype()) continue;
    if (tensor.rank() == 0 || tensor.rank() != model[k].rank() || tensor.dtype() != model[k].dtype() ||
        tensor.shape().with(0, 1) != model[k].shape().with(0, 1)) {
      throw ShapeError(
          fmt::format("[sequences] examples may differ only in their number of steps, the first axis: "
                      "got {} for {} and {} in the first; reshape or cast it",
                      tensor.spec().text(), name(), model[k].spec().text()));
    }
    if (!own && tensor.dim(0) != example[0].dim(0)) {
      throw ShapeError(
          fmt::format("[sequences] the tensors of an example must have the same number of steps: got {} "
                      "for {} and {} for its first; cut it, give a scalar for the whole sequence, or list it "
                      "in own_lengths",
                      tensor.dim(0), name(), example[0].dim(0)));
    }
    if (own && tensor.dim(0) > std::numeric_limits<std::int32_t>::max()) {
      throw Error(fmt::format("[sequences] a tensor has at most 2147483647 steps: got {} for {}; cut it",
                              tensor.dim(0), name()));
    }
  }
  if (example[0].dim(0) >= 1 && example[0].dim(0) <= std::numeric_limits<std::int32_t>::max()) return;
  throw Error(fmt::format(
      "[sequences] a sequence must have 1 to 2147483647 steps: got {} in example {}; leave it out",
      example[0].dim(0), i));
}

void Sequences::choose_lengths() {
  const Index batches = (examples() + options_.batch - 1) / options_.batch;
  for (Index b = 0; b < batches; ++b)
    batch_length_.push_back(length_of(by_length_[static_cast<std::size_t>(end_of(b) - 1)]));
  const std::vector<Candidate> candidates = candidates_of(batch_length_);
  std::size_t begin = 0;
  for (const std::size_t chosen : best_ends(candidates, static_cast<std::size_t>(options_.lengths))) {
    for (; begin < candidates[chosen].end; ++begin) batch_length_[begin] = candidates[chosen].length;
  }
}

void Sequences::choose_own_lengths() {
  for (const Index place : options_.own_lengths) {
    std::vector<Index>& longest = own_length_.emplace_back();
    for (std::size_t b = 0; b < batch_length_.size(); ++b) {
      const auto batch = static_cast<Index>(b);
      Index length = 0;
      for (Index i = batch * options_.batch; i < end_of(batch); ++i) {
        const Index example = by_length_[static_cast<std::size_t>(i)];
        const Tensors& tensors = examples_[static_cast<std::size_t>(example)];
        length = std::max(length, tensors[static_cast<std::size_t>(place)].dim(0));
      }
      longest.push_back(length);
    }
    // Those of one padded length are dealt anew in each epoch.
    for (std::size_t first = 0; first < longest.size();) {
      std::size_t end = first;
      Index length = 1;
      for (; end < longest.size() && batch_length_[end] == batch_length_[first]; ++end)
        length = std::max(length, longest[end]);
      for (; first < end; ++first) longest[first] = length;
    }
  }
}

Index Sequences::shapes() const {
  std::set<std::pair<Index, Index>> different;
  for (Index b = 0; b < batches_per_epoch(); ++b)
    different.emplace(batch_length_[static_cast<std::size_t>(b)], end_of(b) - b * options_.batch);
  return static_cast<Index>(different.size());
}

Index Sequences::end_of(Index batch) const { return std::min((batch + 1) * options_.batch, examples()); }

std::vector<Index> Sequences::padded_lengths() const {
  std::vector<Index> lengths = batch_length_;
  lengths.erase(std::unique(lengths.begin(), lengths.end()), lengths.end());
  return lengths;
}

Index Sequences::steps() const {
  Index steps = 0;
  for (Index example = 0; example < examples(); ++example) steps += length_of(example);
  return steps;
}

Index Sequences::padded_steps() const {
  Index steps = 0;
  for (Index b = 0; b < batches_per_epoch(); ++b)
    steps += batch_length_[static_cast<std::size_t>(b)] * (end_of(b) - b * options_.batch);
  return steps;
}

void Sequences::arrange(std::int64_t epoch) {
  order_ = by_length_;
  batches_.resize(batch_length_.size());
  std::iota(batches_.begin(), batches_.end(), Index{0});
  arranged_ = epoch;
  if (!options_.shuffle) return;
  detail::SplitMix random(options_.seed, epoch);
  for (std::size_t first = 0; first < batches_.size();) {
    std::size_t last = first;
    while (last + 1 < batches_.size() && batch_length_[last + 1] == batch_length_[first]) ++last;
    const auto begin = static_cast<Index>(first) * options_.batch;
    const Index count = end_of(static_cast<Index>(last)) - begin;
    detail::shuffle(
        std::span(order_).subspan(static_cast<std::size_t>(begin), static_cast<std::size_t>(count)), random);
    first = last + 1;
  }
  const bool last_is_short = examples() % options_.batch > 0;
  detail::shuffle(std::span(batches_).first(batches_.size() - (last_is_short ? 1 : 0)), random);
}

SequenceBatch Sequences::next(Location where) {
  const sluice::detail::Call call(where);
  const Position at = position_.get("sequences", batches_per_epoch());
  if (at.epoch != arranged_) arrange(at.epoch);
  const Index number = batches_[static_cast<std::size_t>(at.batch)];
  const Index time = batch_length_[static_cast<std::size_t>(number)];
  SequenceBatch batch;
  batch.examples.assign(order_.begin() + number * options_.batch, order_.begin() + end_of(number));
  const auto lengths_of = [&](std::size_t tensor) {
    std::vector<Index> lengths;
    for (const Index example : batch.examples)
      lengths.push_back(examples_[static_cast<std::size_t>(example)][tensor].dim(0));
    return lengths;
  };
  std::vector<Index> padded(examples_[0].size(), time);
  for (std::size_t i = 0; i < own_length_.size(); ++i) {
    const auto tensor = static_cast<std::size_t>(options_.own_lengths[i]);
    padded[tensor] = own_length_[i][static_cast<std::size_t>(number)];
    const Steps own = steps_of(lengths_of(tensor), padded[tensor]);
    batch.own_lengths.push_back(own.lengths);
    batch.own_masks.push_back(own.mask);
  }
  for (std::size_t k = 0; k < examples_[0].size(); ++k) {
    std::vector<const Array*> columns;
    for (const Index example : batch.examples)
      columns.push_back(&examples_[static_cast<std::size_t>(example)][k].value());
    batch.values.push_back(side_by_side(columns, padded[k]));
  }
  const Steps steps = steps_of(lengths_of(0), time);
  batch.lengths = steps.lengths;
  batch.mask = steps.mask;
  position_.advance(at, batches_per_epoch());
  return batch;
}

Position Sequences::position(Location where) const {
  const sluice::detail::Call call(where);
  return position_.get("sequences", batches_per_epoch());
}

void Sequences::seek(Position position, Location where) {
  const sluice::detail::Call call(where);
  position_.set(position, "sequences", batches_per_epoch());
}

}  // namespace sluice::data
