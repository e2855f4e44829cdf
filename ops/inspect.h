#pragma once

#include <sluice/ops/axes.h>
#include <sluice/ops/pad.h>
#include <sluice/ops/slice.h>

#include <memory>
#include <optional>
#include <vector>

/// For passes about one kind of op: whether an op is of that kind, and with which attributes. Each function
/// is defined in the op's own source file.
namespace sluice::detail {

bool is_add(const Op& op);
bool is_subtract(const Op& op);
bool is_multiply(const Op& op);
bool is_divide(const Op& op);
bool is_negate(const Op& op);
bool is_reshape(const Op& op);
bool is_broadcast_to(const Op& op);

std::optional<Index> concat_axis(const Op& op);
/// One normalised range (0 <= begin <= end <= length) per axis; null for any op but a slice.
const std::vector<Range>* slice_ranges(const Op& op);
/// One per axis, of a pad with zeros; null for any other op.
const std::vector<Spread>* zero_paddings(const Op& op);
/// The input's axis for each axis of the output; null for any op but a transpose.
const std::vector<Index>* transpose_order(const Op& op);

struct SumAxes {
  AxisSet axes = 0;
  bool keep = false;
};
std::optional<SumAxes> sum_axes(const Op& op);

std::optional<Index> take_axis(const Op& op);
/// The axis of a scatter_sum.
std::optional<Index> scatter_axis(const Op& op);
/// The updates of a scatter_sum unchanged; throws whenever the scatter_sum does, for an id out of range.
Tensor checked_updates(const Node& scatter_sum);

/// Whether an op of the body of a loop is observed (see Op::is_observed).
bool is_observed(const Graph& body);
/// The identity in place of a tap; null for any other op.
std::shared_ptr<const Op> silent_tap(const Op& op);

struct IndexSumForm {
  Index axis = 0;
  Index length = 0;
};
std::optional<IndexSumForm> index_sum_form(const Op& op);

}  // namespace sluice::detail
