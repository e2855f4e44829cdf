#include <sluice/graph/call.h>
#include <sluice/ops/diag.h>
#include <sluice/ops/pad.h>
#include <sluice/ops/reshape.h>
#include <sluice/ops/slice.h>

#include <fmt/format.h>

#include <algorithm>

namespace sluice {

Tensor diagonal(const Operand& x) {
  const detail::Call call("diagonal", x.where());
  const Tensor tensor = x.tensor();
  if (tensor.rank() < 2) {
    throw ShapeError(fmt::format(
        "[diagonal] needs at least two axes: got {}; diag_embed makes matrices of their diagonals",
        tensor.shape().text()));
  }
  const Index rows = tensor.dim(-2);
  const Index columns = tensor.dim(-1);
  // In memory, neighbours on the diagonal are a row and an element apart.
  const Shape flat = tensor.shape().erased(tensor.rank() - 1).with(tensor.rank() - 2, rows * columns);
  const Index end = std::min(rows, columns) * (columns + 1);
  return slice(reshape(tensor, flat), -1, 0, end, columns + 1);
}

Tensor diag_embed(const Operand& x) {
  const detail::Call call("diag_embed", x.where());
  const Tensor tensor = x.tensor();
  if (tensor.rank() == 0)
    throw ShapeError("[diag_embed] needs at least one axis: got a scalar; reshape it to {1}");
  const Index n = tensor.dim(-1);
  std::vector<detail::Spread> spreads(static_cast<std::size_t>(tensor.rank()));
  spreads.back().step = n + 1;  // a row and an element: see diagonal
  return reshape(detail::pad_spread(tensor, spreads, 0), tensor.shape().inserted(tensor.rank(), n));
}

Tensor diag(const Operand& x) {
  const detail::Call call("diag", x.where());
  const Tensor tensor = x.tensor();
  if (tensor.rank() == 0) throw ShapeError("[diag] needs at least one axis: got a scalar; reshape it to {1}");
  return tensor.rank() == 1 ? diag_embed(tensor) : diagonal(tensor);
}

}  // namespace sluice
