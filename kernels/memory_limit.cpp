#include <sluice/kernels/memory_limit.h>

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <limits>
#include <string>

#ifdef __unix__
#include <unistd.h>
#endif

#include <sluice/kernels/refuse.h>
#include <sluice/kernels/cgroup.inl>

namespace sluice::kernels {

namespace {

constexpr std::size_t no_limit = std::numeric_limits<std::size_t>::max();
constexpr std::size_t small = std::size_t{64} << 20;

/// No object is larger: pointers into it must be subtractable.
constexpr std::size_t largest = PTRDIFF_MAX;

std::size_t physical_memory() {
#ifdef _SC_PHYS_PAGES
  const long pages = ::sysconf(_SC_PHYS_PAGES);
  const long page = ::sysconf(_SC_PAGESIZE);
  if (pages > 0 && page > 0) return static_cast<std::size_t>(pages) * static_cast<std::size_t>(page);
#endif
  return no_limit;
}

/// The number in a file; no limit if there is none, as in "max".
std::size_t number_in(const std::string& path) {
  std::ifstream file(path);
  std::size_t bytes = 0;
  return file >> bytes ? bytes : no_limit;
}

std::size_t cgroup_memory() {
  const auto v2 = [](const std::string& folder) { return number_in(folder + "/memory.max"); };
  const auto v1 = [](const std::string& folder) { return number_in(folder + "/memory.limit_in_bytes"); };
  return detail::tightest_of_cgroups("memory", no_limit, v2, v1);
}

}  // namespace

std::size_t memory_limit() { return std::min(physical_memory(), cgroup_memory()); }

void require_memory(std::size_t bytes, std::string_view what) {
  if (bytes < small) return;
  const std::size_t limit = memory_limit();
  if (bytes <= std::min(limit, largest)) return;
  refuse(
      fmt::format("[memory] what this process holds must fit into {} bytes: got {} of {} bytes; make it "
                  "smaller, or work on parts of it",
                  std::min(limit, largest), what, bytes));
}

void refuse_allocation(std::size_t bytes, std::string_view what) {
  refuse(
      fmt::format("[memory] what is allocated must fit beside what is there: got {} of {} bytes, which the "
                  "system has refused; make it smaller, or free other memory first",
                  what, bytes));
}

}  // namespace sluice::kernels
