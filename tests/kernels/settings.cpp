#include <cstdlib>
#include <string>

#include <sluice/compile/compile.h>
#include <sluice/graph/evaluate.h>
#include <sluice/kernels/gemm.h>
#include <sluice/kernels/threads.h>
#include <sluice/kernels/vector_math.h>
#include <sluice/ops/matmul.h>
#include <sluice/ops/sum.h>
#include <sluice/ops/tanh.h>

#include "support/catch.h"
#include "support/restart.h"

using sluice::test::passes_with;

// Settings in the environment are read once per process, so this program starts itself again with each of
// them and has it run one hidden test.

TEST_CASE("SLUICE_ISA=baseline is used", "[.][SLUICE_ISA]") { REQUIRE(sluice::kernels::isa() == "baseline"); }

TEST_CASE("SLUICE_GEMM=eigen is used", "[.][SLUICE_GEMM]") {
  REQUIRE(sluice::kernels::gemm_backend() == "eigen");
}

TEST_CASE("SLUICE_GEMM=packed is used", "[.][SLUICE_GEMM_PACKED]") {
  REQUIRE(sluice::kernels::gemm_backend() == "packed");
}

TEST_CASE("the environment overrides the number of threads, the instruction set and the matrix library") {
  REQUIRE(passes_with("SLUICE_THREADS=3", "[SLUICE_THREADS]"));
  REQUIRE(passes_with("SLUICE_ISA=baseline", "[SLUICE_ISA]"));
  REQUIRE(passes_with("SLUICE_GEMM=eigen", "[SLUICE_GEMM]"));
  REQUIRE(passes_with("SLUICE_GEMM=packed", "[SLUICE_GEMM_PACKED]"));
  REQUIRE_FALSE(passes_with("SLUICE_THREADS=2", "[SLUICE_THREADS]"));
}

// What a setting that means nothing gives: an Error at the first use, and at every later one.
namespace {

void require_refused(const std::string& variable, const std::string& rule, void (*use)()) {
  const char* value = std::getenv(variable.c_str());
  REQUIRE(value != nullptr);
  for (int use_number = 0; use_number < 3; ++use_number) {
    CAPTURE(use_number);
    CHECK_THROWS_WITH(use(), contains("[" + variable + "] the environment variable must be " + rule) &&
                                 contains(std::string("got '") + value + "'"));
    CHECK_THROWS_AS(use(), sluice::Error);
  }
}

}  // namespace

TEST_CASE("SLUICE_THREADS is refused", "[.][refused_threads]") {
  const std::string rule = "a whole number from 1 to 4096";
  require_refused("SLUICE_THREADS", rule, [] { sluice::kernels::threads(); });
  require_refused("SLUICE_THREADS", rule, [] { sluice::kernels::set_threads(0); });
  require_refused("SLUICE_THREADS", rule, [] { sluice::evaluate(sluice::sum(sluice::ones({1 << 20}))); });
}

TEST_CASE("SLUICE_ISA is refused", "[.][refused_isa]") {
  const std::string rule = "one of baseline, avx2, avx512";
  require_refused("SLUICE_ISA", rule, [] { sluice::kernels::isa(); });
  require_refused("SLUICE_ISA", rule, [] { sluice::evaluate(sluice::tanh(sluice::ones({3}))); });
  require_refused("SLUICE_ISA", rule,
                  [] { sluice::compile([] { return sluice::tanh(sluice::ones({3})); })(); });
}

TEST_CASE("SLUICE_GEMM is refused", "[.][refused_gemm]") {
  const std::string rule = "one of ";
  require_refused("SLUICE_GEMM", rule, [] { sluice::kernels::gemm_backend(); });
  require_refused("SLUICE_GEMM", rule, [] {
    const sluice::Tensor x = sluice::ones({64, 64});
    sluice::evaluate(sluice::matmul(x, x));
  });
}

TEST_CASE("SLUICE_PASSES is refused", "[.][refused_passes]") {
  for (int use = 0; use < 2; ++use) {
    CHECK_THROWS_WITH(sluice::compile([] { return sluice::ones({3}); }),
                      contains("a pass must be one of") && contains("got 'nonsense'") &&
                          contains("the environment variable SLUICE_PASSES is 'nonsense'") &&
                          contains("(kernels/settings.cpp:"));
  }
}

TEST_CASE("a setting that means nothing is an Error, not ignored") {
  for (const char* nonsense : {"' 5'", "1e2", "99999999999", "0", "-3", "3x", "4097", "+5", "nonsense"}) {
    CAPTURE(nonsense);
    CHECK(passes_with(std::string("SLUICE_THREADS=") + nonsense, "[refused_threads]"));
  }
  for (const char* nonsense : {"sse9", "AVX2", "' avx2'", "baseline,"}) {
    CAPTURE(nonsense);
    CHECK(passes_with(std::string("SLUICE_ISA=") + nonsense, "[refused_isa]"));
  }
  CHECK(passes_with("SLUICE_GEMM=nonsense", "[refused_gemm]"));
  CHECK(passes_with("SLUICE_PASSES=nonsense", "[refused_passes]"));
  // Settings of the tests, too.
  for (const char* nonsense : {"x", "0", "-1", "1e5", "''", "4294967296"}) {
    CAPTURE(nonsense);
    CHECK_FALSE(passes_with(std::string("SLUICE_FLOAT_STRIDE=") + nonsense, "square roots are exact*"));
  }
  CHECK(passes_with("SLUICE_FLOAT_STRIDE=99991", "square roots are exact*"));
  // One that is empty is as good as none.
  CHECK_FALSE(passes_with("SLUICE_THREADS=", "[refused_threads]"));
  CHECK_FALSE(passes_with("SLUICE_ISA=avx2", "[refused_isa]"));
}
