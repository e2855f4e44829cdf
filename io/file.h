#pragma once

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

struct stat;

/// File access for checkpoints: replacement as a whole or not at all, reads in bounded steps.
namespace sluice::io {

/// The system calls of the two classes below, with the system's semantics (-1 and errno on failure). Virtual
/// so that tests can make each of them fail, and track what would survive a power loss.
class FileCalls {
 public:
  virtual ~FileCalls() = default;
  virtual int open(const char* path, int flags, unsigned mode);
  virtual long read_at(int file, void* bytes, std::size_t size, std::uint64_t offset);
  virtual long write(int file, const void* bytes, std::size_t size);
  virtual int set_mode(int file, unsigned mode);
  virtual int lock(int file, bool wait);  ///< flock, exclusive
  virtual int sync(int file);
  virtual int close(int file);
  virtual int status(int file, struct stat* status);
  virtual int status_at(const char* path, struct stat* status);
  virtual int rename(const char* from, const char* to);
  virtual int remove(const char* path);
};

/// A rule that a file or a checkpoint breaks, without the path, which `guard` adds.
class Refusal : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// "the disk is full (No space left on device)": the text of errno, in the words of a user.
std::string reason(int error);

/// Turns the current exception, inside a catch block, into an Error "[who] path: what".
[[noreturn]] void rethrow_as_error(std::string_view who, const std::string& path);

/// Runs f and turns every exception into an Error "[who] path: what".
template <class F>
auto guard(std::string_view who, const std::string& path, F&& f) {
  try {
    return f();
  } catch (...) {
    rethrow_as_error(who, path);
  }
}

/// A new file that replaces the one at a path atomically by `commit`, or not at all if it is destroyed
/// before. Throws Refusal.
class Replacement {
 public:
  /// Opens a temporary file in the folder of `path`, after removing leftovers of killed processes there.
  Replacement(FileCalls& calls, const std::string& path);
  ~Replacement();
  Replacement(const Replacement&) = delete;
  Replacement& operator=(const Replacement&) = delete;

  void write(const void* bytes, std::size_t size);
  /// Syncs the file, renames it over the path and syncs the folder.
  void commit();

 private:
  void open_temporary();
  void remove_leftovers() const;

  FileCalls& calls_;
  std::string folder_;
  std::string target_;
  std::string stem_;       // temporary files of this target are named stem_ + a number + ".tmp"
  std::string temporary_;  // empty: there is none
  int file_ = -1;
};

/// A regular file to read. Throws Refusal.
class InputFile {
 public:
  InputFile(FileCalls& calls, const std::string& path);
  ~InputFile();
  InputFile(const InputFile&) = delete;
  InputFile& operator=(const InputFile&) = delete;

  std::uint64_t size() const { return size_; }  ///< when the file was opened
  /// Reads `size` bytes at `offset`; throws if the file is shorter.
  void read(void* bytes, std::size_t size, std::uint64_t offset);

 private:
  FileCalls& calls_;
  int file_ = -1;
  std::uint64_t size_ = 0;
};

}  // namespace sluice::io
