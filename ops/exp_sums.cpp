#include <sluice/graph/error.h>
#include <sluice/ops/exp_sums.h>

#include <fmt/format.h>

namespace sluice::detail {

void require_floating(const Spec& x, std::string_view who) {
  if (!is_floating(x.dtype)) {
    throw ShapeError(fmt::format("[{}] needs a floating tensor: got {}; cast it", who, x.text()));
  }
}

}  // namespace sluice::detail
