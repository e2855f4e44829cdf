#pragma once
/// The available memory. Checked before large allocations, because the system overcommits and kills the
/// process when the memory is used.

#include <cstddef>
#include <string_view>

namespace sluice::kernels {

/// The number of bytes that this process may use: the machine's memory, or less if a cgroup (version 1 or 2)
/// limits it. Reads some small files: about 50 microseconds.
std::size_t memory_limit();

/// Throws Error unless this process can allocate `bytes` at all: "[memory] ...: got a tensor f32[...] ...",
/// where `what` is "a tensor f32[...]". Less than 64 MiB is not checked: checking would take longer than
/// allocating.
void require_memory(std::size_t bytes, std::string_view what);

/// Throws the Error for a failed allocation.
[[noreturn]] void refuse_allocation(std::size_t bytes, std::string_view what);

}  // namespace sluice::kernels
