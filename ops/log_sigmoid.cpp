#include <sluice/graph/arithmetic.h>
#include <sluice/graph/call.h>
#include <sluice/ops/log_sigmoid.h>
#include <sluice/ops/softplus.h>

#include <fmt/format.h>

namespace sluice {

Tensor log_sigmoid(const Operand& x) {
  const detail::Call call("log_sigmoid", x.where());
  const Tensor tensor = x.tensor();
  if (!is_floating(tensor.dtype())) {
    throw ShapeError(
        fmt::format("[log_sigmoid] needs a floating tensor: got {}; cast it", tensor.spec().text()));
  }
  return -softplus(-tensor);
}

}  // namespace sluice
