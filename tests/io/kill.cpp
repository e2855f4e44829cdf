#include "io/files.h"
#include "support/catch.h"
#include "support/environment.h"

#include <sluice/io/checkpoint.h>

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <thread>

using namespace sluice;
using namespace sluice::io;

namespace {

/// A checkpoint whose every value is n.
Checkpoint number(std::int32_t n) {
  Checkpoint checkpoint;
  checkpoint.texts["n"] = std::to_string(n);
  for (const char* name : {"a", "b", "c"}) {
    checkpoint.arrays[name] = Array({DType::int32, {50'000}});
    for (auto& x : checkpoint.arrays[name].values<std::int32_t>()) x = n;
  }
  return checkpoint;
}

/// Starts a process that saves first, first + 1, ... until it is killed.
pid_t start_saving(const std::string& path, std::int32_t first) {
  const pid_t child = fork();
  if (child != 0) return child;
  try {
    for (std::int32_t n = first;; ++n) save(path, number(n));
  } catch (...) {
    _exit(1);
  }
}

}  // namespace

// SLUICE_KILLS=1000 asks for more rounds.
TEST_CASE("A process that is killed while saving leaves the old or the new file, whole") {
  const auto rounds = static_cast<int>(test::from_environment("SLUICE_KILLS", 100, 1, 1'000'000));
  const Folder folder;
  const std::string path = folder.file("model.ckpt");
  // The kills come during the first few saves, however long one takes here.
  const auto start = std::chrono::steady_clock::now();
  save(path, number(0));
  const auto longest_wait = 5 * (std::chrono::steady_clock::now() - start) + std::chrono::milliseconds(5);
  std::int32_t last = 0;
  int amid = 0;
  std::uint32_t random = 1;
  for (int round = 0; round < rounds; ++round) {
    const pid_t child = start_saving(path, last + 1);
    REQUIRE(child > 0);
    random = random * 1664525U + 1013904223U;
    std::this_thread::sleep_for(longest_wait * (random >> 8U & 1023U) / 1024);
    REQUIRE(kill(child, SIGKILL) == 0);
    int status = 0;
    REQUIRE(waitpid(child, &status, 0) == child);
    REQUIRE(WIFSIGNALED(status));  // and not an error of its own

    const std::int32_t now = std::stoi(load(path).text("n"));
    REQUIRE(now >= last);
    REQUIRE(same(load(path), number(now)));
    last = now;
    if (folder.names().size() > 1) ++amid;
    REQUIRE(folder.names().size() <= 2);  // each start removes what the one before has left
  }
  INFO(amid << " of " << rounds << " amid a save, " << last << " saves");
  CHECK(amid > 0);
  CHECK(last > 0);
  // The next save of that file removes what the killed ones have left; files of others stay.
  write_bytes(folder.file(".sluice-0000000000000000-0000000000000000.tmp"), "of another file");
  save(path, number(0));
  CHECK(folder.names() ==
        std::vector<std::string>{".sluice-0000000000000000-0000000000000000.tmp", "model.ckpt"});
}
