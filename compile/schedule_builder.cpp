#include <sluice/compile/copy_kernel.h>
#include <sluice/compile/schedule_builder.h>
#include <sluice/compile/zero.h>
#include <sluice/graph/answers.h>
#include <sluice/graph/leaf.h>

#include <algorithm>

namespace sluice {

namespace {
constexpr std::size_t near_bytes = std::size_t{1} << 20;  // of an L2 cache
}

ScheduleBuilder::ScheduleBuilder(const ScheduleRequest& request) : request_(request) {
  Tensors updated;
  for (const auto& update : request.updates) updated.push_back(update.value);
  Tensors results = request.outputs;
  results.insert(results.end(), updated.begin(), updated.end());
  order_ = topological_order(results);
  units_ =
      make_units(order_, request.outputs, updated, request.lowering.fuse, GroupKernel::most_instructions);
  used_.insert(results.begin(), results.end());
  leaves_unit_.insert(results.begin(), results.end());
  for (const Tensor& result : results) results_.insert(&result.node());
  std::unordered_map<const Node*, std::size_t> unit_of;
  for (std::size_t i = 0; i < units_.size(); ++i) {
    for (const Node* node : units_[i]) unit_of[node] = i;
  }
  std::unordered_set<const Node*> read;
  for (const Node* node : order_) {
    for (std::size_t i = 0; i < node->inputs.size(); ++i) {
      const Tensor& input = node->inputs[i];
      (begins_with_zero(*node, i) ? zeros_ : read).insert(&input.node());
      used_.insert(input);
      if (unit_of.at(&input.node()) != unit_of.at(node)) leaves_unit_.insert(input);
      std::size_t& last = last_unit_[input];
      last = std::max(last, unit_of.at(node));
    }
  }
  for (const Tensor& result : results) {
    read.insert(&result.node());
    last_unit_[result] = units_.size();
  }
  for (const Node* node : read) zeros_.erase(node);
}

Schedule ScheduleBuilder::build() {
  add_inputs();
  add_outputs();
  if (request_.lowering.windows) {
    find_products_of_parts();
    find_destinations();
  }
  for (unit_ = 0; unit_ < units_.size(); ++unit_) {
    if (leaf_of(*units_[unit_].front()) == nullptr) add_unit(units_[unit_]);
  }
  for (const Schedule::Copy& copy : late_copies_) add_copy(copy.from, copy.to);
  add_updates();
  plan_memory(schedule_, request_.all_or_nothing);
  find_parts_of_bound();
  schedule_.at.resize(schedule_.values.size());
  for (std::size_t i = 0; i < schedule_.values.size(); ++i) schedule_.at[i] = schedule_.values[i].fixed;
  return std::move(schedule_);
}

std::size_t ScheduleBuilder::add_value(const Spec& spec, Value::Home home, const Node* node,
                                       std::string_view role) {
  Value value;
  if (node != nullptr) value.node = node->shared_from_this();
  value.role = role;
  value.spec = spec;
  value.home = home;
  value.row_stride = value.columns();
  value.far = spec.bytes() >= near_bytes;
  schedule_.values.push_back(value);
  return schedule_.values.size() - 1;
}

/// The location of a part, given its view in the whole as if that were dense. None if the whole's rows are
/// apart and the part does not follow them.
std::optional<Window> ScheduleBuilder::composed(const Value& whole, const Spec& part, Window window) const {
  if (whole.dense()) return window;
  const Index columns = whole.columns();
  const Index width = part.shape.rank() == 0 ? 1 : part.shape.back();
  const Index rows = width == 0 ? 0 : part.shape.size() / width;
  const Index within = window.offset % columns;
  if (within + width > columns || (rows > 1 && window.row_stride % columns != 0)) return std::nullopt;
  return Window{window.offset / columns * whole.row_stride + within,
                window.row_stride / columns * whole.row_stride};
}

std::size_t ScheduleBuilder::add_part(std::size_t of, const Spec& spec, Window window) {
  Value part;
  part.spec = spec;
  part.home = Value::Home::part;
  part.row_stride = part.rows() <= 1 ? part.columns() : window.row_stride;
  const Value& whole = value(of);
  const bool nested = whole.home == Value::Home::part;
  part.far = whole.far;
  part.whole = nested ? whole.whole : of;
  part.offset = (nested ? whole.offset : 0) + static_cast<std::size_t>(window.offset) * size_of(spec.dtype);
  schedule_.values.push_back(part);
  return schedule_.values.size() - 1;
}

/// The spec of the rows of a tensor that this schedule computes.
Spec ScheduleBuilder::spec_of(const Tensor& t) const {
  if (request_.rows == nullptr || request_.rows->cut.count(t) == 0) return t.spec();
  return {t.dtype(), t.shape().with(0, request_.rows->count)};
}

/// The value of a leaf; includes Variables that are only written.
std::size_t ScheduleBuilder::leaf_value(const Tensor& leaf) {
  const auto [entry, inserted] = value_of_.try_emplace(leaf, 0);
  if (!inserted) return entry->second;
  const Spec spec = spec_of(leaf);
  const std::size_t number = add_value(spec, Value::Home::fixed);
  // Constants are never written; a Variable's memory is, by updates.
  auto* memory = static_cast<std::byte*>(const_cast<void*>(leaf_of(leaf.node())->data()));
  if (spec != leaf.spec())
    memory += request_.rows->first * static_cast<Index>(leaf.spec().bytes()) / leaf.shape()[0];
  schedule_.values[number].fixed = memory;
  entry->second = number;
  return number;
}

/// A value in the caller's memory.
std::size_t ScheduleBuilder::add_bound(const Tensor& t, const std::vector<ScheduleRequest::Place>& places,
                                       std::size_t index, bool far) {
  const std::size_t number = add_value(spec_of(t), Value::Home::bound);
  Value& value = schedule_.values[number];
  value.far = value.far || far;
  if (index >= places.size()) return number;
  const ScheduleRequest::Place& place = places[index];
  if (place.row_stride != 0) value.row_stride = place.row_stride;
  value.memory = place.memory;
  value.memory_offset = place.memory_offset;
  return number;
}

void ScheduleBuilder::add_inputs() {
  for (std::size_t i = 0; i < request_.inputs.size(); ++i) {
    const bool moves = i >= request_.first_moving_input && i < request_.first_lasting_input;
    const std::size_t number = add_bound(request_.inputs[i], request_.input_places, i, moves);
    value_of_[request_.inputs[i]] = number;
    schedule_.inputs.push_back(number);
  }
  for (const Node* node : order_) {
    if (leaf_of(*node) != nullptr) leaf_value(Tensor(node->shared_from_this()));
  }
}

/// Computes an output directly in its final location, unless it is a leaf or wanted twice.
void ScheduleBuilder::add_outputs() {
  for (std::size_t i = 0; i < request_.outputs.size(); ++i) {
    const Tensor& output = request_.outputs[i];
    const bool moves = request_.first_moving_input != Value::none;
    const std::size_t number = add_bound(output, request_.output_places, i, moves);
    schedule_.outputs.push_back(number);
    const auto [entry, inserted] = value_of_.try_emplace(output, number);
    if (inserted) continue;
    // A leaf is copied before a kernel could change its memory, a computed value once it is computed.
    if (leaf_of(output.node()) != nullptr) {
      add_copy(entry->second, number);
    } else {
      late_copies_.push_back({entry->second, number});
    }
  }
}

/// Lets kernels compute inputs of concats directly in the concat's memory.
void ScheduleBuilder::find_destinations() {
  for (const Node* node : order_) {
    if (read_in_parts_.count(node) > 0) continue;
    Specs specs;
    for (const Tensor& input : node->inputs) specs.push_back(spec_of(input));
    for (std::size_t i = 0; i < node->inputs.size(); ++i) {
      const Tensor& input = node->inputs[i];
      if (leaf_of(input.node()) != nullptr || value_of_.count(input) > 0) continue;
      if (input.op().body() != nullptr) continue;  // a loop writes dense memory
      if (!detail::ask_window_in_output(*node, specs, i)) continue;
      // A view has its location already.
      if (input.node().inputs.size() == 1 &&
          detail::ask_window_in_input(input.node(), spec_of(input.input(0))).has_value())
        continue;
      destination_.try_emplace(input, Destination{node, i});
    }
  }
}

/// A value to be written: in the concat that contains it, or separate.
std::size_t ScheduleBuilder::output_value(const Tensor& t) {
  if (const auto found = value_of_.find(t); found != value_of_.end()) return found->second;
  const Spec spec = spec_of(t);
  std::optional<std::size_t> number;
  if (const auto found = destination_.find(t); found != destination_.end()) {
    const auto [concat, input] = found->second;
    Specs specs;
    for (const Tensor& other : concat->inputs) specs.push_back(spec_of(other));
    const std::size_t whole = output_value(Tensor(concat->shared_from_this()));
    const auto window = composed(value(whole), spec, *detail::ask_window_in_output(*concat, specs, input));
    if (window) number = add_part(whole, spec, *window);
  }
  if (!number) number = add_value(spec, Value::Home::arena, &t.node());
  value_of_[t] = *number;
  return *number;
}

/// The tensor's value in dense memory.
std::size_t ScheduleBuilder::dense_value(const Tensor& t) {
  const std::size_t number = value_of_.at(t);
  if (value(number).dense()) return number;
  const auto [entry, inserted] = dense_of_.try_emplace(t, 0);
  if (inserted) {
    entry->second = add_value(value(number).spec, Value::Home::arena, &t.node(), "copy without gaps");
    add_copy(number, entry->second);
  }
  return entry->second;
}

void ScheduleBuilder::add_updates() {
  std::unordered_set<std::size_t> targets;
  for (const auto& update : request_.updates) targets.insert(leaf_value(update.target));
  for (const auto& update : request_.updates) {
    const std::size_t to = leaf_value(update.target);
    std::size_t from = value_of_.at(update.value);
    if (from == to) continue;
    const std::size_t memory = value(from).home == Value::Home::part ? value(from).whole : from;
    if (leaf_of(update.value.node()) != nullptr || targets.count(memory) > 0) {
      // Perhaps the old value of another target (two Variables that swap), or a part of one: save it before
      // updates begin.
      const std::size_t staged =
          add_value(value(from).spec, Value::Home::arena, nullptr, "old value of a Variable");
      add_copy(from, staged);
      from = staged;
    }
    schedule_.updates.push_back({from, to});
  }
}

void ScheduleBuilder::find_parts_of_bound() {
  for (std::size_t i = 0; i < schedule_.values.size(); ++i) {
    const Value& part = value(i);
    if (part.home == Value::Home::part && value(part.whole).home == Value::Home::bound)
      schedule_.parts_of_bound.push_back(i);
  }
}

Schedule make_schedule(const ScheduleRequest& request) { return ScheduleBuilder(request).build(); }

}  // namespace sluice
