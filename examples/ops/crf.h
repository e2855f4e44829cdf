#pragma once

// A linear-chain conditional random field: an op with two outputs, one of them for its gradient alone,
// scratch memory from the caller, and a gradient that is an op whose own gradient is that of a loop.

#include "crf_passes.h"

#include <sluice/graph/arithmetic.h>
#include <sluice/graph/grad.h>
#include <sluice/kernels/buffer.h>
#include <sluice/kernels/threads.h>
#include <sluice/ops/broadcast_to.h>
#include <sluice/ops/expand_dims.h>
#include <sluice/ops/logsumexp.h>
#include <sluice/ops/reshape.h>
#include <sluice/ops/scan.h>
#include <sluice/ops/slice.h>
#include <sluice/ops/squeeze.h>
#include <sluice/ops/sum.h>
#include <sluice/ops/take.h>
#include <sluice/ops/take_along_axis.h>

#include <fmt/format.h>

namespace sl = sluice;

/// The two passes of a chain over emissions e [T, batch, K], with transitions a [K, K]:
///
///     forward:  e, a -> log Z [batch], alpha [T, batch, K],
///               alpha[t, j] = e[t, j] + log(sum_i exp(alpha[t - 1, i] + a[i, j])), log Z that of the last
///     backward: e, a, alpha -> p [T, batch, K], q [batch, K, K], the probabilities of tags at each step and,
///               added over time, of transitions; from the last step to the first,
///               P(i at t - 1, j at t) = p[t, j] exp(alpha[t - 1, i] + a[i, j]) / sum_i (the same)
///
/// The gradient of the first is made of the second.
class Crf final : public sl::Op {
 public:
  explicit Crf(bool backward) : backward_(backward) {}
  std::string_view name() const override { return backward_ ? "crf_marginals" : "crf_log_partition"; }
  void members(sl::Attributes& a) const override { a("backward", backward_); }
  sl::Takes takes() const override {
    return {.operands = backward_ ? 3u : 2u, .domain = sl::Domain::floating, .equal_dtypes = true};
  }

  sl::Specs infer(std::span<const sl::Spec> inputs) const override {
    const sl::Shape &e = inputs[0].shape, &a = inputs[1].shape;
    if (e.rank() == 3 && e[0] > 0 && e[2] > 0 && a == sl::Shape{e[2], e[2]}) {
      const sl::DType dtype = inputs[0].dtype;
      if (backward_) return {inputs[0], {dtype, {e[1], e[2], e[2]}}};
      return {{dtype, {e[1]}}, inputs[0]};
    }
    throw sl::ShapeError(fmt::format(
        "[{}] emissions must be [time, batch, tags], with a step and a tag at least, and transitions [tags, "
        "tags]: got {} and {}; transpose or reshape them",
        name(), inputs[0].text(), inputs[1].text()));
  }

  // Every worker has scratch memory of its own.
  std::size_t work_bytes(std::span<const sl::Spec> inputs, int workers) const override {
    const sl::Index numbers = crf::Chain<double>::memory_size(inputs[1].shape.back()) * workers;
    return static_cast<std::size_t>(numbers) * sl::size_of(inputs[1].dtype);
  }
  void run(std::span<const sl::View> inputs, std::span<const sl::MutableView> outputs) const override {
    const sl::Spec specs[] = {inputs[0].spec, inputs[1].spec};
    sl::kernels::Buffer memory(work_bytes(specs, 1));
    run_in({memory.data(), 1}, inputs, outputs);
  }
  void run_in(const sl::WorkMemory& memory, std::span<const sl::View> inputs,
              std::span<const sl::MutableView> outputs) const override {
    const sl::Index steps = inputs[0].shape()[0], batch = inputs[0].shape()[1], k = inputs[0].shape()[2];
    sl::with_floating(inputs[0].spec.dtype, [&](auto type) {
      using T = decltype(type);
      // The part of a tensor that belongs to a sequence; null for an output that nobody reads.
      const auto part = [](const auto& view, sl::Index at) {
        auto* all = view.template as<T>();
        return all == nullptr ? nullptr : all + at;
      };
      sl::kernels::share_out(batch, memory.workers, [&](sl::Index b, int worker) {
        T* own = static_cast<T*>(memory.data) + worker * crf::Chain<T>::memory_size(k);
        const crf::Chain<T> chain{steps, batch * k, k, inputs[1].as<T>(), own};
        if (backward_) {
          crf::backward<T>(chain, part(inputs[2], b * k), part(outputs[0], b * k),
                           part(outputs[1], b * k * k));
        } else {
          const T log_z = crf::forward<T>(chain, part(inputs[0], b * k), part(outputs[1], b * k));
          if (outputs[0].data != nullptr) outputs[0].as<T>()[b] = log_z;
        }
      });
    });
  }

  sl::Tensors gradients(const sl::Tensors& ys, const sl::Tensors& dys,
                        const std::vector<bool>& wanted) const override {
    const sl::Tensor &e = ys[0].input(0), &a = ys[0].input(1);
    if (backward_) return second_gradients(e, a, dys);
    if (dys[1].defined())
      throw sl::Error("[crf_log_partition] alpha is for the gradient: it has none itself");
    const sl::Tensors marginals = outputs_of(sl::make<Crf>({e, a, ys[1]}, true));
    const sl::Tensor dy = expand_dims(dys[0], -1);
    return {wanted[0] ? marginals[0] * dy : sl::Tensor(),
            wanted[1] ? sum(marginals[1] * expand_dims(dy, -1), 0) : sl::Tensor()};
  }
  bool may_throw(std::span<const sl::Spec>) const override { return false; }

 private:
  /// The gradients of sum(p u) + sum(q v), where p and q are the gradients of log Z as a loop. alpha, which
  /// depends on e and a too, has none: it is all in theirs. All tensors are arguments, so that what one of
  /// them was computed from does not matter.
  static sl::Tensors second_gradients(const sl::Tensor& e, const sl::Tensor& a, const sl::Tensors& dys) {
    const sl::Index batch = e.dim(1), k = e.dim(2);
    const sl::Tensor u = dys[0].defined() ? dys[0] : zeros_like(e);
    const sl::Tensor v = dys[1].defined() ? dys[1] : sl::zeros({batch, k, k}, e.dtype());
    const auto weighted = [&](const sl::Tensors& x) {
      const sl::Tensor each = broadcast_to(x[1], {batch, k, k});
      const sl::Tensors marginals = sl::grad(sum(log_partition_by_scan(x[0], each)), {x[0], each});
      return sum(marginals[0] * x[2]) + sum(marginals[1] * x[3]);
    };
    const sl::Tensors gradients = sl::value_and_grad(weighted, {e, a, u, v}).gradients;
    return {gradients[0], gradients[1], sl::Tensor()};
  }

  static sl::Tensor log_partition_by_scan(const sl::Tensor& e, const sl::Tensor& a) {
    const auto step = [&](const sl::Tensors& alpha, const sl::Tensors& x) {
      return sl::Carried{{x[0] + logsumexp(expand_dims(alpha[0], -1) + a, -2)}, {}};
    };
    return logsumexp(sl::scan(step, {squeeze(slice(e, 0, 0, 1), 0)}, {slice(e, 0, 1)}).carry[0]);
  }

  const bool backward_;
};

/// log Z, one number for each sequence of a batch: the logarithm of the sum, over all taggings, of
/// exp(score),
///
///     score(tags) = sum_t emissions[t, b, tags[t]] + sum_{t > 0} transitions[tags[t - 1], tags[t]]
///
/// emissions [T, batch, K], transitions [K, K]. Computed on logarithms, from the largest term each: no score
/// is too large, and minus infinity forbids a tag or a transition (minus infinity, with a gradient of zero,
/// if nothing is left). Gradients: the probabilities of tags and transitions, times dy. Throws ShapeError for
/// other shapes, no steps, no tags, and dtypes that differ or are not floating-point. Lafferty, McCallum,
/// Pereira, "Conditional random fields: probabilistic models for segmenting and labeling sequence data",
/// 2001.
inline sl::Tensor crf_log_partition(const sl::Operand& emissions, const sl::Operand& transitions) {
  return sl::make<Crf>({emissions, transitions}, false);
}

/// The logarithm of the probability of tags i32[T, batch]: score(tags) - log Z. Throws as crf_log_partition,
/// ShapeError for other tags and, at run time, Error for a tag outside of 0..K-1.
inline sl::Tensor crf_log_likelihood(const sl::Operand& emissions, const sl::Operand& transitions,
                                     const sl::Operand& tags) {
  const sl::Tensor log_z = crf_log_partition(emissions, transitions);
  const sl::Tensor &e = log_z.input(0), &a = log_z.input(1), chosen = tags.tensor();
  const sl::Index k = e.dim(2);
  if (chosen.spec() != sl::Spec{sl::DType::int32, {e.dim(0), e.dim(1)}}) {
    throw sl::ShapeError(fmt::format("[crf_log_likelihood] there is one tag, i32, for each step of each "
                                     "sequence: got {} for emissions {}; reshape or cast them",
                                     chosen.spec().text(), e.spec().text()),
                         tags.where());
  }
  const sl::Tensor emitted = squeeze(take_along_axis(e, expand_dims(chosen, -1)), -1);
  const sl::Tensor pairs = slice(chosen, 0, 0, -1) * k + slice(chosen, 0, 1);
  return sum(emitted, 0) + sum(take(reshape(a, {k * k}), pairs), 0) - log_z;
}
