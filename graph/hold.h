#pragma once

#include <memory>
#include <mutex>
#include <vector>

namespace sluice::detail {

struct Slot;

/// What a program holds while it runs, so that nobody sees or changes the Variables it uses in the middle of
/// a run.
class Gate {
 public:
  /// Registers with all the slots that the program reads or writes.
  Gate(std::vector<std::shared_ptr<Slot>> read, const std::vector<std::shared_ptr<Slot>>& written);
  ~Gate();
  Gate(const Gate&) = delete;
  Gate& operator=(const Gate&) = delete;

  /// Waits for whoever uses the program's Variables outside of it, and for programs that write what this one
  /// uses or use what this one writes. Programs that share what they only read do not wait for each other.
  void lock();
  void unlock();

 private:
  friend class Hold;
  /// Shared with the gates that wait for this one, which may be about to lock it when its program ends.
  struct Lock {
    std::mutex mutex;
    /// What a run locks, in the order of addresses; guarded by the mutex.
    std::vector<std::shared_ptr<Lock>> together;
  };
  using Locks = std::vector<std::shared_ptr<Lock>>;
  static void add(Locks& to, const std::shared_ptr<Lock>& lock);

  std::shared_ptr<Lock> own_ = std::make_shared<Lock>();
  Locks locked_;
  std::vector<std::shared_ptr<Slot>> slots_;
};

/// Holds the values of some Variables as they are between two runs of the programs that use them: all of one
/// step. For reading it waits for programs that write them, for writing for all that use them. Whoever holds
/// some does not ask for more.
class Hold {
 public:
  enum class To { read, write };

  Hold(std::vector<Slot*> slots, To purpose);

 private:
  std::vector<std::unique_lock<std::mutex>> slots_;
  std::vector<std::unique_lock<std::mutex>> gates_;  // let go first
};

}  // namespace sluice::detail
