#include <sluice/ops/extreme.inl>
#include <sluice/ops/max.h>

namespace sluice {

Tensor max(const Operand& x, const Axes& axes, bool keep) { return detail::extreme<true>(x, axes, keep); }

}  // namespace sluice
