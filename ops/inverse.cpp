#include <sluice/graph/call.h>
#include <sluice/ops/inverse.h>
#include <sluice/ops/solve.h>
#include <sluice/ops/matrices.inl>

namespace sluice {

Tensor inverse(const Operand& a) {
  const detail::Call call("inverse", a.where());
  const Tensor matrix = a.tensor();
  detail::require_square(matrix.spec(), "inverse");
  return solve(matrix, detail::identity(matrix));
}

}  // namespace sluice
