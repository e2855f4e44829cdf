#include <sluice/ops/max.h>
#include <sluice/ops/extreme.inl>

namespace sluice {

Tensor max(const Operand& x, const Axes& axes, bool keep) { return detail::extreme<true>(x, axes, keep); }

}  // namespace sluice
