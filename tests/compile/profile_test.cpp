#include "support/catch.h"

#include <sluice/compile/program.h>
#include <sluice/graph/arithmetic.h>
#include <sluice/ops/matmul.h>
#include <sluice/ops/scan.h>
#include <sluice/ops/tanh.h>

using namespace sluice;

namespace {

constexpr Index outer_steps = 6;
constexpr Index inner_steps = 50;

/// A loop in a loop, with a product and elementwise ops inside.
Tensors nested(const Tensors& x) {
  const auto step = [&](const Tensors& c, const Tensors&) {
    return Carried{{tanh(matmul(c[0], x[1]) + x[0])}, {}};
  };
  const auto segment = [&](const Tensors& c, const Tensors&) {
    return Carried{{tanh(scan(step, c, {}, {.length = inner_steps}).carry[0])}, {}};
  };
  return {scan(segment, {x[0]}, {}, {.length = outer_steps}).carry[0]};
}

}  // namespace

TEST_CASE("a profile counts the calls of all loops that a kernel is in") {
  const Spec spec{DType::float32, {8, 8}};
  Program program(trace(nested, {spec, spec}), PassSet::all());
  const Profile profile = program.profile();
  double products = 0;
  int inner = 0;
  for (std::size_t i = 0; i < profile.lines.size(); ++i) {
    const Profile::Line& line = profile.lines[i];
    const Index steps[] = {1, outer_steps, outer_steps * inner_steps};
    INFO(line.kernel);
    REQUIRE(line.depth <= 2);
    CHECK(line.calls == static_cast<double>(steps[line.depth]));
    inner += line.depth == 2 ? 1 : 0;
    if (line.depth == 2 && line.kernel.find("elementwise") == std::string::npos) products += line.flops;
    // A loop has the operations of what is in it.
    if (line.kernel.rfind("loop", 0) != 0) continue;
    double inside = 0;
    for (std::size_t k = i + 1; k < profile.lines.size() && profile.lines[k].depth > line.depth; ++k) {
      if (profile.lines[k].depth == line.depth + 1) inside += profile.lines[k].flops;
    }
    CHECK(inside == Approx(line.flops));
  }
  CHECK(inner > 0);
  CHECK(products >= 2. * 8 * 8 * 8 * outer_steps * inner_steps);
}

TEST_CASE("a run that is profiled updates Variables like any other") {
  const Variable v(full({3}, 1));
  const auto count = [&](const Tensors& x) {
    v.assign(v + x[0]);
    return Tensors{v * 2};
  };
  const Spec spec{DType::float32, {3}};
  Program program(trace(count, {spec}), PassSet::all());
  const Tensor two = full({3}, 2);
  program.run({two});
  program.profile();
  CHECK(v.value().to_vector() == std::vector<float>(3, 5));
  CHECK(program.run({two})[0].to_vector() == std::vector<float>(3, 14));
  CHECK(v.value().to_vector() == std::vector<float>(3, 7));
}
