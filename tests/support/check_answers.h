#pragma once

#include <sluice/graph/tensor.h>

namespace sluice::test {

/// Holds what the ops behind these tensors answer to the compiler (graph/op.h, "What the compiler asks")
/// against what they do: at all steps, summed over steps, by rows, in place, and where elements lie. The
/// tensors must have values, that is, depend on constants only.
void check_answers(const Tensors& results);

}  // namespace sluice::test
