// Ops that move, copy and add elements, at hard values: what is not read takes no part.

#include <sluice/graph/arithmetic.h>
#include <sluice/ops/inspect.h>
#include <sluice/ops/ops.h>

#include "support/hard_values.h"

using namespace sluice;
using namespace sluice::test;

TEST_CASE("movement of hard values") {
  const Tensor ids = tensor({2, 0, 2, 1}, {4});
  check_hard_linear({"reshape", {3, 4}, [](const Tensor& x) { return reshape(x, {2, 6}); }});
  check_hard_linear({"reshape", {1, 4}, [](const Tensor& x) { return expand_dims(squeeze(x), -1); }});
  check_hard_linear({"transpose", {3, 4}, [](const Tensor& x) { return transpose(x); }});
  check_hard_linear({"flip", {3, 4}, [](const Tensor& x) { return flip(x, 0); }});
  check_hard_linear({"slice", {3, 4}, [](const Tensor& x) { return slice(x, 1, 1, 3); }});
  check_hard_linear({"slice", {3, 4}, [](const Tensor& x) { return slice(x, 1, 0, Range::to_end, 2); }});
  check_hard_linear({"slice", {3, 4}, [](const Tensor& x) { return select(x, 0, 1); }});
  check_hard_linear({"slice", {3, 4}, [](const Tensor& x) { return split(x, 2, 1)[1]; }});
  check_hard_linear({"pad", {3, 4}, [](const Tensor& x) { return pad(x, {{1, 0}, {0, 2}}, -3); }});
  check_hard_linear({"pad", {2, 3}, [](const Tensor& x) {
                       return detail::pad_spread(x, {{0, 1, 1}, {1, 0, 3}}, 0);
                     }});
  check_hard_linear({"concat", {3, 4}, [](const Tensor& x) { return concat({x, slice(x, 0, 1, 2)}, 0); }});
  check_hard_linear({"concat", {3, 4}, [](const Tensor& x) { return stack({x, flip(x, 1)}, 1); }});
  check_hard_linear({"concat", {3, 4}, [](const Tensor& x) { return roll(x, -1, 1); }});
  check_hard_linear({"broadcast_to", {3, 2}, [](const Tensor& x) { return repeat(x, 2, 0); }});
  check_hard_linear({"broadcast_to", {3, 2}, [](const Tensor& x) { return tile(x, {2, 3}); }});
  check_hard_linear({"slice", {3, 4}, [](const Tensor& x) { return diagonal(x); }});
  check_hard_linear({"pad", {2, 3}, [](const Tensor& x) { return diag_embed(x); }});
  check_hard_linear({"broadcast_to", {3, 1}, [](const Tensor& x) { return broadcast_to(x, {2, 3, 2}); }});
  check_hard_linear({"take", {3, 4}, [&](const Tensor& x) { return take(x, ids, 0); }});
  check_hard_linear({"take", {2, 3}, [&](const Tensor& x) { return take(x, ids, 1); }});
  check_hard_linear({"take_along_axis", {3, 2}, [](const Tensor& x) {
                       return take_along_axis(x, tensor({2, 0, 0, 0, 1, 2}, {3, 2}), 0);
                     }});
}

TEST_CASE("sums of chosen hard values") {
  const Tensor ids = tensor({2, 0, 2}, {3});
  const Tensor places = tensor({1, 0, 1, 1, 0, 1}, {2, 3});
  check_hard_linear({"sum", {2, 3}, [](const Tensor& x) { return sum(x, 1); }});
  check_hard_linear({"cumsum", {2, 3}, [](const Tensor& x) { return cumsum(x, 1, true); }});
  check_hard_linear({"index_sum", {3, 2}, [&](const Tensor& x) { return index_sum(ids, x, 0, 4); }});
  check_hard_linear({"index_sum", {3, 2}, [&](const Tensor& x) {
                       return index_add(ones({4, 2}, x.dtype()), ids, x, 0);
                     }});
  check_hard_linear(
      {"index_sum", {4, 2}, [&](const Tensor& x) { return index_add(x, ids, slice(x, 0, 0, 3), 0); }});
  check_hard_linear({"scatter_sum", {2, 3}, [&](const Tensor& x) { return scatter_sum(places, x, 1, 2); }});
  check_hard_linear({"scatter_sum", {2, 3}, [&](const Tensor& x) {
                       return scatter_add(ones({2, 2}, x.dtype()), places, x, 1);
                     }});
  check_hard_linear({"checked_updates", {2, 3}, [&](const Tensor& x) {
                       return detail::checked_updates(scatter_sum(places, x, 1, 2).node());
                     }});
  check_hard_linear({"scan", {3, 2}, [](const Tensor& x) {
                       return scan(
                                  [](const Tensors& carry, const Tensors& now) {
                                    return Carried{{carry[0] + now[0]}, {carry[0]}};
                                  },
                                  {zeros({2}, x.dtype())}, {x})
                           .ys[0];
                     }});
}
