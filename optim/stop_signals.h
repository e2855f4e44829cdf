#pragma once

#include <sluice/graph/call.h>

#include <array>
#include <atomic>
#include <csignal>
#include <thread>

namespace sluice::optim {

/// Turns the signals that stop a program (SIGINT of Ctrl-C, SIGTERM, SIGHUP of a closed terminal) into a
/// question that a training asks between two steps, so that it saves before it ends:
///
///     optim::StopSignals signals;  // first thing in main
///     while (!done && !signals.stopped()) step();
///     io::save(path, variables);
///     return signals.stopped() ? 130 : 0;
///
/// The signals are blocked in the thread that makes this object and in the threads it starts from then on,
/// and a thread of its own waits for them: no handler runs, on no stack, so no system call is interrupted
/// and no library that computes meanwhile is disturbed. Make it before other threads start; the library's own
/// threads are never in the way. Programs that are started meanwhile inherit the blocked signals. A second
/// signal has its default action: it ends the program at once. SIGHUP stays ignored where it was, as under
/// nohup; SIGINT and SIGTERM count even there, as SIGINT of a script's command in the background.
///
/// Destruction restores signals as they were. One object at a time: a second one would share the signals
/// with the first.
class StopSignals {
 public:
  /// Throws Error if the system grants no thread; signals are then as they were.
  explicit StopSignals(Location where = Location::current());
  ~StopSignals();
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;

  /// Whether a signal came. Cheap enough for every step, and callable from any thread.
  bool stopped() const { return signal() != 0; }
  /// The first signal that came, such as SIGINT; 0: none.
  int signal() const { return first_.load(std::memory_order_relaxed); }

 private:
  static constexpr std::array<int, 3> kinds{SIGINT, SIGTERM, SIGHUP};

  void wait();
  void restore();

  sigset_t set_{};
  sigset_t mask_before_{};
  std::array<struct sigaction, kinds.size()> actions_before_{};
  std::atomic<int> first_{0};
  std::atomic<bool> closing_{false};
  std::thread waiter_;
};

}  // namespace sluice::optim
