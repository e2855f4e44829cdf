#include <sluice/graph/error.h>
#include <sluice/kernels/threads.h>
#include <sluice/optim/stop_signals.h>

#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstddef>
#include <string_view>
#include <thread>

#include "support/catch.h"

using sluice::optim::StopSignals;

namespace {

/// Whether `done()` comes true within ten seconds.
template <class F>
bool soon(const F& done) {
  for (int i = 0; i < 10000 && !done(); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  return done();
}

/// How a process ends in which f runs: its exit code, or minus the signal that ended it.
template <class F>
int ended(const F& f) {
  const pid_t child = fork();
  if (child == 0) {
    for (const int signal : {SIGINT, SIGTERM, SIGHUP})
      std::signal(signal, SIG_DFL);  // without the tests' handlers
    f();
    _exit(0);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

}  // namespace

TEST_CASE("a signal to stop becomes an answer, in the thread that computes and in all others") {
  const int signal = GENERATE(SIGINT, SIGTERM, SIGHUP);
  const StopSignals signals;
  sluice::kernels::set_threads(3);
  sluice::kernels::parallel_for(8, 1, [](sluice::Index, sluice::Index) {});  // threads of the library
  CHECK_FALSE(signals.stopped());
  kill(getpid(), signal);
  CHECK(soon([&] { return signals.stopped(); }));
  CHECK(signals.signal() == signal);
  sluice::kernels::set_threads(0);
}

TEST_CASE("signals find the library's own threads blocked, whenever those were started") {
  sluice::kernels::set_threads(3);
  sluice::kernels::parallel_for(8, 1, [](sluice::Index, sluice::Index) {});
  {
    const StopSignals signals;  // later than those threads
    kill(getpid(), SIGTERM);    // a thread that does not block it would end the program
    CHECK(soon([&] { return signals.stopped(); }));
    CHECK(signals.signal() == SIGTERM);
  }
  sluice::kernels::set_threads(0);
}

TEST_CASE("a second signal ends the program at once, and without the object each one does") {
  CHECK(ended([] {
          const StopSignals signals;
          kill(getpid(), SIGINT);
          if (!soon([&] { return signals.stopped(); })) _exit(1);
          kill(getpid(), SIGTERM);
          soon([] { return false; });
        }) == -SIGTERM);
  CHECK(ended([] {
          { const StopSignals signals; }
          kill(getpid(), SIGINT);
          soon([] { return false; });
        }) == -SIGINT);
}

TEST_CASE("without a thread to be had, signals stay as they were") {
  CHECK(ended([] {
          std::signal(SIGINT, SIG_IGN);
          pthread_attr_t huge;
          pthread_attr_init(&huge);
          pthread_attr_setstacksize(&huge, std::size_t{1} << 47);  // more than there are addresses
          pthread_setattr_default_np(&huge);
          try {
            const StopSignals signals;
            _exit(1);
          } catch (const sluice::Error& error) {
            if (std::string_view(error.what()).find("[stop_signals]") == std::string_view::npos) _exit(2);
          }
          kill(getpid(), SIGINT);  // ignored again
        }) == 0);
}

TEST_CASE("a closed terminal stays of no account under nohup, and SIGINT counts in the background too") {
  CHECK(ended([] {
          std::signal(SIGHUP, SIG_IGN);  // as nohup leaves it
          std::signal(SIGINT, SIG_IGN);  // as a shell leaves it for commands in the background
          const StopSignals signals;
          kill(getpid(), SIGHUP);
          kill(getpid(), SIGINT);
          if (!soon([&] { return signals.stopped(); })) _exit(1);
          if (signals.signal() != SIGINT) _exit(2);
        }) == 0);
}
