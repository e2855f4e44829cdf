#include <sluice/kernels/cpu_count.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <limits>
#include <string>
#include <thread>

#ifdef __linux__
#include <sched.h>
#endif

#include <sluice/kernels/cgroup.inl>

namespace sluice::kernels::detail {

namespace {

constexpr double no_limit = std::numeric_limits<double>::infinity();

int affinity_cpus() {
#ifdef __linux__
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof set, &set) == 0 && CPU_COUNT(&set) > 0) return CPU_COUNT(&set);
#endif
  return std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
}

/// quota / period of one cgroup version 2 folder, whose file reads "max 100000" or "150000 100000".
double quota_v2(const std::string& folder) {
  std::ifstream file(folder + "/cpu.max");
  double quota = 0;
  double period = 0;
  return file >> quota >> period && quota > 0 && period > 0 ? quota / period : no_limit;
}

double quota_v1(const std::string& folder) {
  double quota = 0;
  double period = 0;
  std::ifstream quota_file(folder + "/cpu.cfs_quota_us");
  std::ifstream period_file(folder + "/cpu.cfs_period_us");
  return quota_file >> quota && period_file >> period && quota > 0 && period > 0 ? quota / period : no_limit;
}

double cgroup_cpus() { return tightest_of_cgroups("cpu", no_limit, quota_v2, quota_v1); }

}  // namespace

int available_cpus() {
  const int allowed = affinity_cpus();
  const double granted = std::ceil(cgroup_cpus());
  return granted < allowed ? std::max(1, static_cast<int>(granted)) : allowed;
}

}  // namespace sluice::kernels::detail
