#include <sluice/graph/error.h>
#include <sluice/ops/along_axis.h>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace sluice::detail {

void check_ids(const View& ids, Index length, std::string_view who) {
  const auto* values = ids.as<std::int32_t>();
  for (Index i = 0; i < ids.size(); ++i) {
    if (values[i] >= 0 && values[i] < length) continue;
    const Shape& shape = ids.shape();
    std::vector<Index> place(static_cast<std::size_t>(shape.rank()));
    Index rest = i;
    for (Index axis = shape.rank() - 1; axis >= 0; --axis) {
      place[static_cast<std::size_t>(axis)] = rest % shape[axis];
      rest /= shape[axis];
    }
    throw Error(fmt::format("[{}] ids must lie in 0..{}: got {} at {} of the ids {}", who, length - 1,
                            values[i], place, shape.text()));
  }
}

void require_ids(const Spec& ids, std::string_view who) {
  if (ids.dtype != DType::int32) {
    throw ShapeError(fmt::format("[{}] ids must be i32: got {}; cast them", who, ids.text()));
  }
}

}  // namespace sluice::detail
