#pragma once
/// How much memory there can be. Asked before large allocations, because the system grants more than it has
/// and ends the process when it is used.

#include <cstddef>
#include <string_view>

namespace sluice::kernels {

/// Bytes of memory that this process may use at most: what the machine has, or less where a cgroup (version 1
/// or 2) grants less. Reads some small files: about 50 microseconds.
std::size_t memory_limit();

/// Throws Error unless `bytes` can be allocated in this process at all: "[memory] ...: got a tensor f32[...]
/// ...", where `what` is "a tensor f32[...]". Fewer than 64 MiB are not looked at, for asking takes longer
/// than they do.
void require_memory(std::size_t bytes, std::string_view what);

/// Throws the Error for an allocation that the system has refused.
[[noreturn]] void refuse_allocation(std::size_t bytes, std::string_view what);

}  // namespace sluice::kernels
