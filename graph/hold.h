#pragma once

#include <memory>
#include <mutex>
#include <vector>

namespace sluice::detail {

struct Slot;

/// Held by a program while it runs, so that nobody sees or changes its Variables in the middle of a run.
class Gate {
 public:
  /// Registers with all the slots that the program reads or writes.
  Gate(std::vector<std::shared_ptr<Slot>> read, const std::vector<std::shared_ptr<Slot>>& written);
  ~Gate();
  Gate(const Gate&) = delete;
  Gate& operator=(const Gate&) = delete;

  /// Waits for users of the program's Variables outside of programs, for programs that write what this one
  /// uses, and for those that use what this one writes. Programs that share only what they read do not wait.
  void lock();
  void unlock();

 private:
  friend class Hold;
  /// Shared with the gates that wait for this one, which may be about to lock it when its program is
  /// destroyed.
  struct Lock {
    std::mutex mutex;
    /// The locks that a run takes, in the order of addresses; guarded by the mutex.
    std::vector<std::shared_ptr<Lock>> together;
  };
  using Locks = std::vector<std::shared_ptr<Lock>>;
  static void add(Locks& to, const std::shared_ptr<Lock>& lock);

  std::shared_ptr<Lock> own_ = std::make_shared<Lock>();
  Locks locked_;
  std::vector<std::shared_ptr<Slot>> slots_;
};

/// Holds the values of some Variables between two runs of the programs that use them, so that all are of the
/// same step. Reading waits for programs that write them, writing for all that use them. A thread that holds
/// some must not ask for more.
class Hold {
 public:
  enum class To { read, write };

  Hold(std::vector<Slot*> slots, To purpose);

 private:
  std::vector<std::unique_lock<std::mutex>> slots_;
  std::vector<std::unique_lock<std::mutex>> gates_;  // released first
};

/// The functions that this thread calls in the middle of a run, for the lifetime of this object: they may not
/// use Variables, which wait for the end of the run.
class WithinRun {
 public:
  WithinRun();
  ~WithinRun();
  WithinRun(const WithinRun&) = delete;
  WithinRun& operator=(const WithinRun&) = delete;

 private:
  bool before_;
};

}  // namespace sluice::detail
