#pragma once

#include <sluice/graph/attributes.h>
#include <sluice/graph/tensor.h>
#include <sluice/ops/along_axis.h>

#include <cstdint>
#include <optional>

namespace sluice {

struct LinearCrossEntropyOptions {
  /// Added to the scores, [C]; none if undefined.
  Tensor bias = {};
  /// Rows of this class, such as padding, give 0, have the gradient 0 and cost nothing.
  std::optional<std::int32_t> ignore_index = {};
};

/// The cross entropy of a linear layer over many classes, in nats, one number for each row of h:
///
///   y[...] = -log softmax(h[..., :] weight^T + bias)[classes[...]]
///
/// h [..., D], weight [C, D], both of one floating-point dtype, and classes i32 [...] -> y [...]. The same as
/// cross_entropy(matmul(h, weight, {.transpose_b = true}), classes), but the scores [..., C] never exist as a
/// whole: they are computed by blocks that fit into the cache, and again for the gradient. So it needs memory
/// for about ten copies of h and 1 MiB per thread, whatever C is. The bits are the same for any number of threads.
/// After Wijmans et al., "Cut Your Losses in Large-Vocabulary Language Models", 2024.
///
/// Gradient: with g = dy (softmax(...) - the one of the class), g weight for h, g^T h for weight and the sum
/// of g over the rows for the bias; rows with dy = 0 cost nothing there. The second derivative has the scores
/// as a whole. Accurate for scores of any size: an impossible class (minus infinity) costs infinity; NaN where
/// log_softmax of the scores is. Throws ShapeError for other shapes and dtypes and for no classes and, at run
/// time, Error for a class that is neither in 0..C-1 nor ignored.
Tensor linear_cross_entropy(const Operand& h, const Operand& weight, const Operand& classes,
                            const LinearCrossEntropyOptions& options = {});

namespace detail {

/// The classes that the rows of a weight stand for: first, first + 1, ..., of 0..total-1. Rows of h of the
/// other classes are left out like those of the ignored one.
struct ClassPart {
  Index first = 0;
  Index total = 0;
  std::optional<std::int32_t> ignored = {};
  IdNames names;  ///< of the classes, in errors

  void members(Attributes& a) const {
    a("first", first), a("total", total), a("ignored", ignored), a({}, names);
  }
};

/// The same for a part of the classes; `bias` may be undefined.
Tensor linear_cross_entropy(const Tensor& h, const Tensor& weight, const Tensor& classes, const Tensor& bias,
                            const ClassPart& part);

}  // namespace detail

}  // namespace sluice
