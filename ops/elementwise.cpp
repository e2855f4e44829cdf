#include <sluice/kernels/threads.h>
#include <sluice/ops/elementwise.h>

#include <fmt/format.h>

#include <array>

namespace sluice {

namespace {

constexpr std::size_t max_rank = static_cast<std::size_t>(Shape::max_rank);
constexpr std::size_t max_operands = static_cast<std::size_t>(ElementwiseOp::max_operands);

/// Elements per task: about ten microseconds of arithmetic, many times the cost of handing over a task.
constexpr Index elements_per_piece = 16384;

/// The output's axes merged to as few as possible: axes of length 1 are dropped, and neighbours that every
/// operand crosses with one stride are joined. Along the last axis operands are constant or contiguous.
struct Loops {
  std::size_t rank = 0;
  std::array<Index, max_rank> length{};
  std::array<std::array<Index, max_operands>, max_rank>
      stride{};  // in elements, of each operand along each axis
};

std::array<Index, max_operands> strides_along(Index axis, std::span<const View> inputs, const Shape& shape) {
  std::array<Index, max_operands> strides{};
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const Shape& own = inputs[i].shape();
    const Index own_axis = axis - (shape.rank() - own.rank());
    if (own_axis < 0 || own[own_axis] == 1) continue;
    strides[i] = 1;
    for (Index inner = own_axis + 1; inner < own.rank(); ++inner) strides[i] *= own[inner];
  }
  return strides;
}

Loops collapse(std::span<const View> inputs, const Shape& shape) {
  Loops loops;
  for (Index axis = 0; axis < shape.rank(); ++axis) {
    if (shape[axis] == 1) continue;
    const auto strides = strides_along(axis, inputs, shape);
    bool merges = loops.rank > 0;
    for (std::size_t i = 0; merges && i < inputs.size(); ++i) {
      merges = loops.stride[loops.rank - 1][i] == strides[i] * shape[axis];
    }
    if (!merges) ++loops.rank;
    loops.length[loops.rank - 1] = (merges ? loops.length[loops.rank - 1] : 1) * shape[axis];
    loops.stride[loops.rank - 1] = strides;
  }
  if (loops.rank == 0) loops.length[loops.rank++] = 1;
  return loops;
}

/// Elements [begin, end) of the output, in memory order.
void run_range(const ElementwiseOp& op, const Loops& loops, std::span<const View> inputs,
               const MutableView& output, Index begin, Index end) {
  const std::size_t last = loops.rank - 1;
  const Index width = loops.length[last];
  for (Index at = begin; at < end;) {
    std::array<Index, max_operands> offset{};
    Index rest = at;
    for (std::size_t axis = loops.rank; axis-- > 0 && rest > 0;) {
      const Index index = rest % loops.length[axis];
      rest /= loops.length[axis];
      for (std::size_t i = 0; i < inputs.size(); ++i) offset[i] += index * loops.stride[axis][i];
    }
    const Index n = std::min(end - at, width - at % width);
    std::array<const void*, max_operands> from{};
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      from[i] = static_cast<const char*>(inputs[i].data) +
                offset[i] * static_cast<Index>(size_of(inputs[i].spec.dtype));
    }
    void* to = static_cast<char*>(output.data) + at * static_cast<Index>(size_of(output.spec.dtype));
    op.tile(from.data(), loops.stride[last].data(), to, n, inputs.back().spec.dtype);
    at += n;
  }
}

}  // namespace

Specs ElementwiseOp::infer(std::span<const Spec> inputs) const {
  const std::span<const DType> leading = leading_dtypes();
  for (std::size_t i = 0; i < leading.size(); ++i) {
    if (inputs[i].dtype == leading[i]) continue;
    throw ShapeError(fmt::format("[{}] operand {} must be {}: got {}; cast it, or compare it with something",
                                 name(), i, name_of(leading[i]), inputs[i].text()));
  }
  const auto others = inputs.subspan(leading.size());
  require_in_domain(others[0]);
  for (const Spec& input : others.subspan(1)) require_equal_dtypes(others[0], input);
  return {{result_dtype(others[0].dtype), broadcast_all(inputs)}};
}

void ElementwiseOp::require_in_domain(const Spec& operand) const {
  const Domain domain = operand_domain();
  if (detail::includes(domain, operand.dtype)) return;
  throw ShapeError(fmt::format("[{}] the operand must be {}: got {}; {}", name(), detail::described(domain),
                               operand.text(),
                               domain == Domain::boolean ? "compare it with something first, x != 0"
                                                         : "cast it, cast(x, DType::float32)"));
}

void ElementwiseOp::require_equal_dtypes(const Spec& a, const Spec& b) const {
  if (a.dtype == b.dtype) return;
  throw ShapeError(fmt::format(
      "[{}] dtypes must be equal: got {} and {}; cast one of them, cast(x, DType::{})", name(), a.text(),
      b.text(), a.dtype == DType::float64 || b.dtype == DType::float64 ? "float64" : "float32"));
}

Shape ElementwiseOp::broadcast_all(std::span<const Spec> inputs) const {
  Shape shape = inputs[0].shape;
  for (const Spec& input : inputs.subspan(1)) shape = broadcast(shape, input.shape, name());
  return shape;
}

void ElementwiseOp::run(std::span<const View> inputs, std::span<const MutableView> outputs) const {
  const MutableView& output = outputs[0];
  if (output.size() == 0 || output.data == nullptr) return;
  const Loops loops = collapse(inputs, output.shape());
  if (output.size() <= elements_per_piece) return run_range(*this, loops, inputs, output, 0, output.size());
  kernels::parallel_for(output.size(), elements_per_piece,
                        [&](Index begin, Index end) { run_range(*this, loops, inputs, output, begin, end); });
}

bool ElementwiseOp::works_by_rows(std::span<const Spec> inputs, const std::vector<bool>& by_rows) const {
  const Shape shape = broadcast_all(inputs);
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const Shape& own = inputs[i].shape;
    const bool has_rows = own.rank() == shape.rank() && own.rank() > 0 && own[0] == shape[0];
    if (by_rows[i] ? !has_rows : has_rows && shape[0] != 1) return false;
  }
  return true;
}

}  // namespace sluice
