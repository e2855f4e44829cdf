#include "stop_signal.h"

#include <csignal>

namespace lm {
namespace {

// The only way to communicate from a signal handler.
volatile std::sig_atomic_t requested = 0;

extern "C" void note_stop(int) { requested = 1; }

}  // namespace

void watch_for_stop() {
  struct sigaction action = {};
  action.sa_handler = note_stop;
  // SA_RESTART, or reads and writes would be interrupted; SA_RESETHAND, so that the next signal has its
  // default action.
  action.sa_flags = SA_RESTART | static_cast<int>(SA_RESETHAND);
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

bool stop_requested() { return requested != 0; }

void report_size_limits() {
  struct sigaction action = {};
  action.sa_handler = SIG_IGN;
  sigaction(SIGXFSZ, &action, nullptr);
}

}  // namespace lm
