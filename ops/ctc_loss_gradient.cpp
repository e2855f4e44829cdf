#include <sluice/graph/arithmetic.h>
#include <sluice/kernels/threads.h>
#include <sluice/ops/sum.h>
#include <sluice/ops/ctc_loss.inl>
#include <sluice/ops/run_with_memory.inl>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <memory>

namespace sluice {

namespace {

/// Inputs: the operands of the loss, its trace and norms, and dy [batch].
class CtcLossGradient final : public Op {
 public:
  explicit CtcLossGradient(Index blank) : blank_(blank) {}

  std::string_view name() const override { return "ctc_loss_gradient"; }
  Takes takes() const override { return {.operands = 7}; }
  void members(Attributes& a) const override { a("blank", blank_); }
  Specs infer(std::span<const Spec> inputs) const override {
    detail::require_ctc(inputs[0], inputs[1], inputs[2], inputs[3], blank_);
    const Specs others = detail::ctc_outputs(inputs[0], inputs[1]);
    if (inputs[4] == others[1] && inputs[5] == others[2] && inputs[6] == others[0]) return {inputs[0]};
    throw ShapeError(fmt::format(
        "[ctc_loss_gradient] takes what ctc_loss has left, {} and {}, and a gradient {}: got {}, {} "
        "and {}; differentiate ctc_loss instead of calling it",
        others[1].text(), others[2].text(), others[0].text(), inputs[4].text(), inputs[5].text(),
        inputs[6].text()));
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
    if (outputs[0].size() == 0) return;
    const detail::CtcSizes sizes(inputs[0].shape(), inputs[1].shape());
    with_floating(inputs[0].spec.dtype, [&](auto type) {
      using T = decltype(type);
      kernels::share_out(sizes.batch, memory.workers, [&](Index b, int worker) {
        const T dy = inputs[6].as<T>()[b];
        T* dx = outputs[0].as<T>() + b * sizes.classes;
        T* scratch = static_cast<T*>(memory.data) + worker * sizes.scratch();
        detail::CtcSequence<T> sequence(sizes, blank_, inputs[0], inputs[1], inputs[2], inputs[3], b,
                                        scratch);
        const Index steps = sequence.steps();
        const T* trace = inputs[4].as<T>() + b * sizes.time * sizes.row();
        // What the loss has left at the end: minus infinity where the target is infeasible.
        const T end = steps == 0 ? detail::impossible<T> : sequence.end(trace + (steps - 1) * sizes.row());
        const bool counts = dy != 0 && end != detail::impossible<T>;
        const auto fill = [&](Index from, Index to, T value) {
          for (Index t = from; t < to; ++t)
            std::fill_n(dx + t * sizes.batch * sizes.classes, sizes.classes, value);
        };
        fill(counts ? steps : 0, sizes.time, T{0});
        if (!counts) return;
        if (std::isnan(end)) return fill(0, steps, end);
        sequence.backward(trace, inputs[5].as<T>() + 2 * b, dy, dx);
      });
    });
  }

  /// It is linear in dy; what it is computed from has no gradient of its own.
  Tensors gradients(const Tensors& ys, const Tensors& dys, const std::vector<bool>& wanted) const override {
    if (wanted[0]) {
      throw Error(
          "[ctc_loss] has no second derivative: got a gradient that depends on its gradient, to be "
          "differentiated "
          "with respect to the logits; hold one of them fixed with stop_gradient");
    }
    const Node& node = ys[0].node();
    Tensors operands = node.inputs;
    operands[6] = ones_like(operands[6]);
    const Tensor slope = make(std::make_shared<CtcLossGradient>(blank_), operands, node.where);
    Tensors found(operands.size());
    found[6] = sum(slope * dys[0], {0, 2});
    return found;
  }

  bool chooses(std::span<const Spec>) const override { return true; }

 private:
  const Index blank_;
};

}  // namespace

Tensor detail::ctc_loss_gradient(const Tensors& operands, const Tensor& trace, const Tensor& norms,
                                 const Tensor& dy, Index blank) {
  Tensors all = operands;
  all.insert(all.end(), {trace, norms, dy});
  return make(std::make_shared<CtcLossGradient>(blank), all, Location{});
}

}  // namespace sluice
