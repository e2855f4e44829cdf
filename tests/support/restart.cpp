#include "support/restart.h"

#include <cstdlib>
#include <filesystem>

namespace sluice::test {

bool passes_with(const std::string& setting, const std::string& tag) {
  static const std::string self = std::filesystem::read_symlink("/proc/self/exe").string();
  const std::string command = setting + " '" + self + "' '" + tag + "' > /dev/null 2>&1";
  return std::system(command.c_str()) == 0;  // NOLINT(bugprone-command-processor,cert-env33-c)
}

}  // namespace sluice::test
