// Functions made at random, of reads, assignments, gradients, updates, scans and calls: eager, traced and
// interpreted, and compiled they must be one function, on one thread and on two. A failure names the seed and
// prints what is left of the function when all is dropped that it does not take; SLUICE_FUNCTION_SEED begins
// with another seed, SLUICE_FUNCTIONS makes another number of functions.

#include "compile/random_functions.h"
#include "compile/random_sets.h"
#include "support/catch.h"
#include "support/environment.h"

using namespace sluice;
using namespace sluice::test;

namespace {

void check_functions(unsigned count, DType dtype) {
  const unsigned first = from_environment("SLUICE_FUNCTION_SEED", 0);
  const unsigned last = first + from_environment("SLUICE_FUNCTIONS", count / share, 1);
  for (unsigned seed = first; seed < last; ++seed) {
    INFO("SLUICE_FUNCTION_SEED=" << seed << " SLUICE_FUNCTIONS=1");
    const RandomFunction function = random_function(seed, dtype);
    if (difference(function).empty()) continue;
    const RandomFunction least = shrunk(function);
    FAIL(difference(least) << "\n" << listing(least));
  }
}

}  // namespace

TEST_CASE("random functions: compiled as interpreted as eager") { check_functions(5000, DType::float64); }

TEST_CASE("random functions in float32") { check_functions(500, DType::float32); }
