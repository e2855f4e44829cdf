#pragma once

#include <sluice/graph/shape.h>
#include <sluice/io/file.h>
#include <sluice/data/shown.inl>

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

/// The beginning of a .npy file: the bytes 93 'NUMPY', a version, the size of a text and the text, which is a
/// dictionary of Python: {'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }
namespace sluice::data::detail {

struct NpyHeader {
  std::string type;      // without its byte order: "f4"
  bool swapped = false;  // of the other byte order than this machine's
  bool fortran_order = false;
  Shape shape;
  std::uint64_t size = 0;  // in bytes: where the values begin
};

/// Takes the dictionary apart. Each step throws Refusal if the text goes on differently.
class NpyHeaderText {
 public:
  explicit NpyHeaderText(std::string_view text) : text_(text) {}

  NpyHeader parse() {
    NpyHeader header;
    expect("{");
    while (!accept("}")) {
      const std::string_view key = quoted();
      expect(":");
      if (key == "descr" && !has_descr_) {
        has_descr_ = true;
        descr(header);
      } else if (key == "fortran_order" && !has_order_) {
        has_order_ = true;
        header.fortran_order = accept("True");
        if (!header.fortran_order) expect("False");
      } else if (key == "shape" && !has_shape_) {
        has_shape_ = true;
        header.shape = shape();
      } else {
        refuse("descr, fortran_order and shape once each");
      }
      if (!accept(",")) {
        expect("}");
        break;
      }
    }
    skip_blanks();
    if (!has_descr_ || !has_order_ || !has_shape_ || at_ != text_.size())
      refuse("descr, fortran_order and shape, and nothing else");
    return header;
  }

 private:
  void descr(NpyHeader& header) {
    if (accept("["))
      throw io::Refusal("an array must have one dtype: got a structured one; save its fields one by one");
    std::string_view type = quoted();
    if (type.empty()) refuse("a dtype");
    constexpr std::string_view orders = "<>=|";
    if (orders.find(type[0]) != orders.npos) {
      constexpr bool little = std::endian::native == std::endian::little;
      header.swapped = type[0] == (little ? '>' : '<');
      type.remove_prefix(1);
    }
    header.type = type;
  }

  Shape shape() {
    constexpr std::uint64_t most = std::uint64_t{1} << 48;  // elements
    std::vector<Index> lengths;
    std::uint64_t size = 1;
    expect("(");
    while (!accept(")")) {
      const std::uint64_t length = number();
      if (length > most || std::max(length, std::uint64_t{1}) > most / size)
        throw io::Refusal(
            fmt::format("an array may have at most 2^48 elements: got a length of {} after {} elements; was "
                        "the file damaged?",
                        length, size));
      size *= std::max(length, std::uint64_t{1});
      if (lengths.size() == static_cast<std::size_t>(Shape::max_rank))
        throw io::Refusal(
            fmt::format("an array may have at most {} axes: got more; reshape it", Shape::max_rank));
      lengths.push_back(static_cast<Index>(length));
      if (accept(",")) continue;
      expect(")");
      break;
    }
    return Shape(lengths, Location{});
  }

  std::uint64_t number() {
    skip_blanks();
    std::uint64_t number = 0;
    const char* const begin = text_.data() + at_;
    const auto [end, error] = std::from_chars(begin, text_.data() + text_.size(), number);
    if (error != std::errc()) refuse("a number");
    at_ += static_cast<std::size_t>(end - begin);
    if (text_.substr(at_).starts_with('L')) ++at_;  // Python 2
    return number;
  }

  std::string_view quoted() {
    const bool single = accept("'");
    if (!single) expect("\"");
    const std::size_t end = text_.find(single ? '\'' : '"', at_);
    if (end == text_.npos) refuse("a quote");
    const std::string_view inside = text_.substr(at_, end - at_);
    at_ = end + 1;
    return inside;
  }

  void expect(std::string_view token) {
    if (!accept(token)) refuse(token);
  }

  bool accept(std::string_view token) {
    skip_blanks();
    if (!text_.substr(at_).starts_with(token)) return false;
    at_ += token.size();
    return true;
  }

  void skip_blanks() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n')) ++at_;
  }

  [[noreturn]] void refuse(std::string_view wanted) const {
    throw io::Refusal(fmt::format("the header must have {} at byte {}: got {}; write the file again", wanted,
                                  at_, shown_text(text_.substr(at_))));
  }

  std::string_view text_;
  std::size_t at_ = 0;
  bool has_descr_ = false, has_order_ = false, has_shape_ = false;
};

inline NpyHeader read_npy_header(io::InputFile& file) {
  constexpr std::string_view magic = "\x93NUMPY";
  constexpr std::uint64_t most = std::uint64_t{1} << 16;  // NumPy itself reads 10000 bytes
  std::string start(static_cast<std::size_t>(std::min<std::uint64_t>(file.size(), 12)), '\0');
  file.read(start.data(), start.size(), 0);
  if (start.size() < 12 || !start.starts_with(magic))
    throw io::Refusal(
        fmt::format("a .npy file must begin with \\x93NUMPY and a header: got {}; write it by numpy.save",
                    shown_text(start)));
  const auto byte = [&](std::size_t at) { return std::uint64_t{static_cast<unsigned char>(start[at])}; };
  if (byte(6) < 1 || byte(6) > 3)
    throw io::Refusal(
        fmt::format("the format must be 1, 2 or 3: got {}.{}; write it by numpy.save", byte(6), byte(7)));
  const bool first = byte(6) == 1;
  const std::uint64_t begin = first ? 10 : 12;
  const std::uint64_t size = byte(8) + (byte(9) << 8) + (first ? 0 : (byte(10) << 16) + (byte(11) << 24));
  if (size > most || size > file.size() - begin)
    throw io::Refusal(
        fmt::format("the header must end in the file, and have at most {} bytes: got a header of {} bytes in "
                    "a file of {}; copy "
                    "or write the file again",
                    most, size, file.size()));
  std::string text(static_cast<std::size_t>(size), '\0');
  file.read(text.data(), text.size(), begin);
  NpyHeader header = NpyHeaderText(text).parse();
  header.size = begin + size;
  return header;
}

}  // namespace sluice::data::detail
