#pragma once
/// The number of CPUs this process may use. Internal to the room: users call threads().

namespace sluice::kernels::detail {

/// CPUs allowed by the affinity mask, or fewer if a cgroup (version 1 or 2) grants less time; at least 1.
int available_cpus();

}  // namespace sluice::kernels::detail
