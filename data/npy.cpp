#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include <sluice/data/npy.h>
#include <sluice/graph/error.h>
#include <sluice/io/file.h>
#include <sluice/data/npy_header.inl>

namespace sluice::data {
namespace {

/// A number of 16 bits, which C++20 has no type for.
struct Half {
  std::uint16_t bits;
};

float converted(Half half, float) {
  const int exponent = half.bits >> 10 & 31, fraction = half.bits & 1023;
  float size = std::ldexp(static_cast<float>(fraction + 1024), exponent - 25);
  if (exponent == 0) size = std::ldexp(static_cast<float>(fraction), -24);
  if (exponent == 31)
    size = fraction == 0 ? std::numeric_limits<float>::infinity() : std::numeric_limits<float>::quiet_NaN();
  return std::copysign(size, half.bits >> 15 == 0 ? 1.f : -1.f);
}
float converted(float value, float) { return value; }
double converted(double value, double) { return value; }
bool converted(std::uint8_t value, bool) { return value != 0; }
template <class Integer>
std::int32_t converted(Integer value, std::int32_t) {
  if (std::in_range<std::int32_t>(value)) return static_cast<std::int32_t>(value);
  throw io::Refusal(
      fmt::format("integers must fit into 32 bits: got {}; convert the array with astype('f8')", value));
}

/// Where elements that come in the order of a file belong in memory, which is row-major.
class Places {
 public:
  Places(const Shape& shape, bool fortran_order) {
    Index step = 1;
    for (Index axis = shape.rank() - 1; axis >= 0; --axis) {
      axes_.push_back({shape[axis], step, 0});
      step *= shape[axis];
    }
    if (fortran_order) std::reverse(axes_.begin(), axes_.end());
  }

  std::size_t next() {
    const Index place = place_;
    for (Axis& axis : axes_) {
      place_ += axis.step;
      if (++axis.position < axis.length) break;
      place_ -= axis.step * axis.length;
      axis.position = 0;
    }
    return static_cast<std::size_t>(place);
  }

 private:
  struct Axis {
    Index length, step, position;
  };
  std::vector<Axis> axes_;  // the one that changes fastest in the file comes first
  Index place_ = 0;
};

/// Reads the elements, of type Stored in the file, piece by piece.
template <class Stored, class T>
void read_values(io::InputFile& file, const detail::NpyHeader& header, Array& array) {
  const std::span<T> values = array.values<T>();
  Places places(header.shape, header.fortran_order);
  constexpr std::size_t piece = std::size_t{1} << 16;
  std::vector<std::byte> bytes(std::min(piece, values.size()) * sizeof(Stored));
  for (std::size_t done = 0; done < values.size(); done += piece) {
    const std::size_t count = std::min(piece, values.size() - done);
    file.read(bytes.data(), count * sizeof(Stored), header.size + done * sizeof(Stored));
    for (std::size_t i = 0; i < count; ++i) {
      const std::span<std::byte> element = std::span(bytes).subspan(i * sizeof(Stored), sizeof(Stored));
      if (header.swapped) std::reverse(element.begin(), element.end());
      Stored stored{};
      std::memcpy(&stored, element.data(), sizeof stored);
      values[places.next()] = converted(stored, T{});
    }
  }
}

struct NpyType {
  std::string_view name;
  std::size_t size;
  DType dtype;
  void (*read)(io::InputFile& file, const detail::NpyHeader& header, Array& array);
};

constexpr std::array npy_types{
    NpyType{"f2", 2, DType::float32, read_values<Half, float>},
    NpyType{"f4", 4, DType::float32, read_values<float, float>},
    NpyType{"f8", 8, DType::float64, read_values<double, double>},
    NpyType{"i1", 1, DType::int32, read_values<std::int8_t, std::int32_t>},
    NpyType{"i2", 2, DType::int32, read_values<std::int16_t, std::int32_t>},
    NpyType{"i4", 4, DType::int32, read_values<std::int32_t, std::int32_t>},
    NpyType{"i8", 8, DType::int32, read_values<std::int64_t, std::int32_t>},
    NpyType{"u1", 1, DType::int32, read_values<std::uint8_t, std::int32_t>},
    NpyType{"u2", 2, DType::int32, read_values<std::uint16_t, std::int32_t>},
    NpyType{"u4", 4, DType::int32, read_values<std::uint32_t, std::int32_t>},
    NpyType{"u8", 8, DType::int32, read_values<std::uint64_t, std::int32_t>},
    NpyType{"b1", 1, DType::boolean, read_values<std::uint8_t, bool>},
};

const NpyType& npy_type(const detail::NpyHeader& header) {
  std::vector<std::string_view> names;
  for (const NpyType& type : npy_types) {
    if (type.name == header.type) return type;
    names.push_back(type.name);
  }
  throw io::Refusal(fmt::format("the dtype must be one of {}: got {}; convert the array with astype",
                                fmt::join(names, ", "), header.type));
}

Tensor read_array(io::InputFile& file) {
  const detail::NpyHeader header = detail::read_npy_header(file);
  const NpyType& type = npy_type(header);
  const std::uint64_t left = file.size() - header.size;
  const std::uint64_t needed = static_cast<std::uint64_t>(header.shape.size()) * type.size;
  if (left != needed) {
    throw io::Refusal(
        fmt::format("the values of {}{} must have {} bytes: got {}; copy or write the file again",
                    header.type, header.shape.text(), needed, left));
  }
  Array array({type.dtype, header.shape}, Location{});
  type.read(file, header, array);
  return Tensor(array);
}

std::string npy_header(const Spec& spec) {
  const char order = std::endian::native == std::endian::little ? '<' : '>';
  const std::string descr = spec.dtype == DType::boolean   ? "|b1"
                            : spec.dtype == DType::float32 ? fmt::format("{}f4", order)
                            : spec.dtype == DType::float64 ? fmt::format("{}f8", order)
                                                           : fmt::format("{}i4", order);
  const Shape& shape = spec.shape;
  std::string text = fmt::format("{{'descr': '{}', 'fortran_order': False, 'shape': ({}{}), }}", descr,
                                 fmt::join(shape.begin(), shape.end(), ", "), shape.rank() == 1 ? "," : "");
  constexpr std::size_t before = 10, alignment = 64;  // of the values, for those who map the file
  while ((before + text.size() + 1) % alignment != 0) text += ' ';
  text += '\n';
  std::string bytes("\x93NUMPY\x01\0", 8);
  bytes += static_cast<char>(text.size() % 256);
  bytes += static_cast<char>(text.size() / 256);
  return bytes + text;
}

}  // namespace

Tensor read_npy(const std::string& path, Location where) {
  const sluice::detail::Call call("read_npy", where);
  return io::guard("read_npy", path, [&] {
    io::FileCalls calls;
    io::InputFile file(calls, path);
    return read_array(file);
  });
}

void write_npy(const std::string& path, const Tensor& tensor, Location where) {
  const sluice::detail::Call call("write_npy", where);
  if (!tensor.has_value()) {
    throw Error(fmt::format("[write_npy] the tensor must be a constant: got {}; evaluate it first",
                            tensor.defined() ? tensor.spec().text() : "an undefined one"));
  }
  io::guard("write_npy", path, [&] {
    io::FileCalls calls;
    io::Replacement file(calls, path);
    const std::string header = npy_header(tensor.spec());
    file.write(header.data(), header.size());
    file.write(tensor.value().data(), tensor.value().bytes());
    file.commit();
  });
}

}  // namespace sluice::data
