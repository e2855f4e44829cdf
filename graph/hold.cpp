#include <sluice/graph/hold.h>
#include <sluice/graph/variable.h>

#include <algorithm>
#include <functional>

namespace sluice::detail {

namespace {

/// Several mutexes are always locked in the order of their addresses, and those of slots before those of
/// programs, so no deadlock is possible.
template <class Pointer>
void sort_once(std::vector<Pointer>& all) {
  std::sort(all.begin(), all.end(), std::less<Pointer>());
  all.erase(std::unique(all.begin(), all.end()), all.end());
}

using Locked = std::vector<std::unique_lock<std::mutex>>;

Locked lock_all(const std::vector<Slot*>& slots) {
  Locked locked;
  for (Slot* slot : slots) locked.emplace_back(slot->mutex);
  return locked;
}

std::vector<Slot*> pointers(const std::vector<std::shared_ptr<Slot>>& slots) {
  std::vector<Slot*> all;
  for (const auto& slot : slots) all.push_back(slot.get());
  sort_once(all);
  return all;
}

thread_local constinit bool within_run = false;

/// Throws Error where waiting for a program would never end.
void require_outside_of_run(bool uses_any) {
  if (!within_run || !uses_any) return;
  throw Error(
      "[tap] the function of a tap may not read, assign or run what uses Variables: got such a call during "
      "the run that it is part of; tap their values, or do it when the run is over");
}

}  // namespace

WithinRun::WithinRun() : before_(within_run) { within_run = true; }
WithinRun::~WithinRun() { within_run = before_; }

void Gate::add(Locks& to, const std::shared_ptr<Lock>& lock) {
  to.push_back(lock);
  sort_once(to);
}

Gate::Gate(std::vector<std::shared_ptr<Slot>> read, const std::vector<std::shared_ptr<Slot>>& written) {
  require_outside_of_run(!read.empty() || !written.empty());
  const std::vector<Slot*> writes = pointers(written);
  slots_ = std::move(read);
  slots_.insert(slots_.end(), written.begin(), written.end());
  const std::vector<Slot*> all = pointers(slots_);
  own_->together = {own_};
  const Locked locked = lock_all(all);
  for (Slot* slot : all) {
    const bool is_written = std::binary_search(writes.begin(), writes.end(), slot, std::less<Slot*>());
    for (const Slot::User& user : slot->users) {
      if (is_written || user.writes) own_->together.push_back(user.gate->own_);
    }
    slot->users.push_back({this, is_written});
  }
  sort_once(own_->together);
  for (const auto& other : own_->together) {
    if (other == own_) continue;
    const std::lock_guard lock(other->mutex);
    add(other->together, own_);
  }
}

Gate::~Gate() {
  const std::vector<Slot*> all = pointers(slots_);
  const Locked locked = lock_all(all);
  for (Slot* slot : all) {
    std::erase_if(slot->users, [&](const Slot::User& user) { return user.gate == this; });
  }
  const Locks together = std::move(own_->together);
  for (const auto& other : together) {
    if (other == own_) continue;
    const std::lock_guard lock(other->mutex);
    std::erase(other->together, own_);
  }
}

void Gate::lock() {
  require_outside_of_run(!slots_.empty());
  own_->mutex.lock();
  while (own_->together.size() > 1) {
    locked_ = own_->together;
    own_->mutex.unlock();
    for (const auto& gate : locked_) gate->mutex.lock();
    if (locked_ == own_->together) return;
    // A program that shares Variables was created or destroyed meanwhile.
    for (const auto& gate : locked_) {
      if (gate != own_) gate->mutex.unlock();
    }
  }
  if (locked_.size() != 1) locked_.assign(1, own_);
}

void Gate::unlock() {
  for (const auto& gate : locked_) gate->mutex.unlock();
}

Hold::Hold(std::vector<Slot*> slots, To purpose) {
  require_outside_of_run(!slots.empty());
  sort_once(slots);
  slots_ = lock_all(slots);
  // Creating or destroying a program takes the slots' mutexes, so the gates' locks stay valid.
  std::vector<std::mutex*> gates;
  for (Slot* slot : slots) {
    for (const Slot::User& user : slot->users) {
      if (purpose == To::write || user.writes) gates.push_back(&user.gate->own_->mutex);
    }
  }
  sort_once(gates);
  for (std::mutex* gate : gates) gates_.emplace_back(*gate);
}

}  // namespace sluice::detail
