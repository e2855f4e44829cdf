// Every call to the system fails in turn; the power fails after every call; memory runs out at every
// allocation.
#include "io/files.h"
#include "support/allocations.h"
#include "support/catch.h"

#include <sluice/io/checkpoint_file.h>
#include <sluice/io/checkpoint_json.h>

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <optional>

using namespace sluice;
using namespace sluice::io;

namespace {

enum class Call { open, read, write, set_mode, lock, sync, close, status, rename, remove };

/// Lets the n-th call fail; the others are done.
class Failing : public FileCalls {
 public:
  enum class Way { error, interrupted, half, nothing };
  Failing(long n, int error, Way way = Way::error) : left_(n), error_(error), way_(way) {}

  bool reached() const { return failed_.has_value(); }
  Call failed() const { return *failed_; }

  int open(const char* path, int flags, unsigned mode) override {
    return fails(Call::open) ? -1 : FileCalls::open(path, flags, mode);
  }
  long read_at(int file, void* bytes, std::size_t size, std::uint64_t offset) override {
    if (!fails(Call::read)) return FileCalls::read_at(file, bytes, size, offset);
    if (way_ == Way::half) return FileCalls::read_at(file, bytes, (size + 1) / 2, offset);
    return way_ == Way::nothing ? 0 : -1;
  }
  long write(int file, const void* bytes, std::size_t size) override {
    if (!fails(Call::write)) return FileCalls::write(file, bytes, size);
    if (way_ == Way::half) return FileCalls::write(file, bytes, (size + 1) / 2);
    return way_ == Way::nothing ? 0 : -1;
  }
  int set_mode(int file, unsigned mode) override {
    return fails(Call::set_mode) ? -1 : FileCalls::set_mode(file, mode);
  }
  int lock(int file, bool wait) override { return fails(Call::lock) ? -1 : FileCalls::lock(file, wait); }
  int sync(int) override {
    return fails(Call::sync) ? -1 : 0;
  }  // nothing of a test needs to outlive a power loss
  int close(int file) override {
    const int result = FileCalls::close(file);  // Linux closes even when it reports an error
    return fails(Call::close) ? -1 : result;
  }
  int status(int file, struct stat* status) override {
    return fails(Call::status) ? -1 : FileCalls::status(file, status);
  }
  int status_at(const char* path, struct stat* status) override {
    return fails(Call::status) ? -1 : FileCalls::status_at(path, status);
  }
  int rename(const char* from, const char* to) override {
    return fails(Call::rename) ? -1 : FileCalls::rename(from, to);
  }
  int remove(const char* path) override { return fails(Call::remove) ? -1 : FileCalls::remove(path); }

 private:
  bool fails(Call call) {
    if (left_-- != 0) return false;
    const bool partial = way_ == Way::half || way_ == Way::nothing;
    if (partial && call != Call::read && call != Call::write) return false;
    failed_ = call;
    errno = way_ == Way::interrupted ? EINTR : error_;
    return true;
  }

  long left_;
  int error_;
  Way way_;
  std::optional<Call> failed_;
};

Checkpoint old_checkpoint() {
  Checkpoint checkpoint;
  checkpoint.texts["which"] = "old";
  return checkpoint;
}

/// Larger than the buffer, so that it takes several writes.
Checkpoint new_checkpoint() {
  Checkpoint checkpoint = sample();
  checkpoint.texts["which"] = "new";
  checkpoint.arrays["large"] = Array({DType::float32, {40'000}});
  for (float& x : checkpoint.arrays["large"].values<float>()) x = 0.25f;
  return checkpoint;
}

}  // namespace

TEST_CASE("Whichever call fails, saving says so and leaves the old file, or is done") {
  std::vector<Call> seen;
  for (const bool replaces : {false, true}) {
    for (const int error : {EIO, ENOSPC, EACCES}) {
      for (long n = 0;; ++n) {
        const Folder folder;
        if (replaces) save(folder.file("a"), old_checkpoint());
        Failing calls(n, error);
        const std::string message = message_of([&] { save(calls, folder.file("a"), new_checkpoint()); });
        if (!calls.reached()) {
          CHECK(message.empty());
          CHECK(n > 10);
          break;
        }
        seen.push_back(calls.failed());
        INFO("call " << n << ", kind " << static_cast<int>(calls.failed()) << ": " << message);
        const bool in_place = message.find("is in place") != std::string::npos;
        if (message.empty() || in_place) {
          CHECK(same(load(folder.file("a")), new_checkpoint()));
        } else {
          CHECK_THAT(message, contains("[save]") && contains(folder.file("a")) && contains("unchanged"));
          CHECK_THAT(message, contains(error == EIO      ? "Input/output error"
                                       : error == ENOSPC ? "disk is full"
                                                         : "denied"));
          if (replaces) CHECK(same(load(folder.file("a")), old_checkpoint()));
        }
        const bool there = replaces || message.empty() || in_place;
        CHECK(folder.names() == (there ? std::vector<std::string>{"a"} : std::vector<std::string>{}));
        // Success is only said of what cannot lose data: locking, looking, closing what is synced.
        const Call failed = calls.failed();
        const bool harmless = failed == Call::lock || failed == Call::close || failed == Call::status;
        CHECK((harmless || !message.empty()));
      }
    }
  }
  for (const Call call : {Call::open, Call::write, Call::set_mode, Call::lock, Call::sync, Call::close,
                          Call::status, Call::rename}) {
    CHECK(std::count(seen.begin(), seen.end(), call) > 0);
  }
}

TEST_CASE("A call that is interrupted or does half of its work is gone on with") {
  for (const auto way : {Failing::Way::interrupted, Failing::Way::half}) {
    int reached = 0;
    for (long n = 0; n < 60; ++n) {
      const Folder folder;
      Failing calls(n, 0, way);
      Checkpoint after;
      const std::string message = message_of([&] {
        save(calls, folder.file("a"), new_checkpoint());
        after = load(calls, folder.file("a"));
      });
      if (!calls.reached()) continue;
      // Signals do not interrupt these.
      if (calls.failed() == Call::rename || calls.failed() == Call::status) continue;
      ++reached;
      CHECK(message.empty());
      CHECK(same(after, new_checkpoint()));
    }
    CHECK(reached > 5);
  }
}

TEST_CASE("A write that writes nothing is a full disk") {
  for (long n = 0; n < 12; ++n) {
    const Folder folder;
    Failing calls(n, 0, Failing::Way::nothing);
    const std::string message = message_of([&] { save(calls, folder.file("a"), new_checkpoint()); });
    CHECK(message.empty() == !calls.reached());
    if (calls.reached()) CHECK_THAT(message, contains("disk is full"));
    CHECK(folder.names().size() == (calls.reached() ? 0U : 1U));
  }
}

TEST_CASE("Whichever call fails while loading is an error with its reason") {
  const Folder folder;
  save(folder.file("a"), new_checkpoint());
  long n = 0;
  for (;; ++n) {
    Failing calls(n, EIO);
    Checkpoint after;
    const std::string message = message_of([&] { after = load(calls, folder.file("a")); });
    if (!calls.reached()) break;
    if (calls.failed() == Call::close) {
      CHECK(same(after, new_checkpoint()));
    } else {
      CHECK_THAT(message, contains("[load]") && contains("Input/output error"));
    }
  }
  CHECK(n > 6);
  for (n = 0; n < 12; ++n) {
    Failing calls(n, 0, Failing::Way::nothing);
    const std::string message = message_of([&] { load(calls, folder.file("a")); });
    if (calls.reached()) CHECK_THAT(message, contains("became shorter"));
  }
}

namespace {

/// Syncing takes time, and nothing of a test needs to outlive a power loss.
class Unsynced : public FileCalls {
 public:
  int sync(int) override { return 0; }
};

/// Writes another byte into the file after its checksum was verified.
class Meddling : public FileCalls {
 public:
  long read_at(int file, void* bytes, std::size_t size, std::uint64_t offset) override {
    const long count = FileCalls::read_at(file, bytes, size, offset);
    if (offset == 56 && ++times_ == 2) static_cast<char*>(bytes)[count / 2] ^= 1;
    return count;
  }

 private:
  int times_ = 0;
};

}  // namespace

TEST_CASE("A file that changes between being verified and being read is not loaded") {
  const Folder folder;
  save(folder.file("a"), new_checkpoint());
  Meddling calls;
  CHECK_THROWS_AS(load(calls, folder.file("a")), Error);
}

namespace {

/// After the n-th call of a save the power fails: all later calls do nothing, and what was not synced may be
/// lost. Keeps apart what was written and what a disk must have: a file's bytes once it is synced, a name in
/// the folder at the latest once the folder is synced.
class PowerLoss : public FileCalls {
 public:
  explicit PowerLoss(long n) : left_(n) {}

  int open(const char* path, int flags, unsigned mode) override {
    if (dark()) return -1;
    const int file = FileCalls::open(path, flags, mode);
    if (file != -1 && (flags & O_CREAT) != 0) temporary_ = file;
    if (file != -1 && (flags & O_DIRECTORY) != 0) folder_ = file;
    return file;
  }
  long write(int file, const void* bytes, std::size_t size) override {
    if (dark()) return -1;
    written_.append(static_cast<const char*>(bytes), size);
    return FileCalls::write(file, bytes, size);
  }
  int sync(int file) override {
    if (dark()) return -1;
    if (file == temporary_) synced_ = written_;
    if (file == folder_ && renamed_) name_synced_ = true;
    return 0;
  }
  int rename(const char* from, const char* to) override {
    if (dark()) return -1;
    renamed_ = true;
    return FileCalls::rename(from, to);
  }
  int set_mode(int file, unsigned mode) override { return dark() ? -1 : FileCalls::set_mode(file, mode); }
  int remove(const char* path) override { return dark() ? -1 : FileCalls::remove(path); }

  bool failed() const { return left_ < 0; }
  /// What the path may hold when the power is back: the old bytes unless the new name must be there, the new
  /// bytes as far as they are synced if the new name may be.
  bool may_be_old() const { return !name_synced_; }
  bool may_be_new() const { return renamed_; }
  const std::string& new_bytes() const { return synced_; }

 private:
  bool dark() {
    errno = EIO;
    return left_-- <= 0;
  }

  long left_;
  int temporary_ = -1;
  int folder_ = -1;
  std::string written_;
  std::string synced_;
  bool renamed_ = false;
  bool name_synced_ = false;
};

}  // namespace

TEST_CASE(
    "A power loss after any call leaves the old file or the new one, and the new one once saving is done") {
  const Folder folder;
  save(folder.file("new"), new_checkpoint());
  const std::string whole = read_bytes(folder.file("new"));
  long n = 0;
  for (bool done = false; !done; ++n) {
    const Folder other;
    save(other.file("a"), old_checkpoint());
    PowerLoss calls(n);
    const std::string message = message_of([&] { save(calls, other.file("a"), new_checkpoint()); });
    done = !calls.failed();
    CHECK(message.empty() == done);
    if (calls.may_be_new()) CHECK(calls.new_bytes() == whole);
    if (done) CHECK_FALSE(calls.may_be_old());
  }
  CHECK(n > 6);
}

TEST_CASE("Whichever allocation fails, saving and loading say so and leave all as it was") {
  const Folder folder;
  save(folder.file("a"), old_checkpoint());
  const std::string old = read_bytes(folder.file("a"));
  const Checkpoint checkpoint = sample();
  save(folder.file("sample"), checkpoint);
  save_json(folder.file("json"), checkpoint);
  const std::string paths[] = {folder.file("a"), folder.file("sample"), folder.file("json")};
  const auto files = folder.names();

  const auto fail_each = [&](const auto& work, const auto& verify) {
    long n = 0;
    for (bool done = false; !done; ++n) {
      std::string message;
      {
        const FailingAllocation failing(n);
        try {
          work();
        } catch (const Error& error) {
          message = "error";  // short: allocates nothing
        }
        done = !failing.reached();
      }
      if (done) CHECK(message.empty());
      verify(message.empty());
      if (done) break;
    }
    CHECK(n > 20);
  };
  Unsynced calls;
  fail_each([&] { save(calls, paths[0], checkpoint); },
            [&](bool saved) {
              CHECK(folder.names() == files);
              if (!saved) CHECK(read_bytes(paths[0]) == old);
              write_bytes(paths[0], old);
            });
  fail_each([&] { load(paths[1]); }, [](bool) {});
  fail_each([&] { load_json(paths[2]); }, [](bool) {});
}
