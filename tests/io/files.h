#pragma once

#include <sluice/graph/error.h>
#include <sluice/io/checkpoint.h>
#include <sluice/io/file.h>

#include <cstddef>
#include <string>
#include <utility>

#include "support/folder.h"

namespace sluice::io {

using test::Folder;
using test::read_bytes;
using test::write_bytes;

/// A file that is there only in memory, for tests that load many.
class InMemory : public FileCalls {
 public:
  explicit InMemory(std::string bytes) : bytes_(std::move(bytes)) {}
  int open(const char* path, int flags, unsigned mode) override;
  long read_at(int file, void* bytes, std::size_t size, std::uint64_t offset) override;
  int close(int file) override;
  int status(int file, struct stat* status) override;

 private:
  std::string bytes_;
};

/// Every dtype; scalars, empty arrays, eight axes; NaNs with a payload, infinities, -0 and the smallest
/// numbers.
Checkpoint sample();

/// The same names, dtypes, shapes and bits?
bool same(const Checkpoint& a, const Checkpoint& b);

/// The message of the Error that f throws, or "" when it throws none.
template <class F>
std::string message_of(F&& f) {
  try {
    f();
  } catch (const Error& error) {
    return error.message();
  }
  return "";
}

/// The bytes of a file with these contents, with a true header in front: for contents that save would not
/// write.
std::string with_header(const std::string& contents);
/// Little-endian bytes of a number.
std::string bytes_of(std::uint64_t number, std::size_t size);

}  // namespace sluice::io
