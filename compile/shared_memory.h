#pragma once

#include <sluice/compile/schedule.h>

namespace sluice {

/// @name Inputs and outputs of a schedule that its caller has put into the same memory
/// A loop stacks results over inputs that it reads for the last time: a step's output overwrites its input.
/// @{

/// Whether two values have bytes in common; true if that is not known.
bool overlap(const std::vector<Value>& values, std::size_t a, std::size_t b);

/// Whether each element of `a` has the address of that of `b`.
bool same_place(const std::vector<Value>& values, std::size_t a, std::size_t b);

/// Returns the first output that overwrites an input not yet read; Value::none if there is none.
std::size_t written_too_early(const Schedule& schedule);
/// @}

}  // namespace sluice
