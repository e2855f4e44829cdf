#pragma once
/// Splits loops over the cores. One pool of threads serves the whole process, because cores belong to the
/// process and not to an object. It is the only state of the library that is the process's and changes: the
/// instruction set (isa()) and what multiplies matrices (gemm_backend()) are the process's too, and chosen
/// once. The pool starts with the first loop that needs it and ends with the program. A pool of our own
/// rather than OpenMP: it gives the same pieces for any number of threads, rethrows exceptions, runs nested
/// loops in line, and thread sanitizers understand it.

#include <algorithm>
#include <atomic>
#include <memory>
#include <type_traits>

#include <sluice/kernels/index.h>

namespace sluice::kernels {

/// How many threads a loop may use, the calling one included; at least 1. By default the CPUs this process
/// may run on (its affinity mask and its cgroup's quota), or the environment variable SLUICE_THREADS, which
/// must be a whole number from 1 to 4096: else Error.
int threads();

/// Uses `count` threads from now on, 4096 at most; zero or less goes back to the default. Waits until no loop
/// runs. Throws Error when called from inside a loop, which would wait for itself, and for more than 4096.
void set_threads(int count);

/// Inside a loop: which of its threads this is, from 0 to threads() - 1, for picking scratch memory. Pieces
/// of one loop that run at the same time have different numbers. Outside of loops 0.
int thread_number();

namespace detail {

/// A piece of a loop, as a plain function and its argument: no allocation and no virtual call.
using LoopPiece = void (*)(void* body, Index begin, Index end);
/// How many loops this thread is inside of, those of one piece included.
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
/// pieces depend on n and grain only, so results that depend on the pieces alone are the same bits for any
/// number of threads.
///
/// Returns when all pieces are done. The first piece (lowest begin) that throws has its exception rethrown
/// here, and pieces behind it may be left out. A loop inside a loop, and a loop started while another user
/// thread's loop is running, runs in order on the calling thread. Does not allocate. A grain below 1 counts
/// as 1.
template <class F>
void parallel_for(Index n, Index grain, F&& f) {
  if (n > 0 && n <= grain) {
    const detail::InLoop inside;
    f(Index{0}, n);  // one piece: in the calling thread, and at the price of a call
    return;
  }
  using Body = std::remove_reference_t<F>;
  detail::run_pieces(
      n, grain, [](void* body, Index begin, Index end) { (*static_cast<Body*>(body))(begin, end); },
      const_cast<void*>(static_cast<const void*>(std::addressof(f))));
}

/// Calls f(piece, worker) for 0 <= piece < n, each once and in any order, on up to `workers` threads. Calls
/// at the same time have different workers, from 0 to workers - 1, for picking memory; with one they all come
/// from the calling thread. Like parallel_for in all else; f must not throw.
template <class F>
void share_out(Index n, int workers, F&& f) {
  std::atomic<Index> next{0};
  parallel_for(std::min<Index>(n, std::max(workers, 1)), 1, [&](Index worker, Index) {
    for (Index piece; (piece = next.fetch_add(1, std::memory_order_relaxed)) < n;)
      f(piece, static_cast<int>(worker));
  });
}

}  // namespace sluice::kernels
