#include <cstdlib>
#include <filesystem>
#include <string>

#include <sluice/kernels/gemm.h>
#include <sluice/kernels/threads.h>
#include <sluice/kernels/vector_math.h>

#include "support/catch.h"

// Settings in the environment are read once per process, so this program starts itself again with each of
// them and has it run one hidden test.

namespace {

bool passes(const std::string& setting, const std::string& tag) {
  static const std::string self = std::filesystem::read_symlink("/proc/self/exe").string();
  const std::string command = setting + " '" + self + "' '" + tag + "' > /dev/null";
  return std::system(command.c_str()) == 0;  // NOLINT(bugprone-command-processor,cert-env33-c)
}

}  // namespace

TEST_CASE("SLUICE_ISA=baseline is used", "[.][SLUICE_ISA]") { REQUIRE(sluice::kernels::isa() == "baseline"); }

TEST_CASE("SLUICE_GEMM=eigen is used", "[.][SLUICE_GEMM]") {
  REQUIRE(sluice::kernels::gemm_backend() == "eigen");
}

TEST_CASE("SLUICE_GEMM=packed is used", "[.][SLUICE_GEMM_PACKED]") {
  REQUIRE(sluice::kernels::gemm_backend() == "packed");
}

TEST_CASE("the environment overrides the number of threads, the instruction set and the matrix library") {
  REQUIRE(passes("SLUICE_THREADS=3", "[SLUICE_THREADS]"));
  REQUIRE(passes("SLUICE_ISA=baseline", "[SLUICE_ISA]"));
  REQUIRE(passes("SLUICE_GEMM=eigen", "[SLUICE_GEMM]"));
  REQUIRE(passes("SLUICE_GEMM=packed", "[SLUICE_GEMM_PACKED]"));
  REQUIRE_FALSE(passes("SLUICE_THREADS=2", "[SLUICE_THREADS]"));
}

TEST_CASE("a setting that means nothing is ignored") {
  REQUIRE_FALSE(passes("SLUICE_THREADS=-3", "[SLUICE_THREADS]"));
  if (sluice::kernels::threads() != 3) REQUIRE_FALSE(passes("SLUICE_THREADS=3x", "[SLUICE_THREADS]"));
  REQUIRE((sluice::kernels::isa() == "baseline" || !passes("SLUICE_ISA=sse9", "[SLUICE_ISA]")));
}
