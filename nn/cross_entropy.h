#pragma once

#include <sluice/graph/tensor.h>
#include <sluice/nn/reduction.h>

#include <cstdint>
#include <optional>

namespace sluice::nn {

struct CrossEntropyOptions {
  /// e: the target distribution is (1 - e) on the class and e / C on every class. In [0, 1].
  double label_smoothing = 0;
  /// Examples of this class, such as padding, are excluded from the loss and from the mean's denominator.
  std::optional<std::int32_t> ignore_index = {};
  /// w, a weight of each class, [C], of the dtype of the logits and not negative; 1 if undefined. The mean
  /// divides by the sum of the weights of the examples' classes.
  Tensor weights = {};
  /// Which examples count: see LossOptions. What their classes are at the others does not matter.
  Tensor mask = {};
  Reduction reduction = Reduction::mean;
};

/// -log softmax(logits)[class], in nats. logits [..., C], classes i32 [...].
///
///   loss_n = -(1 - e) w[class_n] log p_n[class_n] - e / C * sum_c w[c] log p_n[c],  p_n = softmax(logits_n)
///
/// Accurate for logits of any size: an impossible class (minus infinity) costs infinity. NaN if the logits
/// hold NaN or plus infinity, or are all minus infinity. Terms of weight zero are zero. The mean is over the
/// examples that are neither ignored nor masked, 0 if there are none, where PyTorch's is NaN. Throws
/// ShapeError if shapes or dtypes do not fit and, at run time, Error for a class that is neither in
/// [0, C) nor left out.
Tensor cross_entropy(const Operand& logits, const Operand& classes, const CrossEntropyOptions& options = {});

struct SoftCrossEntropyOptions {
  double label_smoothing = 0;  ///< e: the target distribution is (1 - e) y + e / C. In [0, 1].
  Tensor weights = {};         ///< w, of each class, as for cross_entropy; the mean does not divide by them
  Tensor mask = {};            ///< which examples count: see LossOptions
  Reduction reduction = Reduction::mean;
};

/// The cross entropy of distributions, for soft labels, distillation and mixtures: logits [..., C] and
/// probabilities y of the same shape and dtype, which sum to 1 over the last axis (this is not checked).
///
///   loss_n = -sum_c w[c] y_n[c] log softmax(logits_n)[c]
///
/// As PyTorch's cross_entropy of probabilities, but terms with y = 0 or w = 0 are zero for impossible
/// classes, too. Gradients flow to both operands. Throws ShapeError if shapes or dtypes do not fit, Error for
/// smoothing outside of [0, 1].
Tensor soft_cross_entropy(const Operand& logits, const Operand& probabilities,
                          const SoftCrossEntropyOptions& options = {});

struct NllOptions {
  std::optional<std::int32_t> ignore_index = {};
  Tensor weights = {};  ///< of each class, as for cross_entropy
  Tensor mask = {};     ///< which examples count: see LossOptions
  Reduction reduction = Reduction::mean;
};

/// -w[class] * log_probabilities[class]: cross_entropy of the output of log_softmax. Shapes and errors as
/// there.
Tensor nll(const Operand& log_probabilities, const Operand& classes, const NllOptions& options = {});

}  // namespace sluice::nn
