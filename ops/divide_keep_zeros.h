#pragma once

#include <sluice/graph/tensor.h>

namespace sluice::detail {

/// x / y, but 0 where x is 0, whatever y is: what a quotient becomes in gradients below a choice (see
/// Op::keeping_zeros). Floating. Gradients: dz / y, 0 where dz is, and -dz z / y, 0 where dz or z is.
Tensor divide_keep_zeros(const Operand& x, const Operand& y);

}  // namespace sluice::detail
