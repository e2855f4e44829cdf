#include <sluice/graph/arithmetic.h>
#include <sluice/nn/gate.h>
#include <sluice/nn/min_gru.h>
#include <sluice/ops/compare.h>
#include <sluice/ops/custom_gradient.h>
#include <sluice/ops/sigmoid.h>
#include <sluice/ops/where.h>

namespace sluice::nn {

namespace detail {

Tensor positive_candidate(const Tensor& v) {
  // The slope is a function of the value, which is kept anyway: y (1 - y) where y is a sigmoid, below 0.5.
  return custom_gradient(
      [](const Tensor& x) { return where(x >= 0, x + 0.5, sigmoid(x)); },
      [](const Tensor&, const Tensor& y, const Tensor& dy) { return dy * where(y < 0.5, y * (1 - y), 1); },
      v);
}

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
  // (1 - z) h + z n, with one product and less to keep for the way back.
  const Tensor& h = s.output();
  return {h + z * (n - h)};
}

void MinGRUCell::members(const Members& m) const {
  m("update", update);
  m("candidate", candidate);
}

}  // namespace sluice::nn
