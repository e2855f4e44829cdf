// scan has derivatives like any op: in its carry, its sequence and what its body captures.

#include <sluice/graph/arithmetic.h>
#include <sluice/ops/matmul.h>
#include <sluice/ops/scan.h>
#include <sluice/ops/tanh.h>

#include <cmath>

#include "support/catch.h"
#include "support/check_op.h"

using namespace sluice;
using namespace sluice::test;

namespace {

/// h' = tanh(x w + h), y = h h': carry, sequence and weight.
Tensors recurrence(const Tensors& x, bool reverse) {
  const auto body = [&](const Tensors& carry, const Tensors& step) {
    const Tensor next = tanh(matmul(step[0], x[2]) + carry[0]);
    return Carried{{next}, {carry[0] * next}};
  };
  const Carried result = scan(body, {x[0]}, {x[1]}, {.reverse = reverse});
  return {result.carry[0], result.ys[0]};
}

/// The same with plain loops: n sequences of `in` values, width `out`.
std::vector<double> by_loops(const std::vector<Values>& v, bool reverse) {
  std::vector<double> h = v[0].data;
  const Index steps = v[1].shape[0];
  const Index in = v[1].shape[1];
  const Index out = v[2].shape[1];
  std::vector<double> ys(static_cast<std::size_t>(steps * out));
  for (Index i = 0; i < steps; ++i) {
    const Index t = reverse ? steps - 1 - i : i;
    for (Index j = 0; j < out; ++j) {
      const double before = h[static_cast<std::size_t>(j)];
      double sum = before;
      for (Index k = 0; k < in; ++k) sum += v[1].at({t, k}) * v[2].at({k, j});
      h[static_cast<std::size_t>(j)] = std::tanh(sum);
      ys[static_cast<std::size_t>(t * out + j)] = before * std::tanh(sum);
    }
  }
  h.insert(h.end(), ys.begin(), ys.end());
  return h;
}

}  // namespace

TEST_CASE("scan and its derivatives are those of the loop, forwards and backwards") {
  const Samples samples = {{{2}, {3, 2}, {2, 2}}, {{1}, {1, 1}, {1, 1}}, {{3}, {4, 1}, {1, 3}},
                           {{2}, {0, 3}, {3, 2}}, {{0}, {2, 3}, {3, 0}}, {{1}, {5, 0}, {0, 1}},
                           {{2}, {2, 3}, {3, 2}}, {{4}, {2, 2}, {2, 4}}};
  for (const bool reverse : {false, true}) {
    check_op("scan", [reverse](const Tensors& x) { return recurrence(x, reverse); }, samples,
             {.reference = [reverse](const std::vector<Values>& v) { return by_loops(v, reverse); }});
  }
}
