#pragma once

#include <sluice/ops/axes.h>

namespace sluice {

/// x without axes of length 1: those named or, by default, all of them. Any dtype. Throws ShapeError for an
/// axis that is out of range or longer than 1.
Tensor squeeze(const Operand& x, const Axes& axes = {});

}  // namespace sluice
