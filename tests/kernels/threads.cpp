#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <sluice/graph/error.h>
#include <sluice/kernels/cpu_count.h>
#include <sluice/kernels/threads.h>

#include "support/catch.h"

using sluice::Index;
using sluice::kernels::parallel_for;
using sluice::kernels::set_threads;
using sluice::kernels::thread_number;
using sluice::kernels::threads;

namespace {

/// Puts the number of threads back when a test is over.
struct ThreadsFor {
  explicit ThreadsFor(int count) { set_threads(count); }
  ~ThreadsFor() { set_threads(0); }
};

std::vector<std::pair<Index, Index>> pieces_of(Index n, Index grain) {
  std::vector<std::pair<Index, Index>> pieces;
  std::mutex mutex;
  parallel_for(n, grain, [&](Index begin, Index end) {
    const std::lock_guard lock(mutex);
    pieces.emplace_back(begin, end);
  });
  std::sort(pieces.begin(), pieces.end());
  return pieces;
}

}  // namespace

TEST_CASE("parallel_for covers every index exactly once", "[threads]") {
  for (const int count : {1, 2, 3, 8}) {
    const ThreadsFor setting(count);
    for (const Index n : {0, 1, 2, 7, 64, 1000}) {
      for (const Index grain : {-1, 0, 1, 3, 64, 5000}) {
        std::vector<int> visits(static_cast<std::size_t>(n),
                                0);  // every index belongs to one piece: no atomics
        parallel_for(n, grain, [&](Index begin, Index end) {
          for (Index i = begin; i < end; ++i) ++visits[static_cast<std::size_t>(i)];
        });
        REQUIRE(std::count(visits.begin(), visits.end(), 1) == n);
      }
    }
  }
}

TEST_CASE("the pieces depend on n and grain, not on the number of threads", "[threads]") {
  const std::vector<std::pair<Index, Index>> expected{{0, 4}, {4, 8}, {8, 10}};
  for (const int count : {1, 2, 3, 8}) {
    const ThreadsFor setting(count);
    REQUIRE(pieces_of(10, 4) == expected);
  }
}

TEST_CASE("parallel_for runs on several threads at the same time, each with its own number", "[threads]") {
  const ThreadsFor setting(3);
  std::atomic<int> arrived{0};
  std::vector<int> numbers(3, -1);
  // Each piece waits for the others, so they can only finish on three threads.
  parallel_for(3, 1, [&](Index begin, Index) {
    ++arrived;
    while (arrived.load() < 3) std::this_thread::yield();
    numbers[static_cast<std::size_t>(begin)] = thread_number();
  });
  std::sort(numbers.begin(), numbers.end());
  REQUIRE(numbers == std::vector<int>{0, 1, 2});
  REQUIRE(thread_number() == 0);
}

TEST_CASE("an exception reaches the caller, always that of the first piece, and the pool lives on",
          "[threads]") {
  for (const int count : {1, 2, 4}) {
    const ThreadsFor setting(count);
    for (int repeat = 0; repeat < 50; ++repeat) {
      const auto fail = [](Index begin, Index) {
        if (begin >= 5) throw std::runtime_error("piece " + std::to_string(begin));
      };
      REQUIRE_THROWS_WITH(parallel_for(100, 1, fail), "piece 5");
      REQUIRE(pieces_of(20, 1).size() == 20);
    }
  }
}

TEST_CASE("a loop inside a loop runs in order on the same thread", "[threads]") {
  const ThreadsFor setting(4);
  std::atomic<int> total{0};
  std::atomic<bool> same_thread{true};
  std::atomic<bool> in_order{true};
  parallel_for(8, 1, [&](Index, Index) {
    const auto outer = std::this_thread::get_id();
    Index next = 0;
    parallel_for(16, 2, [&](Index begin, Index end) {
      if (std::this_thread::get_id() != outer) same_thread = false;
      if (begin != next) in_order = false;
      next = end;
      total += static_cast<int>(end - begin);
    });
  });
  REQUIRE(total == 128);
  REQUIRE(same_thread);
  REQUIRE(in_order);
}

TEST_CASE("several user threads may run loops at the same time", "[threads]") {
  const ThreadsFor setting(3);
  std::vector<Index> sums(4, 0);
  std::vector<std::thread> users;
  users.reserve(sums.size());
  for (auto& sum : sums)
    users.emplace_back([&sum] {
      for (int repeat = 0; repeat < 300; ++repeat) {
        std::atomic<Index> part{0};
        parallel_for(100, 7, [&](Index begin, Index end) {
          for (Index i = begin; i < end; ++i) part += i;
        });
        sum += part;
      }
    });
  for (auto& user : users) user.join();
  REQUIRE(sums == std::vector<Index>(4, Index{300} * 4950));
}

TEST_CASE("loops wake workers that went to sleep", "[threads]") {
  const ThreadsFor setting(2);
  for (int repeat = 0; repeat < 20; ++repeat) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    std::atomic<int> arrived{0};
    parallel_for(2, 1, [&](Index, Index) {
      ++arrived;
      while (arrived.load() < 2) std::this_thread::yield();
    });
    REQUIRE(arrived == 2);
  }
}

TEST_CASE("what a piece writes, the caller reads after the loop", "[threads]") {
  const ThreadsFor setting(4);
  std::vector<Index> values(64);
  for (Index round = 0; round < 500; ++round) {
    parallel_for(64, 5, [&](Index begin, Index end) {
      for (Index i = begin; i < end; ++i) values[static_cast<std::size_t>(i)] += round + i;
    });
  }
  for (Index i = 0; i < 64; ++i) REQUIRE(values[static_cast<std::size_t>(i)] == 500 * i + Index{499} * 250);
}

TEST_CASE("the number of threads can be set, and zero goes back to the default", "[threads]") {
  const int before = threads();
  REQUIRE(before >= 1);
  set_threads(5);
  REQUIRE(threads() == 5);
  set_threads(0);
  REQUIRE(threads() == before);
}

TEST_CASE("changing the number of threads inside a loop is an error", "[threads]") {
  const ThreadsFor setting(2);
  const auto sets = [](Index, Index) { set_threads(3); };
  REQUIRE_THROWS_AS(parallel_for(2, 1, sets), sluice::Error);
  REQUIRE_THROWS_WITH(parallel_for(1, 10, sets), contains("[set_threads]"));  // one piece is a loop, too
  // Loops of one piece in loops of one piece, and what comes behind a loop that has thrown.
  REQUIRE_THROWS_AS(parallel_for(1, 1, [&](Index, Index) { parallel_for(1, 10, sets); }), sluice::Error);
  REQUIRE(threads() == 2);
  set_threads(1);
  REQUIRE_THROWS_AS(parallel_for(5, 1, sets), sluice::Error);  // in order, on this thread
  REQUIRE(threads() == 1);
  set_threads(2);
  REQUIRE_THROWS_WITH(set_threads(1 << 30), contains("at most 4096: got 1073741824"));
  REQUIRE(threads() == 2);
}

TEST_CASE("the number of CPUs is at least one and at most what the machine has", "[threads]") {
  const int cpus = sluice::kernels::detail::available_cpus();
  REQUIRE(cpus >= 1);
  const auto machine = static_cast<int>(std::thread::hardware_concurrency());
  if (machine > 0) REQUIRE(cpus <= machine);
}

TEST_CASE("SLUICE_THREADS sets the default", "[.][SLUICE_THREADS]") { REQUIRE(threads() == 3); }
