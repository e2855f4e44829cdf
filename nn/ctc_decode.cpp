#include <sluice/graph/call.h>
#include <sluice/kernels/threads.h>
#include <sluice/nn/ctc_decode.h>
#include <sluice/ops/exp_sums.h>
#include <sluice/nn/prefix_beam.inl>
#include <sluice/ops/run_with_memory.inl>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace sluice::nn {

namespace {

void require_decodable(const Spec& logits, const Spec& lengths, Index blank, std::string_view who) {
  const bool fits = is_floating(logits.dtype) && logits.shape.rank() == 3 && logits.shape[2] > 0 &&
                    lengths == Spec{DType::int32, {logits.shape[1]}};
  if (!fits) {
    throw ShapeError(fmt::format(
        "[{}] takes logits [time, batch, classes] of a floating dtype and lengths i32[batch]: got "
        "{} and {}; transpose, reshape or cast one of them",
        who, logits.text(), lengths.text()));
  }
  if (blank >= 0 && blank < logits.shape[2]) return;
  throw ShapeError(
      fmt::format("[{}] the blank must lie in 0..{}: got {} for logits {}; pass the one of the loss", who,
                  logits.shape[2] - 1, blank, logits.text()));
}

void check_decoded_lengths(const View& lengths, Index time, std::string_view who) {
  const auto* values = lengths.as<std::int32_t>();
  for (Index b = 0; b < lengths.size(); ++b) {
    if (values[b] >= 0 && values[b] <= time) continue;
    throw Error(fmt::format(
        "[{}] lengths must lie in 0..{}, the steps of the logits: got {} of sequence {}; count the "
        "steps that are there",
        who, time, values[b], b));
  }
}

/// What the scores of a step are normalised by: the probability of x is exp((x - shift) - rest).
struct StepNorm {
  double shift, rest;
  bool defined() const { return std::isfinite(shift) && std::isfinite(rest); }
};
template <class T>
StepNorm step_norm(const T* x, Index classes) {
  const auto sums = sluice::detail::exp_sums(x, classes, 1, 1, static_cast<T*>(nullptr));
  return {static_cast<double>(sums.shifts[0]), std::log1p(static_cast<double>(sums.rests[0]))};
}

/// Inputs: the logits and the lengths. Outputs: as CtcLabels.
class CtcGreedy final : public Op {
 public:
  explicit CtcGreedy(const CtcGreedyOptions& options) : blank_(options.blank), fill_(options.fill) {}

  std::string_view name() const override { return "ctc_greedy"; }
  Takes takes() const override { return {.operands = 2}; }
  void members(Attributes& a) const override { a("blank", blank_), a("fill", fill_); }
  bool stops_gradients() const override { return true; }

  Specs infer(std::span<const Spec> inputs) const override {
    require_decodable(inputs[0], inputs[1], blank_, name());
    const Index time = inputs[0].shape[0], batch = inputs[0].shape[1];
    return {{DType::int32, {batch, time}}, {DType::int32, {batch}}, {inputs[0].dtype, {batch}}};
  }

  void run(std::span<const View> inputs, std::span<const MutableView> outputs) const override {
    const Index time = inputs[0].shape()[0];
    check_decoded_lengths(inputs[1], time, name());
    with_floating(inputs[0].spec.dtype, [&](auto type) {
      using T = decltype(type);
      const Index grain = 1 + (Index{1} << 13) / (1 + time * inputs[0].shape()[2]);
      kernels::parallel_for(inputs[0].shape()[1], grain, [&](Index begin, Index end) {
        for (Index b = begin; b < end; ++b) read<T>(inputs, outputs, b);
      });
    });
  }

 private:
  template <class T>
  void read(std::span<const View> inputs, std::span<const MutableView> outputs, Index b) const {
    const Index time = inputs[0].shape()[0], batch = inputs[0].shape()[1], classes = inputs[0].shape()[2];
    auto* ids = outputs[0].data == nullptr ? nullptr : outputs[0].as<std::int32_t>() + b * time;
    std::int32_t count = 0;
    double score = 0;
    Index before = blank_;
    for (Index t = 0; t < inputs[1].as<std::int32_t>()[b]; ++t) {
      const T* x = inputs[0].as<T>() + (t * batch + b) * classes;
      const StepNorm norm = step_norm(x, classes);
      if (!norm.defined()) {
        count = 0;
        score = std::numeric_limits<double>::quiet_NaN();
        break;
      }
      const Index largest = std::max_element(x, x + classes) - x;
      score -= norm.rest;
      if (largest != blank_ && largest != before) {
        if (ids != nullptr) ids[count] = static_cast<std::int32_t>(largest);
        ++count;
      }
      before = largest;
    }
    if (ids != nullptr) std::fill(ids + count, ids + time, fill_);
    if (outputs[1].data != nullptr) outputs[1].as<std::int32_t>()[b] = count;
    if (outputs[2].data != nullptr) outputs[2].as<T>()[b] = static_cast<T>(score);
  }

  const Index blank_;
  const std::int32_t fill_;
};

/// The same with the best labellings of each sequence.
class CtcBeamSearch final : public Op {
 public:
  explicit CtcBeamSearch(const CtcBeamOptions& options)
      : beams_(options.beams), blank_(options.blank), best_(options.best), fill_(options.fill) {}

  std::string_view name() const override { return "ctc_beam_search"; }
  Takes takes() const override { return {.operands = 2}; }
  void members(Attributes& a) const override {
    a("beams", beams_), a("blank", blank_), a("best", best_), a("fill", fill_);
  }
  bool stops_gradients() const override { return true; }

  Specs infer(std::span<const Spec> inputs) const override {
    require_decodable(inputs[0], inputs[1], blank_, name());
    const Index time = inputs[0].shape[0], batch = inputs[0].shape[1];
    return {{DType::int32, {batch, best_, time}},
            {DType::int32, {batch, best_}},
            {inputs[0].dtype, {batch, best_}}};
  }

  void run(std::span<const View> inputs, std::span<const MutableView> outputs) const override {
    sluice::detail::run_with_memory(*this, inputs, outputs);
  }

  std::size_t work_bytes(std::span<const Spec> inputs, int workers) const override {
    return detail::PrefixBeam::bytes(inputs[0].shape[0], inputs[0].shape[2], beams_) *
           static_cast<std::size_t>(workers);
  }

  void run_in(const WorkMemory& memory, std::span<const View> inputs,
              std::span<const MutableView> outputs) const override {
    const Shape& shape = inputs[0].shape();
    check_decoded_lengths(inputs[1], shape[0], name());
    const std::size_t bytes = detail::PrefixBeam::bytes(shape[0], shape[2], beams_);
    with_floating(inputs[0].spec.dtype, [&](auto type) {
      using T = decltype(type);
      kernels::share_out(shape[1], memory.workers, [&](Index b, int worker) {
        auto* own = static_cast<std::byte*>(memory.data) + bytes * static_cast<std::size_t>(worker);
        detail::PrefixBeam beam(shape[0], shape[2], beams_, blank_, own);
        const bool defined = search<T>(inputs, b, beam);
        for (Index i = 0; i < best_; ++i) write<T>(outputs, beam, defined, b, i, shape[0]);
      });
    });
  }

 private:
  /// False if the logits of a step have no probabilities.
  template <class T>
  static bool search(std::span<const View> inputs, Index b, detail::PrefixBeam& beam) {
    const Index batch = inputs[0].shape()[1], classes = inputs[0].shape()[2];
    for (Index t = 0; t < inputs[1].as<std::int32_t>()[b]; ++t) {
      const T* x = inputs[0].as<T>() + (t * batch + b) * classes;
      const StepNorm norm = step_norm(x, classes);
      if (!norm.defined()) return false;
      for (Index c = 0; c < classes; ++c)
        beam.scores()[c] = (static_cast<double>(x[c]) - norm.shift) - norm.rest;
      beam.step();
    }
    return true;
  }

  template <class T>
  void write(std::span<const MutableView> outputs, const detail::PrefixBeam& beam, bool defined, Index b,
             Index i, Index time) const {
    const bool is_there = defined && i < beam.count();
    const Index count = is_there ? beam.length(i) : 0;
    const Index place = b * best_ + i;
    if (outputs[0].data != nullptr) {
      auto* ids = outputs[0].as<std::int32_t>() + place * time;
      if (is_there) beam.labels(i, ids);
      std::fill(ids + count, ids + time, fill_);
    }
    if (outputs[1].data != nullptr) outputs[1].as<std::int32_t>()[place] = static_cast<std::int32_t>(count);
    if (outputs[2].data == nullptr) return;
    double score = is_there ? beam.score(i) : -std::numeric_limits<double>::infinity();
    if (!defined && i == 0) score = std::numeric_limits<double>::quiet_NaN();
    outputs[2].as<T>()[place] = static_cast<T>(score);
  }

  const Index beams_;
  const Index blank_;
  const Index best_;
  const std::int32_t fill_;
};

CtcLabels labels_of(const Tensor& ids) {
  const Tensors all = outputs_of(ids);
  return {all[0], all[1], all[2]};
}

}  // namespace

CtcLabels ctc_greedy(const Operand& logits, const Operand& lengths, const CtcGreedyOptions& options) {
  const sluice::detail::Call call("ctc_greedy", logits.where());
  return labels_of(make(std::make_shared<CtcGreedy>(options), {logits.tensor(), lengths.tensor(DType::int32)},
                        logits.where()));
}

CtcLabels ctc_beam_search(const Operand& logits, const Operand& lengths, const CtcBeamOptions& options) {
  const sluice::detail::Call call("ctc_beam_search", logits.where());
  constexpr Index most_beams = Index{1} << 12;
  if (options.best < 1 || options.best > options.beams || options.beams > most_beams) {
    throw Error(fmt::format(
        "[ctc_beam_search] returns some of the beams, of which there are at most {}: got best = {} "
        "and beams = {}; 1 of 16 is usual",
        most_beams, options.best, options.beams));
  }
  return labels_of(make(std::make_shared<CtcBeamSearch>(options),
                        {logits.tensor(), lengths.tensor(DType::int32)}, logits.where()));
}

}  // namespace sluice::nn
