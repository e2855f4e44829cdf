#pragma once

#include <sluice/compile/schedule.h>

namespace sluice {

/// @name Inputs and outputs of a schedule that its caller has put into the same memory
/// A loop stacks what it computes over what it reads for the last time: a step's output lies where its input
/// is.
/// @{

/// Whether two values have bytes in common; where that is not known for sure, yes.
bool overlap(const std::vector<Value>& values, std::size_t a, std::size_t b);

/// Whether each element of `a` lies where that of `b` does.
bool same_place(const std::vector<Value>& values, std::size_t a, std::size_t b);

/// An output that is written over an input which is still to be read; Value::none where all is well.
std::size_t written_too_early(const Schedule& schedule);
/// @}

}  // namespace sluice
