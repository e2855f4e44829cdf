#include <sluice/graph/call.h>
#include <sluice/ops/linspace.h>

#include <fmt/format.h>

#include <cmath>

namespace sluice {

Tensor linspace(double from, double to, Index count, DType dtype, Location where) {
  const detail::Call call("linspace", where);
  if (!is_floating(dtype))
    throw ShapeError(
        fmt::format("[linspace] the dtype must be f32 or f64: got {}; cast the result", name_of(dtype)));
  if (count < 0) {
    throw ShapeError(fmt::format(
        "[linspace] the count cannot be negative: got {}; give how many numbers there are", count));
  }
  for (const double end : {from, to}) {
    if (!std::isfinite(end)) {
      throw ShapeError(
          fmt::format("[linspace] the ends must be finite: got {} and {}; give numbers between "
                      "which there are others",
                      from, to));
    }
    require_number(end, dtype, "linspace", "an end of");
  }
  Array array(Spec{dtype, Shape{count}});
  with_floating(dtype, [&](auto type) {
    using T = decltype(type);
    auto values = array.values<T>();
    for (Index i = 0; i < count; ++i) {
      const double part = count == 1 ? 0 : static_cast<double>(i) / static_cast<double>(count - 1);
      values[static_cast<std::size_t>(i)] = static_cast<T>(std::lerp(from, to, part));
    }
  });
  return Tensor(std::move(array));
}

}  // namespace sluice
