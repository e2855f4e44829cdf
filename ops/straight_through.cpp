#include <sluice/ops/custom_gradient.h>
#include <sluice/ops/straight_through.h>

#include <fmt/format.h>

namespace sluice {

Tensor straight_through(const Operand& y, const Operand& x) {
  const detail::Call call("straight_through", y.where());
  const Tensor from = y.is_number() ? x.tensor() : y.tensor();
  const Tensor value = y.tensor(from.dtype());
  const Tensor through = x.tensor(from.dtype());
  if (value.spec() != through.spec() || !is_floating(value.dtype())) {
    throw ShapeError(fmt::format(
        "[straight_through] both tensors must have one shape and one floating-point dtype: got {} and {}; "
        "broadcast or cast one of them",
        value.spec().text(), through.spec().text()));
  }
  return custom_gradient([](const Tensors& xs) { return xs[0]; },
                         [](const Tensors&, const Tensor&, const Tensor& dy) {
                           return Tensors{Tensor(), dy};
                         },
                         {value, through});
}

}  // namespace sluice
