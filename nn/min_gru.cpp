#include <sluice/graph/arithmetic.h>
#include <sluice/nn/gate.h>
#include <sluice/nn/min_gru.h>
#include <sluice/ops/compare.h>
#include <sluice/ops/sigmoid.h>
#include <sluice/ops/where.h>

namespace sluice::nn {

namespace detail {

Tensor positive_candidate(const Tensor& v) { return where(v >= 0, v + 0.5, sigmoid(v)); }

}  // namespace detail

MinGRUCell::MinGRUCell(Index inputs, Index hidden, const Tensor& key, const MinGRUOptions& options,
                       Location where)
    : Cell(inputs, {hidden}, where.of_call("min_gru_cell")),
      update(detail::gate("min_gru_cell", inputs, hidden, key, 0, options, where)),
      candidate(detail::gate("min_gru_cell", inputs, hidden, key, 1, options, where)),
      positive_(options.positive) {}

State MinGRUCell::step(const Tensor& x, const State& s) const {
  const Tensor z = sigmoid(update(x));
  const Tensor v = candidate(x);
  const Tensor n = positive_ ? detail::positive_candidate(v) : v;
  return {(1 - z) * s.output() + z * n};
}

void MinGRUCell::members(const Members& m) const {
  m("update", update);
  m("candidate", candidate);
}

}  // namespace sluice::nn
