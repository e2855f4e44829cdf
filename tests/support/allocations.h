#pragma once

#include <cstddef>

/// How many times this program has called `operator new`, to show what allocates nothing.
std::size_t allocations();
