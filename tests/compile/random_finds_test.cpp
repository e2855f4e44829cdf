// What random cells have found, in the few lines it takes to see it.

#include <sluice/compile/compile.h>
#include <sluice/graph/arithmetic.h>
#include <sluice/graph/evaluate.h>
#include <sluice/ops/concat.h>
#include <sluice/ops/reshape.h>
#include <sluice/ops/scan.h>
#include <sluice/ops/slice.h>
#include <sluice/ops/tanh.h>

#include "support/catch.h"
#include "support/passes.h"

using namespace sluice;
using namespace sluice::test;

namespace {

/// Compiled with all passes and with none as interpreted.
void require_compiled_alike(const Traced& program) {
  const Tensors expected = evaluate(program.graph, program.arguments);
  for (const PassSet& passes : {PassSet::all(), PassSet::none()}) {
    const Tensors found = Program(program.graph, passes).run(program.arguments);
    REQUIRE(found.size() == expected.size());
    for (std::size_t i = 0; i < found.size(); ++i) {
      for (Index k = 0; k < found[i].size(); ++k)
        REQUIRE(found[i].value().element(k) == Approx(expected[i].value().element(k)).epsilon(1e-12));
    }
  }
}

}  // namespace

TEST_CASE("a carry that becomes a part of another carry gets the old one") {
  require_compiled_alike(traced(
      [](const Tensors& in) {
        const auto body = [](const Tensors& c, const Tensors&) {
          return Carried{{tanh(c[0] * 3), slice(c[0], 1, 1, 3), reshape(c[1], {4})}, {}};
        };
        return scan(body, in, {}, {.length = 3}).carry;
      },
      {{2, 3}, {2, 2}, {4}}));
}

TEST_CASE("a Variable that becomes a part of another one gets the old one") {
  const Variable v(tensor({1.f, 2.f, 3.f, 4.f}, {2, 2}));
  const Variable w(zeros({1, 2}));
  auto step = compile([&](const Tensor& x) {
    const Tensor before = v;
    v.assign(before + x);
    w.assign(slice(before, 0, 1));
  });
  step(full({}, 10));
  CHECK(w.value().to_vector() == std::vector<float>{3, 4});
  step(full({}, 10));
  CHECK(w.value().to_vector() == std::vector<float>{13, 14});
}

TEST_CASE("parts of tensors of other widths, cut alike, are not taken for parts of one") {
  require_compiled_alike(traced(
      [](const Tensors& in) {
        const auto cut = [&](Index begin, Index end) {
          return concat({slice(in[0], -1, begin, end), slice(in[1], -1, begin, end)}, 0);
        };
        return Tensors{cut(0, 2), cut(2, 4)};  // all of the first, but not of the second
      },
      {{3, 4}, {2, 6}}));
}
