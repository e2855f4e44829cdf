// Signals are handled while programs run, as those of Ctrl-C, timers and profilers are: the handler has the
// stack of the thread that computes, right below what it has there.

#include "support/catch.h"
#include "support/steps.h"

#include <sluice/kernels/threads.h>

#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <string>
#include <thread>

using namespace sluice;
using test::Step;

namespace {

std::atomic<int> handled{0};

/// Uses some of the stack, and leaves nothing there as it was.
void handle(int) {
  volatile unsigned char used[8192];
  for (volatile unsigned char& byte : used) byte = 0xEE;
  handled.fetch_add(1, std::memory_order_relaxed);
}

/// Sends each thread of this process but its own a signal 1000 times a second, as long as it lives.
class Signals {
 public:
  Signals() {
    struct sigaction action {};
    action.sa_handler = handle;
    action.sa_flags = SA_RESTART;
    sigaction(SIGUSR1, &action, &before_);
    sender_ = std::thread([this] { send(); });
  }
  ~Signals() {
    stop_ = true;
    sender_.join();
    // Ignoring a signal drops those on their way to a thread that has not run since; the default action would
    // end it all.
    std::signal(SIGUSR1, SIG_IGN);
    sigaction(SIGUSR1, &before_, nullptr);
  }
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

 private:
  void send() {
    const auto own = syscall(SYS_gettid);
    auto next = std::chrono::steady_clock::now();
    while (!stop_) {
      for (const auto& task : std::filesystem::directory_iterator("/proc/self/task")) {
        const long id = std::stol(task.path().filename().string());
        if (id != own) syscall(SYS_tgkill, getpid(), id, SIGUSR1);
      }
      std::this_thread::sleep_until(next += std::chrono::milliseconds(1));
    }
  }

  struct sigaction before_ {};
  std::atomic<bool> stop_{false};
  std::thread sender_;
};

/// As many are waited for.
constexpr int signals_of_product = 4;
constexpr int signals_of_step = 100;

/// Runs until enough signals have been handled, and compares with an equal program that runs in peace
/// afterwards.
void disturb(const Step& disturbed, const Step& undisturbed, int signals) {
  INFO(disturbed.name);
  int runs = 0;
  {
    const Signals sent;
    for (const int end = handled + signals; handled < end || runs < 2; ++runs) disturbed.program->run();
  }
  for (int i = 0; i < (undisturbed.variables.empty() ? 1 : runs); ++i) undisturbed.program->run();
  REQUIRE(disturbed.bits() == undisturbed.bits());
}

}  // namespace

TEST_CASE("signals handled 1000 times a second change no bit of what a program computes", "[threads]") {
  for (const int threads : {1, 2}) {
    kernels::set_threads(threads);
    const std::vector<Step> products = test::product_steps();
    const std::vector<Step> all = test::all_steps();
    const std::vector<Step> again = test::all_steps();
    for (std::size_t i = 0; i < all.size(); ++i)
      disturb(all[i], again[i], i < products.size() ? signals_of_product : signals_of_step);
  }
  kernels::set_threads(0);
}
