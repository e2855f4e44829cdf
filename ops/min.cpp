#include <sluice/ops/min.h>
#include <sluice/ops/extreme.inl>

namespace sluice {

Tensor min(const Operand& x, const Axes& axes, bool keep) { return detail::extreme<false>(x, axes, keep); }

}  // namespace sluice
