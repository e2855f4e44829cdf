#include <sluice/graph/call.h>
#include <sluice/kernels/threads.h>
#include <sluice/ops/ctc_loss.h>
#include <sluice/ops/ctc_loss.inl>
#include <sluice/ops/run_with_memory.inl>

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <memory>

namespace sluice {

namespace {

/// Outputs: the losses and, for the gradient, the trace [batch, time, ...] of the lattice and the two numbers
/// [time, batch, 2] that scores are normalised by, which nobody else reads: they have no gradient.
class CtcLoss final : public Op {
 public:
  CtcLoss(Index blank, bool skips) : blank_(blank), skips_(skips) {}

  std::string_view name() const override { return "ctc_loss"; }
  Takes takes() const override { return {.operands = 4}; }
  void members(Attributes& a) const override { a("blank", blank_), a("zero_if_infeasible", skips_); }

  Specs infer(std::span<const Spec> inputs) const override {
    detail::require_ctc(inputs[0], inputs[1], inputs[2], inputs[3], blank_);
    return detail::ctc_outputs(inputs[0], inputs[1]);
  }

  void run(std::span<const View> inputs, std::span<const MutableView> outputs) const override {
    detail::run_with_memory(*this, inputs, outputs);
  }

  std::size_t work_bytes(std::span<const Spec> inputs, int workers) const override {
    const detail::CtcSizes sizes(inputs[0].shape, inputs[1].shape);
    return static_cast<std::size_t>(sizes.scratch() * workers) * size_of(inputs[0].dtype);
  }

  void run_in(const WorkMemory& memory, std::span<const View> inputs,
              std::span<const MutableView> outputs) const override {
    detail::check_ctc(inputs[0], inputs[1], inputs[2], inputs[3], blank_);
    const detail::CtcSizes sizes(inputs[0].shape(), inputs[1].shape());
    with_floating(inputs[0].spec.dtype, [&](auto type) {
      using T = decltype(type);
      T* losses = outputs[0].as<T>();
      T* norms = outputs[2].as<T>();
      if (norms != nullptr) std::fill_n(norms, outputs[2].size(), T{0});
      kernels::share_out(sizes.batch, memory.workers, [&](Index b, int worker) {
        T* trace = nullptr;
        if (outputs[1].data != nullptr) {
          const Index size = sizes.time * sizes.row();
          trace = outputs[1].as<T>() + b * size;
          std::fill_n(trace, size, detail::impossible<T>);
        }
        T* scratch = static_cast<T*>(memory.data) + worker * sizes.scratch();
        detail::CtcSequence<T> sequence(sizes, blank_, inputs[0], inputs[1], inputs[2], inputs[3], b,
                                        scratch);
        T loss = std::numeric_limits<T>::infinity();
        if (sequence.fits()) loss = sequence.forward(trace, norms == nullptr ? nullptr : norms + 2 * b);
        if (losses != nullptr) losses[b] = skips_ && loss == std::numeric_limits<T>::infinity() ? T{0} : loss;
      });
    });
  }

  Tensors gradients(const Tensors& ys, const Tensors& dys, const std::vector<bool>&) const override {
    Tensors found(4);
    if (dys[0].defined())
      found[0] = detail::ctc_loss_gradient(ys[0].node().inputs, ys[1], ys[2], dys[0], blank_);
    return found;
  }

  /// Steps behind the lengths have a gradient of zero.
  bool chooses(std::span<const Spec>) const override { return true; }

 private:
  const Index blank_;
  const bool skips_;
};

void require_ctc_length(const View& lengths, Index most, std::string_view what, std::string_view of) {
  const auto* values = lengths.as<std::int32_t>();
  for (Index b = 0; b < lengths.size(); ++b) {
    if (values[b] >= 0 && values[b] <= most) continue;
    throw Error(
        fmt::format("[ctc_loss] {} must lie in 0..{}, the {}: got {} of sequence {}; count those that are "
                    "there, or pad them to more",
                    what, most, of, values[b], b));
  }
}

}  // namespace

void detail::require_ctc(const Spec& logits, const Spec& targets, const Spec& input_lengths,
                         const Spec& target_lengths, Index blank) {
  const bool has_axes = is_floating(logits.dtype) && logits.shape.rank() == 3 && logits.shape[2] > 0;
  const Index batch = has_axes ? logits.shape[1] : 0;
  const Spec lengths{DType::int32, {batch}};
  const bool fits = has_axes && targets.dtype == DType::int32 && targets.shape.rank() == 2 &&
                    targets.shape[0] == batch && input_lengths == lengths && target_lengths == lengths;
  if (!fits) {
    throw ShapeError(fmt::format(
        "[ctc_loss] takes logits [time, batch, classes] of a floating dtype, targets i32[batch, "
        "most], and the lengths of both, i32[batch]: got {}, {}, {} and {}; transpose, reshape or "
        "cast one of them",
        logits.text(), targets.text(), input_lengths.text(), target_lengths.text()));
  }
  if (blank >= 0 && blank < logits.shape[2]) return;
  throw ShapeError(
      fmt::format("[ctc_loss] the blank must lie in 0..{}: got {} for logits {}; it is a class of its own, "
                  "often the first or the last",
                  logits.shape[2] - 1, blank, logits.text()));
}

Specs detail::ctc_outputs(const Spec& logits, const Spec& targets) {
  const CtcSizes sizes(logits.shape, targets.shape);
  return {{logits.dtype, {sizes.batch}},
          {logits.dtype, {sizes.batch, sizes.time, sizes.row()}},
          {logits.dtype, {sizes.time, sizes.batch, 2}}};
}

void detail::check_ctc(const View& logits, const View& targets, const View& input_lengths,
                       const View& target_lengths, Index blank) {
  const CtcSizes sizes(logits.shape(), targets.shape());
  require_ctc_length(input_lengths, sizes.time, "input lengths", "steps of the logits");
  require_ctc_length(target_lengths, sizes.most, "target lengths", "labels of the targets");
  for (Index b = 0; b < sizes.batch; ++b) {
    const auto* labels = targets.as<std::int32_t>() + b * sizes.most;
    for (Index i = 0; i < target_lengths.as<std::int32_t>()[b]; ++i) {
      if (labels[i] >= 0 && labels[i] < sizes.classes && labels[i] != blank) continue;
      throw Error(fmt::format(
          "[ctc_loss] labels must lie in 0..{} and cannot be the blank, {}: got {} at [{}, {}] of "
          "the targets {}; correct it, or choose another blank",
          sizes.classes - 1, blank, labels[i], b, i, targets.shape().text()));
    }
  }
}

Tensor ctc_loss(const Operand& logits, const Operand& targets, const Operand& input_lengths,
                const Operand& target_lengths, const CtcLossOptions& options) {
  const detail::Call call("ctc_loss", logits.where());
  return make(std::make_shared<CtcLoss>(options.blank, options.infeasible == Infeasible::zero),
              {logits.tensor(), targets.tensor(DType::int32), input_lengths.tensor(DType::int32),
               target_lengths.tensor(DType::int32)},
              logits.where());
}

}  // namespace sluice
