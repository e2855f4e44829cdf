// A run locks the mutex of its program and no other, as docs/design.md says: counted, by standing in for the
// functions of the system that lock. Left out where a sanitizer stands there (tests/CMakeLists.txt).

#include <sluice/kernels/threads.h>
#include <sluice/sluice.h>

#include <dlfcn.h>
#include <pthread.h>

#include <memory>
#include <mutex>
#include <shared_mutex>

#include "support/allocations.h"
#include "support/catch.h"

using namespace sluice;

namespace {

thread_local std::size_t locks = 0;  // of this thread

/// The system's own function of this name.
template <class F>
F* next(const char* name) {
  return reinterpret_cast<F*>(dlsym(RTLD_NEXT, name));
}

}  // namespace

extern "C" int pthread_mutex_lock(pthread_mutex_t* mutex) noexcept {
  static auto* const lock = next<int(pthread_mutex_t*)>("pthread_mutex_lock");
  ++locks;
  return lock(mutex);
}

extern "C" int pthread_mutex_trylock(pthread_mutex_t* mutex) noexcept {
  static auto* const lock = next<int(pthread_mutex_t*)>("pthread_mutex_trylock");
  ++locks;
  return lock(mutex);
}

extern "C" int pthread_rwlock_rdlock(pthread_rwlock_t* mutex) noexcept {
  static auto* const lock = next<int(pthread_rwlock_t*)>("pthread_rwlock_rdlock");
  ++locks;
  return lock(mutex);
}

extern "C" int pthread_rwlock_wrlock(pthread_rwlock_t* mutex) noexcept {
  static auto* const lock = next<int(pthread_rwlock_t*)>("pthread_rwlock_wrlock");
  ++locks;
  return lock(mutex);
}

namespace {

constexpr std::size_t runs = 100;

/// Locks and allocations of some runs, when a first one has made what lasts.
struct Counts {
  explicit Counts(Program& program) {
    program.run();
    const std::size_t locks_before = locks;
    const std::size_t allocations_before = ::allocations();
    for (std::size_t i = 0; i < runs; ++i) program.run();
    locked = locks - locks_before;
    allocated = ::allocations() - allocations_before;
  }
  std::size_t locked;
  std::size_t allocated;
};

/// A model that is asked for one step at a time, and keeps its state between them.
template <class C>
struct Stream {
  nn::Recurrent<C> rnn{2, 6, 20, random::key(1)};
  nn::Linear head{20, 3, random::key(2)};
  nn::CarriedState carried{rnn, 1};

  std::unique_ptr<Program> program() const {
    const auto step = [&](const Tensors& x) {
      const nn::Sequence out = rnn.step(x[0], carried.read());
      carried.assign(out.state);
      return Tensors{head(out.output())};
    };
    return std::make_unique<Program>(trace(step, {Spec{DType::float32, {1, 6}}}));
  }
};

}  // namespace

TEST_CASE("locks are counted") {
  std::mutex mutex;
  std::shared_mutex shared;
  const std::size_t before = locks;
  { const std::lock_guard lock(mutex); }
  { const std::unique_lock lock(mutex, std::try_to_lock); }
  { const std::lock_guard lock(shared); }
  { const std::shared_lock lock(shared); }
  CHECK(locks - before == 4);
}

TEMPLATE_TEST_CASE("a streaming step locks one mutex, its program's, and allocates nothing", "", nn::LSTMCell,
                   nn::GRUCell, nn::RNNCell) {
  for (const int threads : {1, 2}) {  // a step of one sequence is too small to be divided
    INFO(threads << " threads");
    kernels::set_threads(threads);
    const Stream<TestType> stream;
    const auto program = stream.program();
    const Counts counts(*program);
    CHECK(counts.locked == runs);
    CHECK(counts.allocated == 0);
  }
  kernels::set_threads(0);
}

TEST_CASE("a sequence on one thread locks one mutex and allocates nothing") {
  kernels::set_threads(1);
  const nn::LSTM rnn(2, 6, 40, random::key(1));
  Program program(trace([&](const Tensors& x) { return Tensors{rnn(x[0]).output()}; },
                        {Spec{DType::float32, {12, 30, 6}}}));
  const Counts counts(program);
  CHECK(counts.locked == runs);
  CHECK(counts.allocated == 0);
  kernels::set_threads(0);
}

TEST_CASE("programs that share what they only read lock no mutex of each other; those that write it do") {
  kernels::set_threads(1);
  const Stream<nn::LSTMCell> stream;
  const auto program = stream.program();
  const auto forward = [&](const Tensors& x) { return Tensors{stream.rnn(x[0]).output()}; };
  const Graph graph = trace(forward, {Spec{DType::float32, {4, 2, 6}}});
  const Program reader(graph);
  const Program second_reader(graph);
  CHECK(Counts(*program).locked == runs);
  {
    const auto update = [&](const Tensors& x) {
      const Tensor loss = sum(square(stream.rnn(x[0])));
      optim::SGD(nn::variables({{"rnn", stream.rnn}}), {}).update(loss);
      return Tensors{loss};
    };
    const Program writer(trace(update, {Spec{DType::float32, {4, 2, 6}}}));
    // Its own twice, for it looks there first which others there are.
    const Counts counts(*program);
    CHECK(counts.locked == 3 * runs);
    CHECK(counts.allocated == 0);
  }
  CHECK(Counts(*program).locked == runs);
  kernels::set_threads(0);
}
