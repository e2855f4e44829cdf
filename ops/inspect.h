#pragma once

#include <sluice/ops/axes.h>
#include <sluice/ops/pad.h>
#include <sluice/ops/slice.h>

#include <optional>
#include <vector>

/// What a pass that is about one kind of op may ask of it: whether an op is of that kind, and with which
/// attributes. Each is answered on the op's own page.
namespace sluice::detail {

bool is_add(const Op& op);
bool is_subtract(const Op& op);
bool is_multiply(const Op& op);
bool is_divide(const Op& op);
bool is_negate(const Op& op);
bool is_reshape(const Op& op);
bool is_broadcast_to(const Op& op);

std::optional<Index> concat_axis(const Op& op);
/// One normal range (0 <= begin <= end <= length) per axis; null for any other op than a slice.
const std::vector<Range>* slice_ranges(const Op& op);
/// One per axis, of a pad with zeros; null for any other op.
const std::vector<Spread>* zero_paddings(const Op& op);
/// The input's axis at each place of the output; null for any other op than a transpose.
const std::vector<Index>* transpose_order(const Op& op);

struct SumAxes {
  AxisSet axes = 0;
  bool keep = false;
};
std::optional<SumAxes> sum_axes(const Op& op);

std::optional<Index> take_axis(const Op& op);
/// Of scatter_sum.
std::optional<Index> scatter_axis(const Op& op);
/// The updates of a scatter_sum as they are, which throws where it does: for an id out of range.
Tensor checked_updates(const Node& scatter_sum);

/// Whether gradients end at the op because that is what it is for: stop_gradient.
bool stops_gradients(const Op& op);
struct IndexSumForm {
  Index axis = 0;
  Index length = 0;
};
std::optional<IndexSumForm> index_sum_form(const Op& op);

}  // namespace sluice::detail
