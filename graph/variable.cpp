#include <sluice/graph/evaluate.h>
#include <sluice/graph/hold.h>
#include <sluice/graph/leaf.h>
#include <sluice/graph/scope.h>
#include <sluice/graph/variable.h>
#include <sluice/graph/with_values.h>

#include <fmt/format.h>

#include <cstring>
#include <mutex>

namespace sluice {

namespace {

void require_slot(const Variable& variable, std::string_view who = "variable") {
  if (variable.defined()) return;
  throw Error(fmt::format(
      "[{}] only a Variable with a slot has a value: got one that was never made, or was moved from; "
      "give it an initial value first",
      who));
}

/// Throws if a Variable stands for a tensor: there is no value to take or to replace.
void require_own_value(const Variable& variable, std::string_view who) {
  if (detail::Standing::tensor(variable.slot().get()) == nullptr) return;
  throw Error(fmt::format(
      "[{}] inside with_values a Variable that stands for a tensor can only be read: got {} {}; do it "
      "outside, or leave the Variable out",
      who, who == "value" ? "a request for the value of" : "an assignment to", variable.spec().text()));
}

void require_spec(const Spec& slot, const Spec& value) {
  if (slot == value) return;
  throw ShapeError(
      fmt::format("[assign] a Variable keeps its shape and dtype: got {} for {}; reshape or cast the "
                  "value, or make a new Variable",
                  value.text(), slot.text()));
}

}  // namespace

Variable::Variable(const Tensor& initial, Location where) : slot_(std::make_shared<detail::Slot>()) {
  const detail::Call call("variable", where);
  slot_->value = evaluate(initial).value().clone();
  slot_->made = detail::Call::user_of(where);
}

const Spec& Variable::spec(Location where) const {
  const detail::Call call("variable", where);
  require_slot(*this);
  return slot_->value.spec();
}

Tensor Variable::read(Location where) const {
  const detail::Call call("variable", where);
  where = detail::Call::user_of(where);
  require_slot(*this);
  const auto* reader = detail::Scope::current();
  if (reader != nullptr && reader->in_formula()) {
    throw Error(
        fmt::format("[variable] the formula of an op is made of its operands and constants: got a Variable "
                    "{}; make it an "
                    "operand",
                    text()));
  }
  if (const Tensor* tensor = detail::Standing::tensor(slot_.get())) return *tensor;
  if (auto* scope = detail::Scope::current()) {
    if (auto* function = scope->function()) return function->read(*this, where);
  }
  const detail::Hold hold({slot_.get()}, detail::Hold::To::read);
  auto node = slot_->reading.lock();
  if (node == nullptr) {
    node = std::make_shared<Node>(std::make_shared<Version>(slot_), Tensors{}, Specs{slot_->value.spec()},
                                  where, 0);
    slot_->reading = node;
  }
  return Tensor(std::move(node));
}

void Variable::assign(const Operand& value) const {
  const detail::Call call("assign", value.where());
  const Tensor tensor = value.tensor(spec().dtype);
  if (value.is_number()) {
    assign(full(shape(), tensor.item(), dtype()));
    return;
  }
  require_spec(spec(), tensor.spec());
  require_own_value(*this, "assign");
  if (auto* scope = detail::Scope::current()) {
    scope->write(*this, tensor);
  } else {
    set(evaluate(tensor).value());
  }
}

void Variable::freeze(bool frozen, Location where) const {
  const detail::Call call("freeze", where);
  require_slot(*this, "freeze");
  slot_->frozen = frozen;
}

bool Variable::frozen(Location where) const {
  const detail::Call call("frozen", where);
  require_slot(*this, "frozen");
  const bool answer = slot_->frozen;
  if (auto* scope = detail::Scope::current()) {
    if (auto* function = scope->function()) function->asked(*this, answer);
  }
  return answer;
}

std::string Variable::text(Location where) const {
  const std::string known = spec(where).text();
  return slot_->made.of_user() ? fmt::format("{} made at {}", known, slot_->made.text()) : known;
}

Tensor Variable::value(Location where) const {
  const detail::Call call("value", where);
  require_slot(*this, "value");
  require_own_value(*this, "value");
  if (is_tracing()) {
    throw Error(fmt::format(
        "[value] in a function being traced there are no values yet, and one of now would stay for "
        "ever: got a Variable {}; use the Variable itself, or take the value outside",
        spec().text()));
  }
  return Tensor(values_of({*this}).front());
}

void Variable::set(const Array& value, Location where) const {
  const detail::Call call("assign", where);
  set_values({*this}, {value});
}

Arrays values_of(const std::vector<Variable>& variables, Location where) {
  const detail::Call call("values_of", where);
  std::vector<detail::Slot*> slots;
  for (const Variable& variable : variables) {
    require_slot(variable, "values_of");
    slots.push_back(variable.slot().get());
  }
  const detail::Hold hold(slots, detail::Hold::To::read);
  Arrays values;
  for (const detail::Slot* slot : slots) values.push_back(slot->value.clone());
  return values;
}

void set_values(const std::vector<Variable>& variables, const Arrays& values, Location where) {
  const detail::Call call("set_values", where);
  if (variables.size() != values.size()) {
    throw ShapeError(
        fmt::format("[set_values] one value per Variable: got {} Variables and {} values; pass them in the "
                    "same order",
                    variables.size(), values.size()));
  }
  std::vector<detail::Slot*> slots;
  for (std::size_t i = 0; i < variables.size(); ++i) {
    require_slot(variables[i]);
    require_spec(variables[i].spec(), values[i].spec());
    require_own_value(variables[i], "set_values");
    slots.push_back(variables[i].slot().get());
  }
  const detail::Hold hold(slots, detail::Hold::To::write);
  for (detail::Slot* slot : slots) slot->keep_readings();  // may fail: before the first change
  for (std::size_t i = 0; i < slots.size(); ++i) {
    if (values[i].bytes() > 0) std::memmove(slots[i]->value.data(), values[i].data(), values[i].bytes());
    slots[i]->changed();
  }
}

namespace detail {

void Slot::keep_readings() {
  if (reading.expired()) return;  // the usual case in training: no lock
  if (const auto node = reading.lock()) static_cast<const Version&>(*node->op).keep();
}

void Slot::changed() {
  ++version;
  reading.reset();
}

}  // namespace detail

}  // namespace sluice
