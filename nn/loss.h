#pragma once

#include <sluice/graph/tensor.h>

#include <cstdint>
#include <optional>

namespace sluice::nn {

// Losses: each computes one number per example and reduces them.

/// The reduction over examples: their mean, their sum, or none.
enum class Reduction { mean, sum, none };

struct CrossEntropyOptions {
  /// e: the target distribution is (1 - e) on the class and e / C on every class. In [0, 1].
  double label_smoothing = 0;
  /// Examples of this class, such as padding, are excluded from the loss and from the mean's denominator.
  std::optional<std::int32_t> ignore_index = {};
  Reduction reduction = Reduction::mean;
};

/// -log softmax(logits)[class], in nats. logits [..., C], classes i32 [...].
///
///   loss_n = (1 - e) * -log p_n[class_n] + e * mean_c(-log p_n[c]),  p_n = softmax(logits_n)
///
/// Accurate for logits of any size: an impossible class (minus infinity) costs infinity. NaN if the logits
/// hold NaN or plus infinity, or are all minus infinity. The mean is over the examples that are not
/// ignored, 0 if all are. Throws ShapeError if shapes do not fit and, at run time, Error for a class that
/// is neither in [0, C) nor ignored.
Tensor cross_entropy(const Operand& logits, const Operand& classes, const CrossEntropyOptions& options = {});

struct NllOptions {
  std::optional<std::int32_t> ignore_index = {};
  Reduction reduction = Reduction::mean;
};

/// -log_probabilities[class]: cross_entropy of the output of log_softmax. Shapes and errors as there.
Tensor nll(const Operand& log_probabilities, const Operand& classes, const NllOptions& options = {});

struct BinaryCrossEntropyOptions {
  /// Weight of the positive examples, of a shape that broadcasts to that of the logits; 1 if undefined.
  Tensor pos_weight = {};
  Reduction reduction = Reduction::mean;
};

/// -(w * y * log s(x) + (1 - y) * log(1 - s(x))) for logits x, targets y in [0, 1] of the same shape, s =
/// sigmoid and w = pos_weight. Accurate for logits of any size, infinite ones too: a term of weight zero is
/// zero.
Tensor binary_cross_entropy_with_logits(const Operand& logits, const Operand& targets,
                                        const BinaryCrossEntropyOptions& options = {});

/// (x - y)^2, the squared error; NaN for equal infinities, here and below. Shapes must be equal.
Tensor mse(const Operand& x, const Operand& y, Reduction reduction = Reduction::mean);

/// |x - y|, the absolute error.
Tensor l1(const Operand& x, const Operand& y, Reduction reduction = Reduction::mean);

struct HuberOptions {
  double delta = 1;
  Reduction reduction = Reduction::mean;
};

/// d^2 / 2 if d = |x - y| is at most delta, else delta * (d - delta / 2): squared near zero, absolute for
/// outliers. Divided by delta it is PyTorch's smooth L1. Huber, "Robust estimation of a location parameter",
/// 1964. Throws Error unless delta is positive.
Tensor huber(const Operand& x, const Operand& y, const HuberOptions& options = {});

}  // namespace sluice::nn
