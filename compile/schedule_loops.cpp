#include <sluice/compile/schedule_builder.h>
#include <sluice/compile/zero.h>
#include <sluice/graph/leaf.h>
#include <sluice/kernels/packed_matrix.h>
#include <sluice/kernels/threads.h>
#include <sluice/ops/matmul_op.h>

#include <algorithm>

namespace sluice {

namespace {

Index step_bytes(const Tensor& inside) { return static_cast<Index>(inside.spec().bytes()); }

/// Arithmetic of one step, roughly, in multiplications.
double work_of(const Tensors& results) {
  double work = 0;
  for (const Node* node : topological_order(results)) {
    if (leaf_of(*node) != nullptr) continue;
    double each = 8;  // an elementwise function costs several multiplications
    if (detail::as_matmul(*node->op) != nullptr) each = static_cast<double>(node->inputs[0].shape().back());
    for (const Spec& spec : node->outputs) work += each * static_cast<double>(spec.shape.size());
  }
  return work;
}

/// Whether each product of rows reads a right operand that can be packed: a packed product gives a row the
/// same bits, whichever rows are computed with it.
bool products_can_be_packed(const Tensors& results, const RowWise& rows, const Tensors& inputs,
                            std::size_t first_capture) {
  for (const Node* node : topological_order(results)) {
    const auto* matmul = detail::as_matmul(*node->op);
    if (matmul == nullptr || rows.cut.count(node->inputs[0]) == 0) continue;
    const bool captured = std::any_of(inputs.begin() + static_cast<std::ptrdiff_t>(first_capture),
                                      inputs.end(), [&](const Tensor& t) { return t.is(node->inputs[1]); });
    const bool one =
        product_sizes(matmul->options(), node->inputs[0].shape(), node->inputs[1].shape()).has_value();
    if (!captured || !one) return false;
  }
  return true;
}

}  // namespace

/// The memory of a carry's initial value: zeros that were left to the loops are written now.
std::size_t ScheduleBuilder::initial_value(const Tensor& t) {
  if (zeros_.erase(&t.node()) > 0) add_op(t.node());
  return dense_value(t);
}

void ScheduleBuilder::add_loop(const Node& node, const ScanOp& scan) {
  auto loop = std::make_unique<LoopKernel>(node.shared_from_this(), scan);
  const ScanOp::Counts& counts = scan.counts();
  const Graph& graph = *scan.body();
  ScheduleRequest body;
  body.inputs = graph.inputs;
  body.lowering = request_.lowering;
  body.first_moving_input = counts.carries;
  body.first_lasting_input = counts.carries + counts.xs;
  if (scan.length() < 2) body.lowering.pack = false;

  for (std::size_t i = 0; i < counts.carries; ++i) {
    LoopKernel::Carry carry;
    carry.bytes = step_bytes(graph.inputs[i]);
    place_stacks(node, scan, i, carry);
    if (carry.stacked() || !begins_with_zero(node, i)) carry.initial = initial_value(node.inputs[i]);
    const Tensor final(node.shared_from_this(), static_cast<int>(i));
    const bool needed = !carry.stacked() || carry.stack_out == Value::none || used_.count(final) > 0;
    if (needed) carry.final = output_value(final);
    if (carry.stacked()) {
      body.outputs.push_back(graph.outputs[i]);
    } else {
      body.updates.push_back({graph.outputs[i], graph.inputs[i]});
    }
    loop->carries.push_back(carry);
  }
  std::vector<std::size_t> ys;  // indices into scan.stacked() of those that are not values of a carry
  for (std::size_t i = 0; i < scan.stacked().size(); ++i) {
    const Tensor y(node.shared_from_this(), static_cast<int>(counts.carries + i));
    if (used_.count(y) == 0) continue;
    const auto number = value_of_.find(y);
    const bool placed = number != value_of_.end() &&
                        std::any_of(loop->carries.begin(), loop->carries.end(), [&](const auto& carry) {
                          return carry.stack_in == number->second || carry.stack_out == number->second;
                        });
    if (placed) continue;
    ys.push_back(i);
    body.outputs.push_back(scan.stacked()[i]);
  }
  const std::optional<RowWise> rows = divided_rows(scan, body);
  body.input_places.resize(counts.carries + counts.xs);
  for (std::size_t i = counts.carries; i < body.input_places.size(); ++i)
    body.input_places[i] = place_of(value_of_.at(node.inputs[i]));
  reuse_stacks(node, scan, ys, rows ? &*rows : nullptr, body);
  std::vector<std::size_t> stacked;  // values outside
  Tensors stacked_inside;
  for (std::size_t i : ys) {
    stacked.push_back(output_value(Tensor(node.shared_from_this(), static_cast<int>(counts.carries + i))));
    stacked_inside.push_back(scan.stacked()[i]);
  }
  add_chunks(*loop, rows, body);
  bind_loop(*loop, node, scan, stacked_inside, stacked);
  add_kernel(std::move(loop));
}

/// If all incoming or all outgoing values of a carry are needed, the loop keeps the carry in their stack. If
/// both are needed, they share one buffer, offset by a step.
void ScheduleBuilder::place_stacks(const Node& node, const ScanOp& scan, std::size_t carry,
                                   LoopKernel::Carry& to) {
  if (!request_.lowering.windows || scan.length() == 0) return;
  const Graph& graph = *scan.body();
  std::optional<Tensor> in;
  std::optional<Tensor> out;
  for (std::size_t i = 0; i < scan.stacked().size(); ++i) {
    const Tensor y(node.shared_from_this(), static_cast<int>(i + scan.counts().carries));
    if (used_.count(y) == 0) continue;
    if (!in && scan.stacked()[i].is(graph.inputs[carry])) in = y;
    if (!out && scan.stacked()[i].is(graph.outputs[carry])) out = y;
  }
  if (in && out && in->is(*out)) out.reset();  // a carry that never changes
  const auto free = [&](const Tensor& t) { return value_of_.count(t) == 0 && destination_.count(t) == 0; };
  if (in && out && free(*in) && free(*out)) {
    const Shape& shape = in->shape();
    const std::size_t both = add_value({in->dtype(), shape.with(0, shape[0] + 1)}, Value::Home::arena, &node,
                                       "carry at all steps");
    const Index step = graph.inputs[carry].size();
    const Index columns = value(both).columns();
    value_of_[*in] = add_part(both, in->spec(), {scan.reverse() ? step : 0, columns});
    value_of_[*out] = add_part(both, out->spec(), {scan.reverse() ? 0 : step, columns});
  }
  // A stack already taken by an earlier carry (two carries with one next value) is not taken twice.
  const auto take = [&](const std::optional<Tensor>& t) {
    return t && stacks_taken_.insert(*t).second ? output_value(*t) : Value::none;
  };
  to.stack_in = take(in);
  const bool shared = in && out && value(value_of_.at(*in)).home == Value::Home::part &&
                      value_of_.count(*out) > 0 &&
                      value(value_of_.at(*out)).whole == value(value_of_.at(*in)).whole;
  if (!in || shared) to.stack_out = take(out);
}

/// The rows of a loop, if threads are to divide them.
std::optional<RowWise> ScheduleBuilder::divided_rows(const ScanOp& scan, const ScheduleRequest& body) const {
  constexpr double least_work = 1 << 18;  // about twenty microseconds
  if (!request_.lowering.rows || request_.rows != nullptr) return std::nullopt;
  Tensors results = body.outputs;
  for (const auto& update : body.updates) results.push_back(update.value);
  if (work_of(results) * static_cast<double>(scan.length()) < least_work) return std::nullopt;
  std::optional<RowWise> rows = rows_of(scan, results);
  if (rows &&
      !(body.lowering.pack && products_can_be_packed(results, *rows, body.inputs, body.first_lasting_input)))
    rows.reset();
  return rows;
}

/// Adds one copy of the body for every range of rows that a thread computes.
void ScheduleBuilder::add_chunks(LoopKernel& loop, const std::optional<RowWise>& rows,
                                 ScheduleRequest& body) {
  constexpr Index least_rows = 4;  // with fewer, reading all weights does not pay
  const Index count = rows ? std::clamp<Index>(rows->rows / least_rows, 1, kernels::threads()) : 1;
  for (Index i = 0; i < count; ++i) {
    RowRange range;
    LoopKernel::Chunk chunk;
    if (count > 1) {
      range.cut = rows->cut;
      range.first = rows->rows * i / count;
      range.count = rows->rows * (i + 1) / count - range.first;
      body.rows = &range;
      chunk.first = range.first;
      chunk.rows = range.count;
    }
    chunk.body = make_schedule(body);
    body.rows = nullptr;
    chunk.scratch =
        add_value({DType::boolean, Shape({static_cast<Index>(chunk.body.arena_bytes)}, Location{})},
                  Value::Home::arena, nullptr, "memory of one step of a loop");
    loop.temporaries.push_back(chunk.scratch);
    loop.chunks.push_back(std::move(chunk));
  }
  if (count == 1) return;
  for (std::size_t i = 0; i < loop.carries.size(); ++i)
    loop.carries[i].row_bytes = loop.carries[i].bytes / rows->rows;
  cut_ = rows->cut;
}

void ScheduleBuilder::bind_loop(LoopKernel& loop, const Node& node, const ScanOp& scan,
                                const Tensors& stacked_inside, const std::vector<std::size_t>& stacked) {
  const ScanOp::Counts& counts = scan.counts();
  const Schedule& body = loop.chunks.front().body;
  const bool divided = loop.chunks.size() > 1;
  const auto binding = [&](std::size_t outside, std::size_t inside, const Tensor& t, bool moves) {
    const Value& v = value(outside);
    const Index bytes = moves && !v.dense()
                            ? v.rows() / scan.length() * v.row_stride * static_cast<Index>(size_of(t.dtype()))
                            : step_bytes(t);
    const bool cut = divided && cut_.count(t) > 0;
    return LoopKernel::Binding{outside, inside, moves ? bytes : 0, cut ? bytes / t.shape()[0] : 0};
  };
  std::size_t output = 0;
  for (std::size_t i = 0; i < counts.carries; ++i) {
    LoopKernel::Carry& carry = loop.carries[i];
    carry.inside = body.inputs[i];
    if (carry.initial != Value::none) loop.reads.push_back(carry.initial);
    if (carry.stacked()) carry.next = body.outputs[output++];
    for (std::size_t written : {carry.final, carry.stack_in, carry.stack_out}) {
      if (written != Value::none) loop.writes.push_back(written);
    }
  }
  for (std::size_t i = counts.carries; i < node.inputs.size(); ++i) {
    const bool moves = i < counts.carries + counts.xs;
    const std::size_t outside = moves ? value_of_.at(node.inputs[i]) : dense_value(node.inputs[i]);
    (moves ? loop.moving : loop.captures)
        .push_back(binding(outside, body.inputs[i], scan.body()->inputs[i], moves));
    loop.reads.push_back(outside);
  }
  for (std::size_t i = 0; i < stacked.size(); ++i) {
    loop.moving.push_back(binding(stacked[i], body.outputs[output++], stacked_inside[i], true));
    loop.writes.push_back(stacked[i]);
  }
  for (const Schedule::Pack& pack : body.packs) {
    const std::size_t source = dense_value(node.inputs[pack.input]);
    const std::size_t packed =
        add_value(body.values[pack.packed].spec, Value::Home::arena, &node, "packed weights");
    loop.temporaries.push_back(packed);
    loop.packs.push_back(
        {source, packed, pack.packed, pack.transpose, pack.inner, pack.columns, value(source)});
  }
}

}  // namespace sluice
