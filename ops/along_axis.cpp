#include <sluice/graph/error.h>
#include <sluice/ops/along_axis.h>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace sluice::detail {

std::string IdNames::attribute_text() const { return fmt::format("{} of {}", what, who); }

void refuse_id(const View& ids, Index i, Index length, const IdNames& names) {
  Shape shape = ids.shape();
  for (Index hidden = 0; hidden < names.hidden_axes; ++hidden) shape = shape.erased(shape.rank() - 1);
  std::vector<Index> place(static_cast<std::size_t>(shape.rank()));
  Index rest = i;
  for (Index axis = shape.rank() - 1; axis >= 0; --axis) {
    place[static_cast<std::size_t>(axis)] = rest % shape[axis];
    rest /= shape[axis];
  }
  throw Error(fmt::format("[{}] {} must lie in 0..{}: got {} at {} of the {} {}; {}", names.who, names.what,
                          length - 1, ids.as<std::int32_t>()[i], place, names.what, shape.text(),
                          names.advice));
}

void check_ids(const View& ids, Index length, const IdNames& names) {
  const auto* values = ids.as<std::int32_t>();
  for (Index i = 0; i < ids.size(); ++i) {
    if (values[i] < 0 || values[i] >= length) refuse_id(ids, i, length, names);
  }
}

void require_ids(const Spec& ids, std::string_view who) {
  if (ids.dtype != DType::int32) {
    throw ShapeError(fmt::format("[{}] ids must be i32: got {}; cast them", who, ids.text()));
  }
}

}  // namespace sluice::detail
