#include <sluice/ops/extreme.inl>
#include <sluice/ops/min.h>

namespace sluice {

Tensor min(const Operand& x, const Axes& axes, bool keep) { return detail::extreme<false>(x, axes, keep); }

}  // namespace sluice
