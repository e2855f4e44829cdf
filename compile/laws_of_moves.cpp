#include <sluice/compile/laws.h>
#include <sluice/graph/arithmetic.h>
#include <sluice/ops/broadcast_to.h>
#include <sluice/ops/concat.h>
#include <sluice/ops/inspect.h>
#include <sluice/ops/matmul_op.h>
#include <sluice/ops/reshape.h>
#include <sluice/ops/transpose.h>

#include <algorithm>
#include <numeric>

namespace sluice::detail {

namespace {

std::size_t place(Index i) { return static_cast<std::size_t>(i); }

Index count(const Range& range) { return (range.end - range.begin + range.step - 1) / range.step; }

/// The full range of every axis.
std::vector<Range> whole(const Shape& shape) {
  std::vector<Range> ranges(place(shape.rank()));
  for (Index axis = 0; axis < shape.rank(); ++axis) ranges[place(axis)] = {0, shape[axis], 1};
  return ranges;
}

Tensor transposes(const Node& node, const Tensors& in) {
  const auto* second = transpose_order(*node.op);
  const auto* first = transpose_order(in.empty() ? *node.op : in[0].op());
  if (second == nullptr || first == nullptr) return {};
  std::vector<Index> order;
  for (const Index axis : *second) order.push_back((*first)[place(axis)]);
  return transpose(Operand(in[0].input(0), node.where), order);  // the input itself if they cancel
}

/// Whether the op swaps the last two axes and nothing else.
bool exchanges_last(const Op& op) {
  const auto* order = transpose_order(op);
  if (order == nullptr) return false;
  std::vector<Index> expected(order->size());
  std::iota(expected.begin(), expected.end(), Index{0});
  std::swap(expected[expected.size() - 1], expected[expected.size() - 2]);
  return *order == expected;
}

Tensor transposed_operand(const Node& node, const Tensors& in) {
  const auto* matmul = detail::as_matmul(*node.op);
  if (matmul == nullptr) return {};
  MatMulOptions options = matmul->options();
  Tensors operands = in;
  bool* const flags[] = {&options.transpose_a, &options.transpose_b};
  for (std::size_t i = 0; i < 2; ++i) {
    if (!exchanges_last(in[i].op())) continue;
    operands[i] = in[i].input(0);
    *flags[i] = !*flags[i];
    return make(std::make_shared<MatMul>(options), std::move(operands), node.where);
  }
  return {};
}

Tensor reshapes(const Node& node, const Tensors& in) {
  if (!is_reshape(*node.op)) return {};
  if (in[0].spec() == node.outputs[0]) return in[0];
  if (!is_reshape(in[0].op())) return {};
  return reshape(Operand(in[0].input(0), node.where), node.outputs[0].shape);
}

/// A single element can be broadcast to any shape directly.
Tensor reshaped_broadcast(const Node& node, const Tensors& in) {
  if (!is_reshape(*node.op) || !is_broadcast_to(in[0].op()) || in[0].input(0).size() != 1) return {};
  const Operand element(reshape(Operand(in[0].input(0), node.where), Shape{}), node.where);
  return broadcast_to(element, node.outputs[0].shape);
}

/// The shape of a tensor of another width whose leading axes are joined or split as in `reshaped`.
Shape with_width(const Shape& reshaped, Index width) { return reshaped.with(reshaped.rank() - 1, width); }

/// Moves column slices and concats behind reshapes of leading axes: nearer to their users.
Tensor reshaped_columns(const Node& node, const Tensors& in) {
  if (!is_reshape(*node.op)) return {};
  const Shape& shape = node.outputs[0].shape;
  const Tensor& x = in[0];
  if (x.rank() < 1 || shape.rank() < 1 || shape.back() != x.shape().back()) return {};
  if (shape.back() == 0) return {};  // the leading axes may differ then
  const Index last = x.rank() - 1;
  if (concat_axis(x.op()) == std::optional(last)) {
    Tensors parts;
    for (const Tensor& part : x.node().inputs) {
      parts.push_back(reshape(Operand(part, node.where), with_width(shape, part.shape().back())));
    }
    return concat(parts, shape.rank() - 1, node.where);
  }
  const auto* ranges = slice_ranges(x.op());
  if (ranges == nullptr || !(x.input(0).shape().with(last, x.shape().back()) == x.shape())) return {};
  const Tensor whole = reshape(Operand(x.input(0), node.where), with_width(shape, x.input(0).shape().back()));
  return slice(Operand(whole, node.where), -1, ranges->back().begin, ranges->back().end, ranges->back().step);
}

Tensor broadcasts(const Node& node, const Tensors& in) {
  if (!is_broadcast_to(*node.op) || !is_broadcast_to(in[0].op())) return {};
  return broadcast_to(Operand(in[0].input(0), node.where), node.outputs[0].shape);
}

Tensor slice_of_slice(const Node& node, const Tensors& in) {
  const auto* outer = slice_ranges(*node.op);
  const auto* inner = outer == nullptr ? nullptr : slice_ranges(in[0].op());
  if (inner == nullptr) return {};
  std::vector<Range> ranges;
  for (std::size_t i = 0; i < outer->size(); ++i) {
    const Range& a = (*inner)[i];
    const Range& b = (*outer)[i];
    const Index taken = count(b);
    const Index begin = a.begin + b.begin * a.step;
    const Index step = a.step * b.step;
    ranges.push_back({begin, taken == 0 ? begin : begin + (taken - 1) * step + 1, step});
  }
  return slice(Operand(in[0].input(0), node.where), ranges);
}

/// A slice that lies in one part of a concat, or begins and ends at part boundaries.
Tensor slice_of_concat(const Node& node, const Tensors& in) {
  const auto* ranges = slice_ranges(*node.op);
  const auto axis = ranges == nullptr ? std::nullopt : concat_axis(in[0].op());
  if (!axis) return {};
  const Range wanted = (*ranges)[place(*axis)];
  if (wanted.begin == wanted.end) return {};
  Tensors parts;
  Index begin = 0;
  Index from = 0;  // begin of the parts taken
  for (const Tensor& part : in[0].node().inputs) {
    const Index end = begin + part.shape()[*axis];
    if (begin < wanted.end && end > wanted.begin) {
      if (parts.empty()) from = begin;
      parts.push_back(part);
    }
    begin = end;
  }
  const Tensor joined = concat(parts, *axis, node.where);
  if (parts.size() > 1 && (parts.size() == in[0].input_count() || wanted.begin != from ||
                           wanted.end != from + joined.shape()[*axis])) {
    return {};
  }
  std::vector<Range> moved = *ranges;
  moved[place(*axis)].begin -= from;
  moved[place(*axis)].end -= from;
  return slice(Operand(joined, node.where), moved);
}

/// A slice inside the unpadded part of a pad.
Tensor slice_of_pad(const Node& node, const Tensors& in) {
  const auto* ranges = slice_ranges(*node.op);
  const auto* spreads = ranges == nullptr ? nullptr : zero_paddings(in[0].op());
  if (spreads == nullptr) return {};
  const Shape& inside = in[0].input(0).shape();
  std::vector<Range> moved = *ranges;
  for (std::size_t i = 0; i < moved.size(); ++i) {
    const Spread& spread = (*spreads)[i];
    const Index end = spread.before + inside[static_cast<Index>(i)];
    if (spread.step != 1 || moved[i].begin < spread.before || moved[i].end > end) return {};
    moved[i].begin -= spread.before;
    moved[i].end -= spread.before;
  }
  return slice(Operand(in[0].input(0), node.where), moved);
}

/// concat(a, concat(b, c)) is concat(a, b, c), and adjacent slices are one.
Tensor joined_parts(const Node& node, const Tensors& in) {
  const auto axis = concat_axis(*node.op);
  if (!axis) return {};
  Tensors flat;
  for (const Tensor& part : in) {
    if (concat_axis(part.op()) == axis) {
      flat.insert(flat.end(), part.node().inputs.begin(), part.node().inputs.end());
    } else if (part.size() > 0 || node.outputs[0].shape.size() == 0) {
      flat.push_back(part);
    }
  }
  struct Piece {
    Tensor base;
    std::vector<Range> ranges;
  };
  std::vector<Piece> pieces;
  for (const Tensor& part : flat) {
    const auto* ranges = slice_ranges(part.op());
    Piece piece = ranges == nullptr ? Piece{part, whole(part.shape())} : Piece{part.input(0), *ranges};
    Range& along = piece.ranges[place(*axis)];
    const Range own = along;
    if (!pieces.empty() && along.step == 1 && pieces.back().base.is(piece.base)) {
      Piece last = pieces.back();
      Range& before = last.ranges[place(*axis)];
      const bool adjacent = before.step == 1 && before.end == along.begin;
      along = before;
      const bool same_elsewhere = std::equal(
          piece.ranges.begin(), piece.ranges.end(), last.ranges.begin(), [](const Range& a, const Range& b) {
            return a.begin == b.begin && count(a) == count(b) && a.step == b.step;
          });
      if (adjacent && same_elsewhere) {
        pieces.back().ranges[place(*axis)].end = own.end;
        continue;
      }
      along = own;
    }
    pieces.push_back(std::move(piece));
  }
  if (pieces.size() == in.size()) return {};
  Tensors parts;
  for (const Piece& piece : pieces) parts.push_back(slice(Operand(piece.base, node.where), piece.ranges));
  return concat(parts, *axis, node.where);
}

/// The terms of a sum, through nested sums of the same shape. Empty if there are very many.
Tensors addends(const Tensors& in, const Shape& shape) {
  constexpr std::size_t most = 64;
  Tensors found;
  Tensors stack(in.rbegin(), in.rend());
  while (!stack.empty()) {
    const Tensor t = stack.back();
    stack.pop_back();
    if (found.size() + stack.size() > most) return {};
    if (is_add(t.op()) && t.input(0).shape() == shape && t.input(1).shape() == shape) {
      stack.push_back(t.input(1));
      stack.push_back(t.input(0));
    } else {
      found.push_back(t);
    }
  }
  return found;
}

/// The only axis that is padded; -1 if there are several.
Index padded_axis(const std::vector<Spread>& spreads) {
  Index padded = -1;
  for (std::size_t i = 0; i < spreads.size(); ++i) {
    if (spreads[i].step != 1) return -1;
    if (spreads[i].before + spreads[i].after == 0) continue;
    if (padded >= 0) return -1;
    padded = static_cast<Index>(i);
  }
  return padded;
}

/// Pads that together fill a tensor without overlapping are a concat: the gradient of a tensor that was
/// sliced into parts is the concat of the gradients of the parts.
Tensor sum_of_pads(const Node& node, const Tensors& in) {
  const Shape& shape = node.outputs[0].shape;
  const auto is_part = [](const Tensor& t) {
    return zero_paddings(t.op()) != nullptr && padded_axis(*zero_paddings(t.op())) >= 0;
  };
  if (!is_add(*node.op) || in[0].shape() != shape || in[1].shape() != shape) return {};
  if (!is_part(in[0]) && !is_part(in[1])) return {};  // an operand of the outermost add is a pad
  Tensors all = addends(in, shape);
  const auto middle = std::stable_partition(all.begin(), all.end(), is_part);
  if (middle - all.begin() < 2) return {};
  const Index axis = padded_axis(*zero_paddings(all.front().op()));
  const auto before = [&](const Tensor& t) { return (*zero_paddings(t.op()))[place(axis)].before; };
  std::sort(all.begin(), middle, [&](const Tensor& a, const Tensor& b) { return before(a) < before(b); });
  Index filled = 0;
  Tensors parts;
  for (auto part = all.begin(); part != middle; ++part) {
    if (padded_axis(*zero_paddings(part->op())) != axis || before(*part) != filled) return {};
    parts.push_back(part->input(0));
    filled += parts.back().shape()[axis];
  }
  if (filled != shape[axis]) return {};
  Tensor sum = concat(parts, axis, node.where);
  for (auto other = middle; other != all.end(); ++other) sum = Operand(sum, node.where) + *other;
  return sum;
}

bool is_transpose(const Op& op) { return transpose_order(op) != nullptr; }
bool is_matmul(const Op& op) { return detail::as_matmul(op) != nullptr; }
bool is_slice(const Op& op) { return slice_ranges(op) != nullptr; }
bool is_concat(const Op& op) { return concat_axis(op).has_value(); }

}  // namespace

std::span<const NamedLaw> laws_of_moves() {
  static constexpr NamedLaw laws[] = {
      {"transpose(transpose(x)) is one transpose or none", transposes, is_transpose},
      {"matmul(transpose(a), b) = matmul(a, b; transpose_a)", transposed_operand, is_matmul},
      {"reshape(reshape(x)) = reshape(x)", reshapes, is_reshape},
      {"reshape(concat(x, y)) = concat(reshape(x), reshape(y)), and so for slices", reshaped_columns,
       is_reshape},
      {"reshape(broadcast_to(x)) = broadcast_to(x), of one element", reshaped_broadcast, is_reshape},
      {"broadcast_to(broadcast_to(x)) = broadcast_to(x)", broadcasts, is_broadcast_to},
      {"slice(slice(x)) = slice(x)", slice_of_slice, is_slice},
      {"slice(concat(x, y)) = slice(x)", slice_of_concat, is_slice, true},
      {"slice(pad(x)) = slice(x)", slice_of_pad, is_slice},
      {"concat(x[0:2], x[2:4]) = x[0:4]", joined_parts, is_concat, true},
      {"pad(x) + pad(y) = concat(x, y)", sum_of_pads, is_add},
  };
  return laws;
}

}  // namespace sluice::detail
