#pragma once

#include <sluice/graph/trace.h>

namespace sluice {

/// Runs a function compiled, with all passes, and interpreted, and compares its values, and the gradients of
/// its floating-point outputs with respect to its floating-point inputs. First alone, then as the body of
/// scans over three steps, because the compiler mostly queries ops in loops: with all inputs over time and
/// with each alone, the others being the same at every step; stacked, summed, and with a dependence between
/// steps, so that nothing leaves the loop. The steps get the inputs with elements rotated, or unchanged if
/// the function refuses those. A function that cannot be in a scan, for example because it assigns Variables,
/// is compared alone. No Variable changes.
///
/// The tolerance is 1e-9 (float32: 1e-5) times the largest element of the tensor, or times 1. Throws Error
/// with the index and both values; `who`, a literal, names the caller.
void check_compiled(const TensorFunction& function, const Tensors& inputs, const char* who = "check_compiled",
                    Location where = Location::current());

}  // namespace sluice
