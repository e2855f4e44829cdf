#pragma once
/// Limits of the cgroups of this process. Internal to the room.

#include <algorithm>
#include <fstream>
#include <sstream>
#include <string>

namespace sluice::kernels::detail {

/// The tightest limit on the path from this process's cgroup to the root; `limit` reads that of one folder.
/// Inside a container the path that the kernel names may not exist below the mount point; then only the root,
/// which is the container's own group, is found.
template <class T, class Limit>
T tightest_on_path(const std::string& mount, std::string path, Limit limit) {
  T tightest = limit(mount);
  while (path.size() > 1) {
    tightest = std::min(tightest, limit(mount + path));
    path.resize(path.rfind('/') == std::string::npos ? 0 : path.rfind('/'));
  }
  return tightest;
}

/// The tightest limit of a controller ("cpu", "memory") in cgroups of both versions; `v2` and `v1` read that
/// of one folder and return `no_limit` if there is none.
template <class T, class V2, class V1>
T tightest_of_cgroups(const std::string& controller, T no_limit, V2 v2, V1 v1) {
  T limit = no_limit;
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
      limit = std::min(limit, tightest_on_path<T>("/sys/fs/cgroup", path, v2));
    } else if (("," + controllers + ",").find("," + controller + ",") != std::string::npos) {
      limit = std::min(limit, tightest_on_path<T>("/sys/fs/cgroup/" + controllers, path, v1));
      limit = std::min(limit, tightest_on_path<T>("/sys/fs/cgroup/" + controller, path, v1));
    }
  }
  return limit;
}

}  // namespace sluice::kernels::detail
