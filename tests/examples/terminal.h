#pragma once

#include <string>

#include "process.h"

namespace examples {

/// Runs lm to its end on a terminal of so many columns; `out` has both outputs, as the terminal got them.
Ended on_terminal(const Arguments& arguments, int columns);

/// Runs a command of the shell in which $LM is the program; returns its exit code.
int shell(const std::string& command);

}  // namespace examples
