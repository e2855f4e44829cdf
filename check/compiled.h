#pragma once

#include <sluice/graph/trace.h>

namespace sluice {

/// Runs a function compiled and interpreted, and compares its values, and the gradients of its floating-point
/// outputs with respect to its floating-point inputs. First alone: with all passes on 1, 2 and 3 threads,
/// with none, and with some. Then as the body of scans over three steps, because the compiler mostly queries
/// ops in loops: stacked, summed, and with a dependence between steps, so that nothing leaves the loop. With
/// all inputs over time, also backwards, with checkpoints and with some passes only; then with each alone,
/// the others being the same at every step. The steps get the inputs with elements rotated, or unchanged if
/// the function refuses those. A function that cannot be in a scan, for example because it assigns Variables,
/// is compared alone. No Variable changes. The number of threads, which is the whole process's, changes
/// meanwhile.
///
/// The tolerance is 1e-9 (float32: 1e-5) times the largest element of the tensor, or times 1. Throws Error
/// with the index and both values; `who`, a literal, names the caller.
void check_compiled(const TensorFunction& function, const Tensors& inputs, const char* who = "check_compiled",
                    Location where = Location::current());

}  // namespace sluice
