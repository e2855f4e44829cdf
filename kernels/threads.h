#pragma once
/// Divides loops over the cores. One pool of threads serves the whole process, because cores belong to the
/// process and not to an object; besides the choice of instruction set and matrix backend it is the library's
/// only process-wide state. It starts with the first loop that needs it and ends with the program. Not
/// OpenMP: our pool gives the same pieces for any number of threads, rethrows exceptions, runs nested loops
/// inline on the calling thread, and thread sanitizers understand it.

#include <algorithm>
#include <atomic>
#include <memory>
#include <type_traits>

#include <sluice/kernels/index.h>

namespace sluice::kernels {

/// The number of threads a loop may use, including the calling one; at least 1. By default the CPUs this
/// process may run on (its affinity mask and its cgroup's quota), or the environment variable SLUICE_THREADS,
/// which must be an integer from 1 to 4096: otherwise Error.
int threads();

/// Sets the number of threads to `count`, at most 4096; zero or less restores the default. Waits until no
/// loop runs. Throws Error inside a loop, which would wait for itself, and for more than 4096.
void set_threads(int count);

/// Inside a loop: the number of this thread, from 0 to threads() - 1, for selecting scratch memory. Pieces of
/// one loop that run concurrently have different numbers. 0 outside of loops.
int thread_number();

namespace detail {

/// A piece of a loop, as a plain function and its argument: no allocation and no virtual call.
using LoopPiece = void (*)(void* body, Index begin, Index end);
/// The number of loops this thread is inside of, including those of one piece.
inline constinit thread_local int loop_depth = 0;
class InLoop {
 public:
  InLoop() { ++loop_depth; }
  ~InLoop() { --loop_depth; }
  InLoop(const InLoop&) = delete;
  InLoop& operator=(const InLoop&) = delete;
};
void run_pieces(Index n, Index grain, LoopPiece piece, void* body);

}  // namespace detail

/// Calls f(begin, end) for pieces that cover 0..n-1 exactly once: [0, grain), [grain, 2 grain), ... The
/// pieces depend on n and grain only, so results that depend on the pieces alone have the same bits for any
/// number of threads.
///
/// Returns when all pieces are done. Rethrows the exception of the first piece (lowest begin) that throws;
/// pieces after it may be skipped. A loop inside a loop, and a loop started while another user thread's loop
/// is running, runs inline on the calling thread, in order. Does not allocate. A grain below 1 counts as 1.
template <class F>
void parallel_for(Index n, Index grain, F&& f) {
  if (n > 0 && n <= grain) {
    const detail::InLoop inside;
    f(Index{0}, n);  // one piece: on the calling thread, at the price of a call
    return;
  }
  using Body = std::remove_reference_t<F>;
  detail::run_pieces(
      n, grain, [](void* body, Index begin, Index end) { (*static_cast<Body*>(body))(begin, end); },
      const_cast<void*>(static_cast<const void*>(std::addressof(f))));
}

/// Calls f(piece, worker) for 0 <= piece < n, each once and in any order, on up to `workers` threads.
/// Concurrent calls have different workers, from 0 to workers - 1, for selecting memory; with one worker all
/// run on the calling thread. Otherwise like parallel_for; f must not throw.
template <class F>
void share_out(Index n, int workers, F&& f) {
  std::atomic<Index> next{0};
  parallel_for(std::min<Index>(n, std::max(workers, 1)), 1, [&](Index worker, Index) {
    for (Index piece; (piece = next.fetch_add(1, std::memory_order_relaxed)) < n;)
      f(piece, static_cast<int>(worker));
  });
}

}  // namespace sluice::kernels
