#include "stop_signal.h"

#include <csignal>

namespace lm {
namespace {

// A signal handler has no other way to tell anybody.
volatile std::sig_atomic_t requested = 0;

extern "C" void note_stop(int) { requested = 1; }

}  // namespace

void watch_for_stop() {
  struct sigaction action = {};
  action.sa_handler = note_stop;
  // Without SA_RESTART reads and writes would break off; with SA_RESETHAND the next signal does what it
  // always does.
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
