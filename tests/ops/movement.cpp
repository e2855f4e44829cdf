// Ops that move elements without computing: each against its definition, index by index.

#include <sluice/ops/broadcast_to.h>
#include <sluice/ops/reshape.h>
#include <sluice/ops/transpose.h>

#include "support/catch.h"
#include "support/check_op.h"

using namespace sluice;
using namespace sluice::test;

TEST_CASE("transpose exchanges the last two axes or puts all in a given order") {
  const auto reference = [](const std::vector<Values>& x) {
    const Values& v = x[0];
    const Index rank = v.shape.rank();
    const Index rows = v.shape[rank - 2];
    const Index columns = v.shape[rank - 1];
    std::vector<double> result;
    for (Index batch = 0; batch < (rows * columns == 0 ? 0 : v.shape.size() / (rows * columns)); ++batch) {
      for (Index j = 0; j < columns; ++j) {
        for (Index i = 0; i < rows; ++i) result.push_back(v[(batch * rows + i) * columns + j]);
      }
    }
    return result;
  };
  check_op("transpose", [](const Tensors& x) { return transpose(x[0]); },
           {{{2, 3}}, {{3, 2}}, {{1, 4}}, {{4, 1}}, {{0, 3}}, {{2, 3, 4}}, {{2, 1, 2, 3}}, {{2, 0, 3}}, {{40, 35}}},
           {.reference = reference});
  check_op("transpose", [](const Tensors& x) { return transpose(x[0], {2, 0, -2}); }, {{{2, 3, 4}}},
           {.reference = [](const std::vector<Values>& x) {
             std::vector<double> result;
             for (Index k = 0; k < 4; ++k) {
               for (Index i = 0; i < 2; ++i) {
                 for (Index j = 0; j < 3; ++j) result.push_back(x[0].at({i, j, k}));
               }
             }
             return result;
           }});

  check_error([](const Tensors& x) { return transpose(x[0]); }, {f32({3})}, "[transpose] needs at least two axes: got [3]");
  check_error([](const Tensors& x) { return transpose(x[0], {0}); }, {f32({3, 2})},
              "[transpose] the order must name each axis once: got [0] for [3, 2]");
  check_error([](const Tensors& x) { return transpose(x[0], {0, 0}); }, {f32({3, 2})}, "named once only: got axis 0 twice");
  check_error([](const Tensors& x) { return transpose(x[0], {0, 2}); }, {f32({3, 2})}, "axis must lie in -2..1");
}
