#pragma once

#include <sluice/graph/tensor.h>

namespace sluice {

/// How many elements are added at the two ends of an axis.
struct Padding {
  Index before = 0;
  Index after = 0;
};

/// x with elements of `value` around it: one Padding per axis; axes without one stay as they are. x itself
/// where nothing is added. Any dtype. Gradient: the slice of dy where x lies. Throws ShapeError for negative
/// paddings and for more of them than axes.
Tensor pad(const Operand& x, const std::vector<Padding>& paddings, double value = 0);

namespace detail {

/// As a Padding, with the elements of x `step` places apart: what turns a slice with a step around.
struct Spread {
  Index before = 0;
  Index after = 0;
  Index step = 1;
};
Tensor pad_spread(const Operand& x, const std::vector<Spread>& spreads, double value);

}  // namespace detail

}  // namespace sluice
