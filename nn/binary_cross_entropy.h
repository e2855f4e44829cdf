#pragma once

#include <sluice/graph/tensor.h>
#include <sluice/nn/reduction.h>

namespace sluice::nn {

struct BinaryCrossEntropyOptions {
  /// Weight of the positive examples, of a shape that broadcasts to that of the logits; 1 if undefined.
  Tensor pos_weight = {};
  Tensor mask = {};  ///< which losses count: see LossOptions
  Reduction reduction = Reduction::mean;
};

/// -(w * y * log s(x) + (1 - y) * log(1 - s(x))) for logits x, targets y in [0, 1] of the same shape, s =
/// sigmoid and w = pos_weight. Accurate for logits of any size, infinite ones too: a term of weight zero is
/// zero.
Tensor binary_cross_entropy_with_logits(const Operand& logits, const Operand& targets,
                                        const BinaryCrossEntropyOptions& options = {});

}  // namespace sluice::nn
