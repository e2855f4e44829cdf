#include <sluice/optim/stop_signals.h>

#include <fmt/format.h>

#include <system_error>

#include <sluice/graph/error.h>

namespace sluice::optim {

StopSignals::StopSignals(Location where) {
  const sluice::detail::Call call("stop_signals", where);
  sigemptyset(&set_);
  for (std::size_t i = 0; i < kinds.size(); ++i) {
    sigaction(kinds[i], nullptr, &actions_before_[i]);
    const bool ignored = actions_before_[i].sa_handler == SIG_IGN;
    if (kinds[i] == SIGHUP && ignored) continue;
    // A blocked signal waits only if it is not ignored, as SIGINT is in the background of a script.
    struct sigaction usual {};
    usual.sa_handler = SIG_DFL;
    sigaction(kinds[i], &usual, nullptr);
    sigaddset(&set_, kinds[i]);
  }
  pthread_sigmask(SIG_BLOCK, &set_, &mask_before_);
  try {
    waiter_ = std::thread([this] { wait(); });
  } catch (const std::system_error& error) {
    restore();
    throw Error(fmt::format("[stop_signals] waiting for signals takes a thread: got none ({}); end others",
                            error.what()));
  }
}

void StopSignals::wait() {
  for (int signal = 0; sigwait(&set_, &signal) == 0 && !closing_;) {
    int none = 0;
    if (first_.compare_exchange_strong(none, signal)) continue;
    // The second one: its default action, now.
    sigset_t own;
    sigemptyset(&own);
    sigaddset(&own, signal);
    pthread_sigmask(SIG_UNBLOCK, &own, nullptr);
    raise(signal);
  }
}

StopSignals::~StopSignals() {
  closing_ = true;
  pthread_kill(waiter_.native_handle(), SIGINT);
  waiter_.join();
  restore();
}

void StopSignals::restore() {
  for (std::size_t i = 0; i < kinds.size(); ++i) sigaction(kinds[i], &actions_before_[i], nullptr);
  pthread_sigmask(SIG_SETMASK, &mask_before_, nullptr);
}

}  // namespace sluice::optim
