#include <sluice/graph/call.h>
#include <sluice/ops/eye.h>

#include <algorithm>

namespace sluice {

Tensor eye(Index n, DType dtype, Location where) {
  const detail::Call call("eye", where);
  return eye(n, n, dtype);
}

Tensor eye(Index rows, Index columns, DType dtype, Location where) {
  const detail::Call call("eye", where);
  Array array(Spec{dtype, Shape{rows, columns}});
  with_type(dtype, [&](auto type) {
    using T = decltype(type);
    auto values = array.values<T>();
    std::fill(values.begin(), values.end(), T{0});
    for (Index i = 0; i < std::min(rows, columns); ++i)
      values[static_cast<std::size_t>(i * columns + i)] = T{1};
  });
  return Tensor(std::move(array));
}

}  // namespace sluice
