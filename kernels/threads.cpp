#include <sluice/kernels/threads.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <csignal>
#include <cstdlib>
#include <exception>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include <sluice/kernels/cpu_count.h>
#include <sluice/kernels/refuse.h>
#include <sluice/kernels/setting.h>

namespace sluice::kernels {

namespace {

/// Long enough to bridge the gap between two loops of one program step, short compared to a scheduler's time
/// slice.
constexpr auto spin_time = std::chrono::microseconds(50);

thread_local int current_number = 0;
thread_local bool inside_loop = false;

void relax() {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

/// Spins for a short time until `ready()`; false if it does not become true.
template <class Ready>
bool spin_until(Ready ready) {
  const auto end = std::chrono::steady_clock::now() + spin_time;
  do {
    for (int i = 0; i < 32; ++i) {
      if (ready()) return true;
      relax();
    }
  } while (std::chrono::steady_clock::now() < end);
  return ready();
}

/// Blocks the signals that stop a program on this thread, and so on the threads it starts meanwhile: they are
/// for the program's own threads, one of which may be waiting for them (optim/stop_signals.h).
class StopSignalsBlocked {
 public:
  StopSignalsBlocked() {
    sigset_t stopping;
    sigemptyset(&stopping);
    for (const int signal : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&stopping, signal);
    pthread_sigmask(SIG_BLOCK, &stopping, &before_);
  }
  ~StopSignalsBlocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  StopSignalsBlocked(const StopSignalsBlocked&) = delete;
  StopSignalsBlocked& operator=(const StopSignalsBlocked&) = delete;

 private:
  sigset_t before_;
};

/// More is a typing error; every thread takes memory.
constexpr int most_threads = 4096;

int default_threads() {
  const int wanted = detail::count_setting("SLUICE_THREADS", most_threads);
  return wanted > 0 ? wanted : detail::available_cpus();
}

/// The threads, and the loop they work on.
///
/// A loop is published by writing its description and then `unclaimed_`, the number of pieces nobody has
/// taken. A thread takes a piece by decrementing that, and only then reads the description: the loop cannot
/// end, and the description cannot change, before the taken piece is subtracted from `unfinished_`. So a
/// worker that wakes late takes pieces of the current loop, or none, and nobody ever waits for a sleeping
/// thread.
class Pool {
 public:
  Pool() : count_(default_threads()) {}

  int count() const { return count_.load(std::memory_order_relaxed); }

  void resize(int count) {
    const std::lock_guard running(running_);
    stop_workers();
    count_.store(count, std::memory_order_relaxed);
  }

  /// At exit. Loops in later static destructors find no workers and run inline on the calling thread.
  void close() {
    if (inside_loop) return;  // exit() called from inside a loop: joining would wait for this very piece
    resize(1);
  }

  /// Returns false if the workers are running another thread's loop.
  bool run(Index n, Index grain, Index pieces, detail::LoopPiece piece, void* body) {
    const std::unique_lock running(running_, std::try_to_lock);
    if (!running.owns_lock()) return false;
    start_workers();
    n_ = n;
    grain_ = grain;
    pieces_ = pieces;
    piece_ = piece;
    body_ = body;
    failed_piece_.store(pieces, std::memory_order_relaxed);
    unfinished_.store(pieces, std::memory_order_relaxed);
    unclaimed_.store(pieces);
    wake_workers(pieces - 1);

    inside_loop = true;
    work();
    inside_loop = false;
    wait_for_the_rest();
    if (failure_) std::rethrow_exception(std::exchange(failure_, nullptr));
    return true;
  }

 private:
  void start_workers() {
    const int wanted = count() - 1;
    if (static_cast<int>(workers_.size()) == wanted) return;
    spin_ = count() <= detail::available_cpus();
    const StopSignalsBlocked blocked;
    workers_.reserve(static_cast<std::size_t>(wanted));
    while (static_cast<int>(workers_.size()) < wanted) {
      const int number = static_cast<int>(workers_.size()) + 1;
      try {
        workers_.emplace_back([this, number] { worker(number); });
      } catch (const std::system_error&) {  // the system grants no more: go on with these
        count_.store(number, std::memory_order_relaxed);
        return;
      }
    }
  }

  void stop_workers() {
    {
      const std::lock_guard lock(mutex_);
      stop_ = true;
    }
    wake_.notify_all();
    for (auto& worker : workers_) worker.join();
    workers_.clear();
    stop_ = false;
  }

  void worker(int number) {
    current_number = number;
    inside_loop = true;
    const auto something_to_do = [this] { return unclaimed_.load(std::memory_order_relaxed) > 0; };
    while (true) {
      work();
      if (spin_ && spin_until(something_to_do)) continue;
      std::unique_lock lock(mutex_);
      // Incremented before reading `unclaimed_`, while run() writes `unclaimed_` before reading the count:
      // one of the two sees the other (all four are sequentially consistent), so no loop is missed while
      // going to sleep.
      sleepers_.fetch_add(1);
      wake_.wait(lock, [this] { return stop_ || unclaimed_.load() > 0; });
      sleepers_.fetch_sub(1);
      if (stop_) return;
    }
  }

  void wake_workers(Index wanted) {
    const Index sleepers = sleepers_.load();
    if (sleepers == 0) return;
    // A worker between reading `unclaimed_` and sleeping holds the mutex.
    { const std::lock_guard lock(mutex_); }
    for (Index i = std::min(wanted, sleepers); i > 0; --i) wake_.notify_one();
  }

  /// Takes and runs pieces until none is left.
  void work() {
    while (true) {
      Index left = unclaimed_.load(std::memory_order_relaxed);
      do {
        if (left <= 0) return;
      } while (!unclaimed_.compare_exchange_weak(left, left - 1));
      run_piece(pieces_ - left);
      if (unfinished_.fetch_sub(1) == 1 && caller_sleeps_.load()) {
        { const std::lock_guard lock(mutex_); }
        done_.notify_one();
      }
    }
  }

  void run_piece(Index index) {
    if (index > failed_piece_.load(std::memory_order_relaxed)) return;
    try {
      const Index begin = index * grain_;
      piece_(body_, begin, std::min(n_, begin + grain_));
    } catch (...) {
      // Pieces are taken in order, so every piece below a failed one runs, and the lowest failure is
      // deterministic.
      const std::lock_guard lock(mutex_);
      if (index < failed_piece_.load(std::memory_order_relaxed)) {
        failed_piece_.store(index, std::memory_order_relaxed);
        failure_ = std::current_exception();
      }
    }
  }

  void wait_for_the_rest() {
    const auto done = [this] { return unfinished_.load() == 0; };
    if (spin_until(done)) return;
    std::unique_lock lock(mutex_);
    caller_sleeps_.store(true);
    done_.wait(lock, done);
    caller_sleeps_.store(false);
  }

  std::mutex running_;  // held by the user thread whose loop the workers run
  std::atomic<int> count_;
  std::vector<std::thread> workers_;
  bool spin_ = true;

  Index n_ = 0;
  Index grain_ = 1;
  Index pieces_ = 0;
  detail::LoopPiece piece_ = nullptr;
  void* body_ = nullptr;
  std::exception_ptr failure_;
  std::atomic<Index> failed_piece_{0};

  // On separate cache lines: all threads write them.
  alignas(64) std::atomic<Index> unclaimed_{0};
  alignas(64) std::atomic<Index> unfinished_{0};

  alignas(64) std::mutex mutex_;  // for sleeping and for failures; never held while a piece runs
  std::condition_variable wake_;
  std::condition_variable done_;
  std::atomic<Index> sleepers_{0};
  std::atomic<bool> caller_sleeps_{false};
  bool stop_ = false;
};

/// Never destroyed, so that it can be used until the very end; its threads are joined at exit.
Pool& pool() {
  static Pool* const instance = [] {
    auto* created = new Pool;
    std::atexit([] { pool().close(); });
    return created;
  }();
  return *instance;
}

}  // namespace

int threads() { return pool().count(); }

void set_threads(int count) {
  if (inside_loop || detail::loop_depth > 0)
    refuse("[set_threads] the number of threads cannot change inside parallel_for; set it before");
  if (count > most_threads)
    refuse("[set_threads] the number of threads must be at most " + std::to_string(most_threads) + ": got " +
           std::to_string(count) + "; more threads than cores are of no use");
  pool().resize(count > 0 ? count : default_threads());
}

int thread_number() { return current_number; }

namespace detail {

void run_pieces(Index n, Index grain, LoopPiece piece, void* body) {
  if (n <= 0) return;
  grain = std::max<Index>(grain, 1);
  const Index pieces = (n - 1) / grain + 1;
  if (pieces > 1 && !inside_loop && threads() > 1 && pool().run(n, grain, pieces, piece, body)) return;
  const InLoop inside;
  for (Index begin = 0; begin < n; begin += std::min(grain, n - begin))
    piece(body, begin, begin + std::min(grain, n - begin));
}

}  // namespace detail

}  // namespace sluice::kernels
