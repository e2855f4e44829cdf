#include <sluice/ops/concat.h>
#include <sluice/ops/reshape.h>
#include <sluice/ops/scan_op.h>
#include <sluice/ops/slice.h>

namespace sluice::detail {

namespace {

Tensors steps(const Tensors& xs, Index begin, Index count, Location where) {
  Tensors part;
  for (const Tensor& x : xs) part.push_back(slice(Operand(x, where), 0, begin, begin + count));
  return part;
}

}  // namespace

Carried scan_segments(const ClosedBody& body, const Tensors& carry, const Tensors& xs, Index length,
                      bool reverse, Index segment, Location where) {
  const Index segments = length / segment;
  const Index whole = segments * segment;
  const Index rest = length - whole;  // steps left over, the last to run
  const auto steps_of = [&](Index count, Index first) {
    return std::make_shared<ScanOp>(body.graph, body.counts, count, reverse, false,
                                    StepCount{.first = first});
  };

  Tensors by_segment = steps(xs, reverse ? rest : 0, whole, where);
  for (Tensor& x : by_segment) {
    const Shape shape = x.shape().erased(0).inserted(0, segment).inserted(0, segments);
    x = reshape(Operand(x, where), shape);
  }
  const auto inner = steps_of(segment, reverse ? rest : 0);
  const ClosedBody outer = close_body(
      [&](const Tensors& now, const Tensors& x) { return scan_node(inner, now, x, body.captures, where); },
      carry, by_segment, where);
  const auto op = std::make_shared<ScanOp>(outer.graph, outer.counts, segments, reverse, true,
                                           StepCount{.hidden = true, .each = segment});
  Carried result = scan_node(op, carry, by_segment, outer.captures, where);
  for (Tensor& y : result.ys) {
    const Shape shape = y.shape().erased(0).erased(0).inserted(0, whole);
    y = reshape(Operand(y, where), shape);
  }
  if (rest == 0) return result;

  const Index first = reverse ? 0 : whole;
  const Carried last =
      scan_node(steps_of(rest, first), result.carry, steps(xs, first, rest, where), body.captures, where);
  for (std::size_t i = 0; i < last.ys.size(); ++i) {
    result.ys[i] =
        reverse ? concat({last.ys[i], result.ys[i]}, 0, where) : concat({result.ys[i], last.ys[i]}, 0, where);
  }
  result.carry = last.carry;
  return result;
}

}  // namespace sluice::detail
