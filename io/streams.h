#pragma once

#include <sluice/io/file.h>

#include <cstdint>
#include <functional>
#include <streambuf>
#include <vector>

/// Stream buffers under the streams of cereal and of the JSON parser.
namespace sluice::io {

/// Passes the output to a function, in large pieces. Call `finish` at the end.
class Sink : public std::streambuf {
 public:
  using Take = std::function<void(const char* bytes, std::size_t size)>;
  explicit Sink(Take take);
  void finish();

 protected:
  int_type overflow(int_type next) override;
  std::streamsize xsputn(const char* bytes, std::streamsize size) override;

 private:
  Take take_;
  std::vector<char> buffer_;
};

/// Part of a file, read in bounded steps. Knows how many bytes are left, which every size in a file is
/// compared with before memory is allocated for it, and the checksum of everything read.
class Source : public std::streambuf {
 public:
  Source(InputFile& file, std::uint64_t begin, std::uint64_t end);
  /// Bytes not consumed yet.
  std::uint64_t left() const { return end_ - next_ + static_cast<std::uint64_t>(egptr() - gptr()); }
  /// The checksum of all bytes up to the end, consumed or not.
  std::uint64_t finish();

 protected:
  int_type underflow() override;

 private:
  InputFile& file_;
  std::uint64_t next_;
  std::uint64_t end_;
  std::uint64_t sum_ = 0;
  std::vector<char> buffer_;
};

}  // namespace sluice::io
