#include <sluice/graph/error.h>
#include <sluice/io/checksum.h>
#include <sluice/io/file.h>

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <new>
#include <system_error>

namespace sluice::io {
namespace {

namespace fs = std::filesystem;

/// Retries a system call interrupted by a signal.
template <class F>
auto retry(F&& call) {
  for (;;) {
    const auto result = call();
    if (result != -1 || errno != EINTR) return result;
  }
}

/// The target of a path: follows symbolic links, including a last one whose target does not exist yet.
std::string follow_links(const std::string& path) {
  fs::path target = path;
  std::error_code not_a_link;
  for (int links = 0; links < 40; ++links) {
    const fs::path next = fs::read_symlink(target, not_a_link);
    if (not_a_link) return target.string();
    target = next.is_absolute() ? next : target.parent_path() / next;
  }
  throw Refusal("the path is a chain of more than 40 symbolic links; give the file itself");
}

/// The path for a message, which a zero byte would truncate.
std::string readable(std::string path) {
  for (std::size_t at = 0; (at = path.find('\0', at)) != std::string::npos; ++at) path.replace(at, 1, "\\0");
  return path;
}

/// Refuses a zero byte: the system would truncate the path there.
const std::string& whole_path(const std::string& path) {
  if (const std::size_t at = path.find('\0'); at != std::string::npos) {
    throw Refusal(
        fmt::format("a path cannot hold a zero byte: got one at {} of {} bytes; was a buffer taken for a "
                    "string?",
                    at, path.size()));
  }
  return path;
}

constexpr std::string_view unchanged = "; what was at the path is unchanged";

}  // namespace

int FileCalls::open(const char* path, int flags, unsigned mode) { return ::open(path, flags, mode); }
long FileCalls::read_at(int file, void* bytes, std::size_t size, std::uint64_t offset) {
  return ::pread(file, bytes, size, static_cast<off_t>(offset));
}
long FileCalls::write(int file, const void* bytes, std::size_t size) { return ::write(file, bytes, size); }
int FileCalls::set_mode(int file, unsigned mode) { return ::fchmod(file, mode); }
int FileCalls::lock(int file, bool wait) { return ::flock(file, wait ? LOCK_EX : LOCK_EX | LOCK_NB); }
int FileCalls::sync(int file) {
#ifdef F_FULLFSYNC
  if (::fcntl(file, F_FULLFSYNC) == 0) return 0;  // macOS: fsync alone does not reach the disk
#endif
  return ::fsync(file);
}
int FileCalls::close(int file) { return ::close(file); }
int FileCalls::status(int file, struct stat* status) { return ::fstat(file, status); }
int FileCalls::status_at(const char* path, struct stat* status) { return ::stat(path, status); }
int FileCalls::rename(const char* from, const char* to) { return ::rename(from, to); }
int FileCalls::remove(const char* path) { return ::unlink(path); }

std::string reason(int error) {
  std::string text = std::generic_category().message(error);
  if (error == ENOSPC) return fmt::format("the disk is full ({})", text);
  if (error == EDQUOT) return fmt::format("the quota is used up ({})", text);
  return text;
}

void rethrow_as_error(std::string_view who, const std::string& of) {
  const std::string path = readable(of);
  try {
    throw;
  } catch (const std::bad_alloc&) {
    throw Error(fmt::format("[{}] {}: there is not enough memory", who, path));
  } catch (const Error& error) {
    throw Error(fmt::format("[{}] {}: {}", who, path, error.message()));
  } catch (const std::exception& error) {
    throw Error(fmt::format("[{}] {}: {}", who, path, error.what()));
  }
}

Replacement::Replacement(FileCalls& calls, const std::string& path)
    : calls_(calls), target_(follow_links(whole_path(path))) {
  const fs::path target = target_;
  folder_ = target.has_parent_path() ? target.parent_path().string() : ".";
  const std::string name = target.filename().string();
  if (name.empty()) throw Refusal("the path names no file; add a file name");
  // Short for any length of the name, which may be as long as the system allows.
  stem_ = fmt::format(".sluice-{:016x}-", checksum(name.data(), name.size()));

  struct stat old {};
  const bool replaces = calls_.status_at(target_.c_str(), &old) == 0;
  if (!replaces && errno != ENOENT) {
    throw Refusal(fmt::format("the file cannot be looked at: {}{}", reason(errno), unchanged));
  }
  // Renaming over a device or a pipe would destroy it.
  if (replaces && !S_ISREG(old.st_mode))
    throw Refusal("the path must name a regular file, and what is there is none");
  remove_leftovers();
  open_temporary();
  if (replaces && calls_.set_mode(file_, old.st_mode & 07777U) != 0) {
    const int error = errno;
    calls_.close(file_);
    calls_.remove(temporary_.c_str());
    throw Refusal(fmt::format("the new file cannot have the permissions of the old one: {}{}", reason(error),
                              unchanged));
  }
}

Replacement::~Replacement() {
  if (file_ != -1) calls_.close(file_);
  if (!temporary_.empty()) calls_.remove(temporary_.c_str());
}

/// A temporary file is locked while its writer lives, which distinguishes files in use from leftovers.
void Replacement::open_temporary() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch().count();
  const std::array<std::uint64_t, 3> origin{static_cast<std::uint64_t>(now),
                                            static_cast<std::uint64_t>(::getpid()),
                                            reinterpret_cast<std::uintptr_t>(this)};
  const std::uint64_t number = checksum(origin.data(), sizeof origin);
  for (unsigned attempt = 0;; ++attempt) {
    std::string path = fmt::format("{}/{}{:016x}.tmp", folder_, stem_, number + attempt);
    const int file =
        retry([&] { return calls_.open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666); });
    if (file == -1) {
      const int error = errno;
      if (error == EEXIST && attempt < 100) continue;
      if (error == ENOENT)
        throw Refusal(fmt::format("the folder {} does not exist, or takes no files; make it first", folder_));
      throw Refusal(
          fmt::format("no file can be made in the folder {}: {}{}", folder_, reason(error), unchanged));
    }
    // On a file system without locks leftovers are not removed; nothing else depends on them.
    retry([&] { return calls_.lock(file, true); });
    struct stat status {};
    if (calls_.status(file, &status) == 0 && status.st_nlink == 0 && attempt < 100) {
      calls_.close(file);  // another process removed it as a leftover before it was locked
      continue;
    }
    file_ = file;
    temporary_.swap(path);
    return;
  }
}

void Replacement::remove_leftovers() const {
  // Not std::filesystem's iterator, which terminates the program if out of memory (libstdc++ 12).
  const auto close = [](DIR* folder) { ::closedir(folder); };
  const std::unique_ptr<DIR, decltype(close)> folder(::opendir(folder_.c_str()), close);
  if (folder == nullptr) return;  // opening the new file will report why
  while (const dirent* entry = ::readdir(folder.get())) {
    const std::string_view name = entry->d_name;
    if (!name.starts_with(stem_) || !name.ends_with(".tmp")) continue;
    const std::string path = fmt::format("{}/{}", folder_, name);
    const int flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
    const int file = retry([&] { return calls_.open(path.c_str(), flags, 0); });
    if (file == -1) continue;
    if (calls_.lock(file, false) == 0) calls_.remove(path.c_str());
    calls_.close(file);
  }
}

void Replacement::write(const void* bytes, std::size_t size) {
  const auto* next = static_cast<const char*>(bytes);
  while (size > 0) {
    const long count =
        retry([&] { return calls_.write(file_, next, std::min<std::size_t>(size, 1U << 30)); });
    if (count <= 0) {
      const int error = count == 0 ? ENOSPC : errno;
      throw Refusal(fmt::format("the new file cannot be written: {}{}", reason(error), unchanged));
    }
    next += count;
    size -= static_cast<std::size_t>(count);
  }
}

void Replacement::commit() {
  const auto fail = [](std::string_view what) {
    const int error = errno;
    throw Refusal(fmt::format("{}: {}{}", what, reason(error), unchanged));
  };
  // Without this first sync, the new name could refer to a file of zeros after a power loss.
  if (retry([&] { return calls_.sync(file_); }) != 0) fail("the new file cannot be synced to the disk");
  const int folder =
      retry([&] { return calls_.open(folder_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0); });
  if (folder == -1) fail("the folder cannot be opened");
  if (calls_.rename(temporary_.c_str(), target_.c_str()) != 0) {
    const int error = errno;
    calls_.close(folder);
    errno = error;
    fail("the new file cannot take the name of the old one");
  }
  temporary_.clear();
  const int synced = retry([&] { return calls_.sync(folder); });
  const int error = errno;
  calls_.close(folder);
  // Closed only now because closing releases the lock. All data are on the disk, so closing cannot lose any.
  calls_.close(file_);
  file_ = -1;
  // Some file systems cannot sync folders and return EINVAL.
  if (synced != 0 && error != EINVAL && error != ENOTSUP) {
    throw Refusal(
        fmt::format("the new file is in place, but the folder cannot be synced to the disk ({}): after a "
                    "power loss the old file may be back; save again",
                    reason(error)));
  }
}

InputFile::InputFile(FileCalls& calls, const std::string& path) : calls_(calls) {
  whole_path(path);
  file_ = retry([&] { return calls_.open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC, 0); });
  if (file_ == -1) {
    const int error = errno;
    throw Refusal(error == ENOENT ? "there is no such file"
                                  : fmt::format("the file cannot be opened: {}", reason(error)));
  }
  struct stat status {};
  const int failed = calls_.status(file_, &status);
  const int error = errno;
  if (failed != 0 || !S_ISREG(status.st_mode)) {
    calls_.close(file_);
    throw Refusal(failed != 0 ? fmt::format("the file cannot be looked at: {}", reason(error))
                              : "the path must name a regular file, and what is there is none");
  }
  size_ = static_cast<std::uint64_t>(status.st_size);
}

InputFile::~InputFile() { calls_.close(file_); }

void InputFile::read(void* bytes, std::size_t size, std::uint64_t offset) {
  auto* next = static_cast<char*>(bytes);
  while (size > 0) {
    const long count =
        retry([&] { return calls_.read_at(file_, next, std::min<std::size_t>(size, 1U << 30), offset); });
    if (count < 0) throw Refusal(fmt::format("the file cannot be read: {}", reason(errno)));
    if (count == 0) {
      throw Refusal(
          fmt::format("the file became shorter while it was read: {} bytes, now {}", size_, offset));
    }
    next += count;
    offset += static_cast<std::uint64_t>(count);
    size -= static_cast<std::size_t>(count);
  }
}

}  // namespace sluice::io
