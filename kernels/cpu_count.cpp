#include <sluice/kernels/cpu_count.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <limits>
#include <sstream>
#include <string>
#include <thread>

#ifdef __linux__
#include <sched.h>
#endif

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

/// The tightest limit on the way from this process's cgroup to the root. Inside a container the path that the
/// kernel names may not exist below the mount point; then only the root, which is the container's own group,
/// is found.
template <class Quota>
double tightest(const std::string& mount, std::string path, Quota quota) {
  double limit = quota(mount);
  while (path.size() > 1) {
    limit = std::min(limit, quota(mount + path));
    path.resize(path.rfind('/') == std::string::npos ? 0 : path.rfind('/'));
  }
  return limit;
}

double cgroup_cpus() {
  double limit = no_limit;
  std::ifstream groups("/proc/self/cgroup");
  for (std::string line; std::getline(groups, line);) {  // "4:cpu,cpuacct:/path", or "0::/path" for version 2
    std::istringstream fields(line);
    std::string id;
    std::string controllers;
    std::string path;
    std::getline(fields, id, ':');
    std::getline(fields, controllers, ':');
    std::getline(fields, path);
    if (controllers.empty()) {
      limit = std::min(limit, tightest("/sys/fs/cgroup", path, quota_v2));
    } else if (("," + controllers + ",").find(",cpu,") != std::string::npos) {
      limit = std::min(limit, tightest("/sys/fs/cgroup/" + controllers, path, quota_v1));
      limit = std::min(limit, tightest("/sys/fs/cgroup/cpu", path, quota_v1));
    }
  }
  return limit;
}

}  // namespace

int available_cpus() {
  const int allowed = affinity_cpus();
  const double granted = std::ceil(cgroup_cpus());
  return granted < allowed ? std::max(1, static_cast<int>(granted)) : allowed;
}

}  // namespace sluice::kernels::detail
