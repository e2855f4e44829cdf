#include <sluice/io/payload.h>

#include <fmt/format.h>
#include <cereal/archives/portable_binary.hpp>

#include <algorithm>
#include <array>
#include <istream>
#include <ostream>
#include <span>

// Numbers, strings and arrays go through cereal one by one: its own loaders for strings, vectors and pointers
// allocate whatever unchecked size the file claims.

namespace sluice::io {
namespace {

using Writer = cereal::PortableBinaryOutputArchive;
using Reader = cereal::PortableBinaryInputArchive;

void write_string(Writer& writer, const std::string& text) {
  writer(static_cast<std::uint64_t>(text.size()));
  writer(cereal::binary_data(text.data(), text.size()));
}

/// The element type of a dtype in the file: a boolean is a byte, 0 or 1.
template <class F>
void with_stored_type(DType dtype, F&& f) {
  if (dtype == DType::boolean) {
    f(std::uint8_t{});
  } else {
    with_type(dtype, f);
  }
}

void write_array(Writer& writer, const Array& array) {
  writer(static_cast<std::uint8_t>(array.dtype()), static_cast<std::uint8_t>(array.shape().rank()));
  for (const Index length : array.shape()) writer(static_cast<std::uint64_t>(length));
  with_stored_type(array.dtype(), [&](auto type) {
    writer(cereal::binary_data(static_cast<const decltype(type)*>(array.data()), array.bytes()));
  });
}

/// Reads the output of write_payload.
class Parser {
 public:
  Parser(Source& source, const Limits& limits)
      : source_(source), limits_(limits), stream_(&source), reader_(stream_, Reader::Options::Default()) {}

  Checkpoint parse() {
    Checkpoint checkpoint;
    std::string name;
    // A text takes at least two lengths and one byte of name.
    for (auto left = count("texts", limits_.texts, 17); left > 0; --left) {
      next_name(checkpoint.texts);
      const std::uint64_t size = number<std::uint64_t>();
      require_at_most("the bytes of a text", size, limits_.text);
      checkpoint.texts.emplace_hint(checkpoint.texts.end(), name_, string(size));
    }
    for (auto left = count("arrays", limits_.arrays, 11); left > 0; --left) {
      next_name(checkpoint.arrays);
      checkpoint.arrays.emplace_hint(checkpoint.arrays.end(), name_, array());
    }
    if (source_.left() > 0) {
      throw Refusal(fmt::format("the contents end before the file does: {} bytes too many", source_.left()));
    }
    return checkpoint;
  }

 private:
  template <class T>
  T number() {
    require_left(sizeof(T));
    T value{};
    reader_(value);
    return value;
  }

  void require_left(std::uint64_t size) const {
    if (size <= source_.left()) return;
    throw Refusal(
        fmt::format("a size runs over the end of the file: {} bytes, but {} are left", size, source_.left()));
  }

  std::uint64_t count(std::string_view what, std::uint64_t limit, std::uint64_t bytes_of_one) {
    const auto count = number<std::uint64_t>();
    require_at_most(fmt::format("the number of {}", what), count, limit);
    if (count > source_.left() / bytes_of_one) {
      throw Refusal(
          fmt::format("there cannot be {} {} in the {} bytes that are left", count, what, source_.left()));
    }
    return count;
  }

  std::string string(std::uint64_t size) {
    require_left(size);
    std::string text(static_cast<std::size_t>(size), '\0');
    reader_(cereal::binary_data(text.data(), text.size()));
    return text;
  }

  /// Names are in ascending order, which excludes duplicates.
  template <class Map>
  void next_name(const Map& before) {
    const auto size = number<std::uint64_t>();
    require_at_most("the bytes of a name", size, limits_.name);
    name_ = string(size);
    require_name(name_, limits_);
    if (before.empty() || before.rbegin()->first < name_) return;
    const bool twice = before.count(name_) > 0;
    throw Refusal(fmt::format("{}: '{}' after '{}'",
                              twice ? "a name is there twice" : "the names are not in order", name_,
                              before.rbegin()->first));
  }

  Array array() {
    const auto dtype = number<std::uint8_t>();
    if (dtype > static_cast<std::uint8_t>(DType::boolean)) {
      throw Refusal(fmt::format("'{}' has an unknown dtype: {}; the largest known is {}", name_, dtype,
                                static_cast<int>(DType::boolean)));
    }
    const auto rank = number<std::uint8_t>();
    require_at_most(fmt::format("the rank of '{}'", name_), rank,
                    std::min<std::uint64_t>(limits_.rank, Shape::max_rank));
    std::array<Index, Shape::max_rank> lengths{};
    for (std::size_t axis = 0; axis < rank; ++axis) {
      const auto length = number<std::uint64_t>();
      require_at_most(fmt::format("the length of an axis of '{}'", name_), length, std::uint64_t{1} << 48);
      lengths[axis] = static_cast<Index>(length);
    }
    // Throws if there are more elements than any memory holds; below that, no product of sizes overflows.
    const Spec spec{static_cast<DType>(dtype), Shape(std::span<const Index>(lengths.data(), rank))};
    require_left(spec.bytes());
    Array array(spec);
    with_stored_type(spec.dtype, [&](auto type) {
      reader_(cereal::binary_data(static_cast<decltype(type)*>(array.data()), array.bytes()));
    });
    if (spec.dtype == DType::boolean) require_booleans(array);
    return array;
  }

  /// Reading a bool that is neither 0 nor 1 would be undefined behaviour.
  void require_booleans(const Array& array) const {
    const auto* bytes = static_cast<const std::uint8_t*>(array.data());
    for (std::size_t i = 0; i < array.bytes(); ++i) {
      if (bytes[i] > 1)
        throw Refusal(fmt::format("'{}' has a boolean that is neither 0 nor 1: {}", name_, bytes[i]));
    }
  }

  Source& source_;
  const Limits& limits_;
  std::istream stream_;
  Reader reader_;
  std::string name_;
};

}  // namespace

void require_at_most(std::string_view what, std::uint64_t value, std::uint64_t limit) {
  if (value > limit)
    throw Refusal(fmt::format("{} may be at most {}: got {}; see io::Limits", what, limit, value));
}

void require_name(std::string_view name, const Limits& limits) {
  if (name.empty()) throw Refusal("a name is empty: every text and array needs one");
  require_at_most("the bytes of a name", name.size(), limits.name);
}

void require_within(const Checkpoint& checkpoint, const Limits& limits) {
  require_at_most("the number of texts", checkpoint.texts.size(), limits.texts);
  require_at_most("the number of arrays", checkpoint.arrays.size(), limits.arrays);
  for (const auto& [name, text] : checkpoint.texts) {
    require_name(name, limits);
    require_at_most(fmt::format("the bytes of the text '{}'", name), text.size(), limits.text);
  }
  for (const auto& [name, array] : checkpoint.arrays) {
    require_name(name, limits);
    if (!array.defined())
      throw Refusal(fmt::format("the array '{}' is undefined; give it a value or leave it out", name));
    require_at_most(fmt::format("the rank of '{}'", name), static_cast<std::uint64_t>(array.shape().rank()),
                    limits.rank);
  }
}

void write_payload(Sink& sink, const Checkpoint& checkpoint) {
  std::ostream stream(&sink);
  Writer writer(stream, Writer::Options::LittleEndian());
  writer(static_cast<std::uint64_t>(checkpoint.texts.size()));
  for (const auto& [name, text] : checkpoint.texts) {
    write_string(writer, name);
    write_string(writer, text);
  }
  writer(static_cast<std::uint64_t>(checkpoint.arrays.size()));
  for (const auto& [name, array] : checkpoint.arrays) {
    write_string(writer, name);
    write_array(writer, array);
  }
  sink.finish();
}

Checkpoint read_payload(Source& source, const Limits& limits) {
  // The first byte is cereal's: 1 means little endian, the only order ever written.
  if (source.sgetc() != 1)
    throw Refusal("the contents do not start with the byte 1, which says little endian");
  return Parser(source, limits).parse();
}

}  // namespace sluice::io
