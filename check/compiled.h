#pragma once

#include <sluice/graph/trace.h>

namespace sluice {

/// Runs a function compiled, with all passes, and interpreted, and compares: its values, and the gradients of
/// its floating outputs with respect to its floating inputs. First as it is, then as the body of scans over
/// three steps, because most of what an op answers to the compiler is asked in loops only: with all inputs
/// over time and with each alone, the others being the same at every step; stacked, summed up, and with each
/// step waiting for the one before, so that nothing leaves the loop. The steps get the elements of the inputs
/// in other places, or the inputs as they are where the function refuses those. A function that cannot stand
/// in a scan, because it assigns Variables, say, is compared as it is. No Variable changes.
///
/// A value is right when it is off by no more than 1e-9 (float32: 1e-5) times the largest element of its
/// tensor, or times 1. Throws Error with the place and both values; `who`, a literal, is named as the one who
/// asked.
void check_compiled(const TensorFunction& function, const Tensors& inputs, const char* who = "check_compiled",
                    Location where = Location::current());

}  // namespace sluice
