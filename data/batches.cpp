#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <functional>
#include <numeric>
#include <string_view>

#include <sluice/data/batches.h>
#include <sluice/data/shuffle.inl>

namespace sluice::data {
namespace {

/// The axis for tensor i of `count`: the one given for all, or its own.
Index axis_for(const Axes& axes, std::size_t i, std::size_t count, std::string_view name) {
  const std::vector<Index>& list = axes.list();
  if (list.size() == count) return list[i];
  if (list.size() == 1) return list[0];
  throw Error(
      fmt::format("[batches] {} must be one axis, or one for each tensor: got {} for {}; give one of them",
                  name, list.size(), count));
}

Index product(const Shape& shape, Index from, Index to) {
  return std::accumulate(shape.begin() + from, shape.begin() + to, Index{1}, std::multiplies<>());
}

}  // namespace

Batches::Batches(const Tensors& tensors, const BatchOptions& options, Location where) : options_(options) {
  const sluice::detail::Call call(where);
  if (tensors.empty()) throw Error("[batches] there must be tensors: got none; give at least one");
  if (options.batch < 1)
    throw Error(fmt::format("[batches] batch must be at least 1: got {}; give more", options.batch));
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    const Tensor& tensor = tensors[i];
    if (!tensor.has_value()) {
      throw Error(
          fmt::format("[batches] the tensors must be constants: got {} for tensor {}; evaluate it first",
                      tensor.defined() ? tensor.spec().text() : "an undefined one", i));
    }
    const Index rank = tensor.rank();
    const Index axis = normal_axis(axis_for(options.axis, i, tensors.size(), "axis"), rank, "batches");
    const Index batch_axis =
        options.batch_axis.all()
            ? axis
            : normal_axis(axis_for(options.batch_axis, i, tensors.size(), "batch_axis"), rank, "batches");
    if (i == 0) examples_ = tensor.dim(axis);
    if (tensor.dim(axis) != examples_) {
      throw ShapeError(
          fmt::format("[batches] all tensors must have the same number of examples: got {} along axis {} of "
                      "tensor {}, {}, and "
                      "{} in the first; give each tensor's axis, as .axis = {{1, 0}}",
                      tensor.dim(axis), axis, i, tensor.spec().text(), examples_));
    }
    sources_.push_back({tensor.value(), axis, batch_axis});
  }
  const Index whole = examples_ / options.batch;
  batches_ = options.keep_last && examples_ % options.batch > 0 ? whole + 1 : whole;
  if (batches_ > 0) return;
  throw Error(
      fmt::format("[batches] an epoch must have a batch: got {} examples in batches of {}; give more, or a "
                  "smaller batch, or keep the last",
                  examples_, options.batch));
}

Tensors Batches::next(Location where) {
  const sluice::detail::Call call(where);
  const Position at = position_.get("batches", batches_);
  if (at.epoch != arranged_) arrange(at.epoch);
  const Index first = at.batch * options_.batch;
  const auto count = static_cast<std::size_t>(std::min(options_.batch, examples_ - first));
  const std::span<const Index> examples = std::span(order_).subspan(static_cast<std::size_t>(first), count);
  Tensors batch;
  for (const Source& source : sources_) batch.push_back(gather(source, examples));
  position_.advance(at, batches_);
  return batch;
}

Position Batches::position(Location where) const {
  const sluice::detail::Call call(where);
  return position_.get("batches", batches_);
}

void Batches::seek(Position position, Location where) {
  const sluice::detail::Call call(where);
  position_.set(position, "batches", batches_);
}

void Batches::arrange(std::int64_t epoch) {
  order_.resize(static_cast<std::size_t>(examples_));
  std::iota(order_.begin(), order_.end(), Index{0});
  detail::SplitMix random(options_.seed, epoch);
  if (options_.shuffle) detail::shuffle(order_, random);
  arranged_ = epoch;
}

Tensor Batches::gather(const Source& source, std::span<const Index> examples) {
  const auto count = static_cast<Index>(examples.size());
  const Shape& shape = source.values.shape();
  const Shape one = shape.erased(source.axis);
  Array batch({source.values.dtype(), one.inserted(source.batch_axis, count)}, Location{});
  if (batch.bytes() == 0) return Tensor(batch);
  // The axes of an example: those before both places of the counting axis, between them, and behind both. The
  // counting axis stands either outside or inside of those between. All steps are in bytes.
  const Index first = std::min(source.axis, source.batch_axis);
  const Index second = std::max(source.axis, source.batch_axis);
  const Index before = product(one, 0, first);
  const Index between = product(one, first, second);
  const Index behind = product(one, second, one.rank()) * static_cast<Index>(size_of(source.values.dtype()));
  const bool from_outside = source.axis <= source.batch_axis;
  const bool to_outside = source.batch_axis <= source.axis;
  const Index from_example = from_outside ? between * behind : behind;
  const Index from_between = from_outside ? behind : shape[source.axis] * behind;
  const Index to_example = to_outside ? between * behind : behind;
  const Index to_between = to_outside ? behind : count * behind;
  for (Index o = 0; o < before; ++o) {
    const char* from =
        static_cast<const char*>(source.values.data()) + o * shape[source.axis] * between * behind;
    char* to = static_cast<char*>(batch.data()) + o * count * between * behind;
    for (const Index example : examples) {
      for (Index b = 0; b < between; ++b) {
        const char* row = from + example * from_example + b * from_between;
        std::memcpy(to + b * to_between, row, static_cast<std::size_t>(behind));
      }
      to += to_example;
    }
  }
  return Tensor(batch);
}

}  // namespace sluice::data
