#include <sluice/compile/schedule_builder.h>
#include <sluice/compile/shared_memory.h>
#include <sluice/graph/answers.h>
#include <sluice/graph/leaf.h>
#include <sluice/ops/elementwise.h>

#include <algorithm>

namespace sluice {

/// Memory that a loop's outputs may overwrite: that of an x, or some of its columns, if it is not read after
/// the loop.
struct ScheduleBuilder::Offer {
  Tensor inside;      // the tensor read there, or a view with the same layout
  std::size_t value;  // of the whole x, outside
  Window window;
};

namespace {

std::size_t root_of(const Value& value, std::size_t number) {
  return value.home == Value::Home::part ? value.whole : number;
}

/// Whether a value is a range of columns of the table in its memory, starting at the first row. At different
/// steps such values are in different rows.
bool is_columns(const Value& value) {
  const std::size_t element = size_of(value.spec.dtype);
  return value.home != Value::Home::part ||
         value.offset + static_cast<std::size_t>(value.columns()) * element <=
             static_cast<std::size_t>(value.row_stride) * element;
}

}  // namespace

ScheduleRequest::Place ScheduleBuilder::place_of(std::size_t number) const {
  const Value& v = value(number);
  return {v.dense() ? 0 : v.row_stride, root_of(v, number), v.home == Value::Home::part ? v.offset : 0};
}

/// Whether the current kernel is the last to read anything in the memory of a value.
bool ScheduleBuilder::dies(std::size_t memory) const {
  if (value(memory).home != Value::Home::arena) return false;
  bool known = false;
  for (const auto& [tensor, number] : value_of_) {
    if (root_of(value(number), number) != memory) continue;
    known = true;
    const auto last = last_unit_.find(tensor);
    if (last != last_unit_.end() && last->second > unit_) return false;
  }
  return known;  // else a dense copy, which others may read
}

std::vector<ScheduleBuilder::Offer> ScheduleBuilder::offers(const Node& node, const ScanOp& scan,
                                                            const RowWise* rows) const {
  const ScanOp::Counts& counts = scan.counts();
  const Graph& graph = *scan.body();
  const auto memory_of = [&](const Tensor& t) {
    const auto found = value_of_.find(t);  // zeros that the loop begins with have no memory
    return found == value_of_.end() ? Value::none : root_of(value(found->second), found->second);
  };
  std::vector<Offer> result;
  Tensors computed = graph.outputs;
  computed.insert(computed.end(), scan.stacked().begin(), scan.stacked().end());
  const std::vector<const Node*> body = topological_order(computed);
  for (std::size_t i = counts.carries; i < counts.carries + counts.xs; ++i) {
    const Tensor& x = graph.inputs[i];
    const std::size_t number = value_of_.at(node.inputs[i]);
    const std::size_t memory = memory_of(node.inputs[i]);
    // A thread overwrites only its own rows.
    if (!dies(memory) || (rows != nullptr && rows->cut.count(x) == 0)) continue;
    // Nor may any of it be read at another step, as the values of a carry before and after a step are.
    bool other_steps = false;
    for (std::size_t k = 0; k < node.inputs.size(); ++k) {
      const bool moves = k >= counts.carries && k < counts.carries + counts.xs;
      if (k == i || memory_of(node.inputs[k]) != memory) continue;
      const Value& other = value(value_of_.at(node.inputs[k]));
      other_steps = other_steps || !moves || !is_columns(other) || !is_columns(value(number)) ||
                    other.row_stride != value(number).row_stride;
    }
    if (other_steps || x.rank() == 0 || x.shape().size() == 0) continue;
    const Index columns = x.shape().back();
    result.push_back({x, number, {0, columns}});
    for (const Node* user : body) {
      if (user->inputs.size() != 1 || user->inputs[0].spec() != x.spec()) continue;
      const auto window = detail::ask_window_in_input(*user, x.spec());
      if (!window) continue;
      const Tensor part(user->shared_from_this());
      if (part.rank() == 0 || part.shape().size() == 0 || window->offset + part.shape().back() > columns)
        continue;
      // A range of columns, in every row.
      const Index in_part = part.shape().size() / part.shape().back();
      if (in_part == x.shape().size() / columns && (in_part == 1 || window->row_stride == columns))
        result.push_back({part, number, {window->offset, columns}});
    }
  }
  return result;
}

/// Whether only loops read the tensor: they read rows with any stride without a copy.
bool ScheduleBuilder::only_loops_read(const Tensor& t) const {
  if (last_unit_.at(t) >= units_.size()) return false;
  for (const Node* node : order_) {
    for (std::size_t i = 0; i < node->inputs.size(); ++i) {
      if (!node->inputs[i].is(t)) continue;
      const auto* scan = dynamic_cast<const ScanOp*>(node->op.get());
      if (scan == nullptr || i < scan->counts().carries || i >= scan->counts().carries + scan->counts().xs)
        return false;
    }
  }
  return true;
}

/// The value for y in offered memory: the view that it is computed from, or else all of the memory.
std::optional<std::size_t> ScheduleBuilder::take_over(const Tensor& y, const Tensor& inside,
                                                      const std::vector<Offer>& offers,
                                                      const std::vector<std::size_t>& taken) {
  const auto free = [&](std::size_t number) {
    return std::none_of(taken.begin(), taken.end(),
                        [&](std::size_t other) { return overlap(schedule_.values, number, other); });
  };
  const auto take = [&](std::size_t whole, const Window& window) -> std::optional<std::size_t> {
    const std::size_t number = add_part(whole, y.spec(), window);
    if (free(number)) return number;
    schedule_.values.pop_back();
    return std::nullopt;
  };
  const std::vector<const Node*> needed = topological_order({inside});
  // Fusion groups write rows with any stride, other kernels might need a copy.
  const bool gaps = dynamic_cast<const ElementwiseOp*>(&inside.op()) != nullptr && only_loops_read(y);
  for (const Offer& offer : offers) {
    if (offer.inside.spec() != inside.spec() ||
        std::find(needed.begin(), needed.end(), &offer.inside.node()) == needed.end())
      continue;
    const auto window = composed(value(offer.value), y.spec(), offer.window);
    const Index columns = y.shape().back();
    if (!window || (window->row_stride != columns && !gaps)) continue;
    if (const auto number = take(offer.value, *window)) return number;
  }
  for (const Offer& offer : offers) {
    const std::size_t memory = root_of(value(offer.value), offer.value);
    const bool aligned =
        is_columns(value(offer.value)) && value(offer.value).row_stride == value(memory).row_stride;
    if (value(memory).spec != y.spec() || !aligned) continue;
    if (const auto number = take(memory, {0, y.shape().back()})) return number;
  }
  return std::nullopt;
}

/// Lets outputs of a loop overwrite inputs that it reads for the last time: that memory is in cache already,
/// and is not needed twice.
void ScheduleBuilder::reuse_stacks(const Node& node, const ScanOp& scan, const std::vector<std::size_t>& ys,
                                   const RowWise* rows, ScheduleRequest& body) {
  const std::size_t first = body.outputs.size() - ys.size();
  body.output_places.assign(body.outputs.size(), {});
  if (!request_.lowering.reuse || scan.length() == 0) return;
  const std::vector<Offer> all = offers(node, scan, rows);
  if (all.empty()) return;
  std::vector<std::size_t> taken;
  for (std::size_t i = 0; i < ys.size(); ++i) {
    const Tensor y(node.shared_from_this(), static_cast<int>(scan.counts().carries + ys[i]));
    const Tensor& inside = scan.stacked()[ys[i]];
    const bool computed = leaf_of(inside.node()) == nullptr && inside.op().body() == nullptr;
    if (!computed || y.rank() < 2 || value_of_.count(y) > 0 || destination_.count(y) > 0 ||
        (rows != nullptr && rows->cut.count(inside) == 0))
      continue;
    if (const auto number = take_over(y, inside, all, taken)) {
      taken.push_back(*number);
      value_of_[y] = *number;
      body.output_places[first + i] = place_of(*number);
    }
  }
  // Only the finished kernels show whether everything is read before it is overwritten.
  while (!taken.empty()) {
    const Schedule trial = make_schedule(body);
    const std::size_t early = written_too_early(trial);
    if (early == Value::none) break;
    const auto output = static_cast<std::size_t>(
        std::find(trial.outputs.begin(), trial.outputs.end(), early) - trial.outputs.begin());
    const Tensor y(node.shared_from_this(), static_cast<int>(scan.counts().carries + ys[output - first]));
    taken.erase(std::find(taken.begin(), taken.end(), value_of_.at(y)));
    value_of_.erase(y);
    body.output_places[output] = {};
  }
}

}  // namespace sluice
