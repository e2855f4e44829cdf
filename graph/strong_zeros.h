#pragma once

#include <sluice/graph/tensor.h>

namespace sluice::detail {

/// Op::chooses for the op of `node`.
bool chooses(const Node& node);

/// op.gradients(ys, dys, wanted), where elements of dys that are zero, because they were not chosen, stay
/// zero whatever the slopes are: each product and quotient with one side that depends on dys is made by
/// Op::keeping_zeros. For other values of dys the gradients are the same bits.
Tensors gradients_keeping_zeros(const Op& op, const Tensors& ys, const Tensors& dys,
                                const std::vector<bool>& wanted);

}  // namespace sluice::detail
