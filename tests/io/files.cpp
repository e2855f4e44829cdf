#include "io/files.h"

#include <sluice/io/checksum.h>
#include <sluice/io/envelope.h>

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <limits>
#include <span>
#include <stdexcept>

namespace sluice::io {
namespace {

template <class T>
Array array(const std::vector<T>& values, const Shape& shape) {
  return Array::of(std::span<const T>(values), shape);
}

float float_of(std::uint32_t bits) {
  float value = 0;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

}  // namespace

int InMemory::open(const char*, int, unsigned) { return 1000; }  // not a descriptor of any other file
int InMemory::close(int) { return 0; }
int InMemory::status(int, struct stat* status) {
  status->st_mode = S_IFREG;
  status->st_size = static_cast<off_t>(bytes_.size());
  return 0;
}
long InMemory::read_at(int, void* bytes, std::size_t size, std::uint64_t offset) {
  return static_cast<long>(bytes_.copy(static_cast<char*>(bytes), size, static_cast<std::size_t>(offset)));
}

Checkpoint sample() {
  using Doubles = std::numeric_limits<double>;
  using Floats = std::numeric_limits<float>;
  Checkpoint checkpoint;
  checkpoint.texts = {{"configuration", R"({"cell": "lstm", "hidden": 128})"},
                      {"empty", ""},
                      {"vocabulary", "[\"a\", \"\xC3\xA4\", \"\\n\"]\n"}};
  auto& arrays = checkpoint.arrays;
  arrays["f32"] = array<float>(
      {1.5f, -0.0f, 0.1f, Floats::infinity(), -Floats::infinity(), Floats::denorm_min()}, {2, 3});
  arrays["f32.nan"] = array<float>({float_of(0x7FC00001), float_of(0xFFC12345), float_of(0x7F800001)}, {3});
  arrays["f64"] = array<double>(
      {0.1, Doubles::quiet_NaN(), Doubles::denorm_min(), Doubles::max(), -0.0, 1e300}, {3, 2, 1});
  arrays["i32"] = array<std::int32_t>({std::numeric_limits<std::int32_t>::min(), -1, 0, 2147483647}, {4});
  arrays["bool"] = Array({DType::boolean, {2}});
  arrays["bool"].values<bool>()[0] = true;
  arrays["bool"].values<bool>()[1] = false;
  arrays["scalar"] = array<float>({42.f}, {});
  arrays["empty"] = Array({DType::float32, {0}});
  arrays["empty axes"] = Array({DType::float64, {3, 0, 5}});
  arrays["eight axes"] = array<std::int32_t>({1, 2, 3, 4}, {1, 1, 2, 1, 1, 2, 1, 1});
  return checkpoint;
}

bool same(const Checkpoint& a, const Checkpoint& b) {
  return a.texts == b.texts &&
         std::equal(a.arrays.begin(), a.arrays.end(), b.arrays.begin(), b.arrays.end(),
                    [](const auto& x, const auto& y) {
                      return x.first == y.first && x.second.spec() == y.second.spec() &&
                             (x.second.bytes() == 0 ||
                              std::memcmp(x.second.data(), y.second.data(), x.second.bytes()) == 0);
                    });
}

std::string with_header(const std::string& contents) {
  Header header;
  header.size = contents.size();
  header.sum = checksum(contents.data(), contents.size());
  const HeaderBytes bytes = encode(header);
  return std::string(bytes.begin(), bytes.end()) + contents;
}

std::string bytes_of(std::uint64_t number, std::size_t size) {
  std::string bytes(size, '\0');
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<char>(number >> (8 * i));
  return bytes;
}

}  // namespace sluice::io
