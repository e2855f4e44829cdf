#include <sluice/graph/evaluate.h>
#include <sluice/graph/leaf.h>
#include <sluice/graph/scope.h>
#include <sluice/graph/variable.h>

#include <fmt/format.h>

#include <cstring>
#include <mutex>

namespace sluice {

namespace {

void require_slot(const Variable& variable) {
  if (!variable.defined())
    throw Error("[variable] a Variable without a slot was used: give it an initial value first");
}

void require_spec(const Spec& slot, const Spec& value) {
  if (slot == value) return;
  throw ShapeError(
      fmt::format("[assign] a Variable keeps its shape and dtype: it has {}, got {}; reshape or cast the "
                  "value, or make a new Variable",
                  slot.text(), value.text()));
}

}  // namespace

Variable::Variable(const Tensor& initial, Location where) : slot_(std::make_shared<detail::Slot>()) {
  try {
    slot_->value = evaluate(initial).value().clone();
  } catch (Error& error) {
    error.locate(where);
    throw;
  }
}

const Spec& Variable::spec() const {
  require_slot(*this);
  return slot_->value.spec();
}

Tensor Variable::read() const {
  require_slot(*this);
  if (const auto* scope = detail::Scope::current()) {
    if (const Tensor* written = scope->written(slot_.get())) return *written;
  }
  return reading_of(*this);
}

Tensor reading_of(const Variable& variable) {
  const std::shared_ptr<detail::Slot>& slot = variable.slot();
  const std::lock_guard lock(slot->reading_mutex);
  auto node = slot->reading.lock();
  if (node == nullptr) {
    node = std::make_shared<Node>(std::make_shared<Read>(slot), Tensors{}, Specs{variable.spec()}, Location{},
                                  0);
    slot->reading = node;
  }
  return Tensor(std::move(node));
}

void Variable::assign(const Operand& value) const {
  try {
    const Tensor tensor = value.tensor(spec().dtype);
    if (value.is_number()) {
      assign(full(shape(), tensor.item(), dtype()));
      return;
    }
    require_spec(spec(), tensor.spec());
    if (auto* scope = detail::Scope::current()) {
      scope->write(*this, tensor);
    } else {
      set(evaluate(tensor).value());
    }
  } catch (Error& error) {
    error.locate(value.where());
    throw;
  }
}

Tensor Variable::value() const {
  require_slot(*this);
  return Tensor(slot_->value.clone());
}

void Variable::set(const Array& value) const {
  require_slot(*this);
  require_spec(spec(), value.spec());
  if (value.bytes() > 0) std::memmove(slot_->value.data(), value.data(), value.bytes());
  ++slot_->version;
}

}  // namespace sluice
