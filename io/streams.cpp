#include <sluice/io/checksum.h>
#include <sluice/io/streams.h>

#include <algorithm>
#include <utility>

namespace sluice::io {
namespace {

constexpr std::size_t step = std::size_t{1} << 16;

}  // namespace

Sink::Sink(Take take) : take_(std::move(take)), buffer_(step) { setp(buffer_.data(), buffer_.data() + step); }

void Sink::finish() {
  take_(pbase(), static_cast<std::size_t>(pptr() - pbase()));
  setp(buffer_.data(), buffer_.data() + step);
}

Sink::int_type Sink::overflow(int_type next) {
  finish();
  if (traits_type::eq_int_type(next, traits_type::eof())) return traits_type::not_eof(next);
  return sputc(traits_type::to_char_type(next));
}

std::streamsize Sink::xsputn(const char* bytes, std::streamsize size) {
  if (size > epptr() - pptr()) finish();
  if (size >= static_cast<std::streamsize>(step)) {
    take_(bytes, static_cast<std::size_t>(size));
  } else {
    std::copy_n(bytes, size, pptr());
    pbump(static_cast<int>(size));
  }
  return size;
}

Source::Source(InputFile& file, std::uint64_t begin, std::uint64_t end)
    : file_(file), next_(begin), end_(end), buffer_(step) {}

Source::int_type Source::underflow() {
  const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(end_ - next_, step));
  if (count == 0) return traits_type::eof();
  file_.read(buffer_.data(), count, next_);
  sum_ = checksum(buffer_.data(), count, sum_);
  next_ += count;
  setg(buffer_.data(), buffer_.data(), buffer_.data() + count);
  return traits_type::to_int_type(buffer_.front());
}

std::uint64_t Source::finish() {
  while (!traits_type::eq_int_type(underflow(), traits_type::eof())) {
  }
  setg(buffer_.data(), buffer_.data(), buffer_.data());
  return sum_;
}

}  // namespace sluice::io
