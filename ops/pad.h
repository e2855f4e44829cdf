#pragma once

#include <sluice/graph/tensor.h>

namespace sluice {

/// The number of elements added at the two ends of an axis.
struct Padding {
  Index before = 0;
  Index after = 0;
};

/// x with elements of `value` around it: one Padding per axis; further axes stay unchanged. Returns x itself
/// if nothing is added. Any dtype. Gradient: the slice of dy that x occupies. Throws ShapeError for negative
/// paddings and for more of them than axes.
Tensor pad(const Operand& x, const std::vector<Padding>& paddings, double value = 0);

namespace detail {

/// A Padding with the elements of x `step` apart: the gradient of a slice with a step.
struct Spread {
  Index before = 0;
  Index after = 0;
  Index step = 1;

  std::string attribute_text() const;  ///< "1+2", "1+2/3" with a step other than 1
};
Tensor pad_spread(const Operand& x, const std::vector<Spread>& spreads, double value);

}  // namespace detail

}  // namespace sluice
