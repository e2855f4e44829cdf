#include <fmt/format.h>

#include <array>
#include <limits>
#include <span>

#include <sluice/data/position.h>
#include <sluice/graph/error.h>

namespace sluice::data::detail {
namespace {

constexpr std::int64_t most_epochs = std::numeric_limits<std::int32_t>::max() - 1;

Position checked_position(Position position, std::string_view who, std::int64_t batches) {
  if (position.epoch >= 0 && position.epoch <= most_epochs && position.batch >= 0 && position.batch < batches)
    return position;
  throw Error(fmt::format(
      "[{}] a position must be in an epoch of {} batches: got batch {} of epoch {}; go on with the same data "
      "and options",
      who, batches, position.batch, position.epoch));
}

Array array_of(Position position) {
  const std::array<std::int32_t, 2> values{static_cast<std::int32_t>(position.epoch),
                                           static_cast<std::int32_t>(position.batch)};
  return Array::of(std::span<const std::int32_t>(values), {2}, Location{});
}

}  // namespace

PositionVariable::PositionVariable() : variable_(Tensor(array_of({}))) {}

Position PositionVariable::get(std::string_view who, std::int64_t batches) const {
  // Checked each time, for a checkpoint of other data may have been loaded into the Variable.
  const Tensor value = variable_.value(Location{});
  const auto values = value.value().values<std::int32_t>();
  return checked_position({values[0], values[1]}, who, batches);
}

void PositionVariable::set(Position position, std::string_view who, std::int64_t batches) const {
  variable_.set(array_of(checked_position(position, who, batches)), Location{});
}

void PositionVariable::advance(Position from, std::int64_t batches) const {
  const bool last = from.batch + 1 == batches;
  variable_.set(array_of(last ? Position{from.epoch + 1, 0} : Position{from.epoch, from.batch + 1}),
                Location{});
}

}  // namespace sluice::data::detail
