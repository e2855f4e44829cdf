#pragma once

#include "process.h"

namespace examples {

/// A text of some thousand characters that repeats itself with changes, three of its letters not ASCII.
std::string sample_text();

/// Options of a model that trains 200 steps of 4 x 10 tokens in a moment.
Arguments small();

/// lm train with these options and `small()`.
Ended train(const Arguments& arguments);

/// All Variables in a checkpoint with a checksum of their bits, and all else that decides how a training goes
/// on.
std::string everything_in(const std::string& checkpoint);

/// What a model writes.
std::string sample_of(const std::string& checkpoint);

}  // namespace examples
