#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

// Reads the golden values in tests/golden and the conformance vectors of other projects. It knows no tensors,
// so it serves the tests of every room.

namespace sluice::test {

/// Numbers in row-major order. A scalar has the empty shape and one number.
struct Array {
  std::vector<std::int64_t> shape;
  std::vector<double> data;

  /// The numbers in another type, such as `float` or `std::int32_t`.
  template <class T>
  std::vector<T> as() const {
    std::vector<T> result;
    result.reserve(data.size());
    for (const double value : data) result.push_back(static_cast<T>(value));
    return result;
  }
};

/// A value of a JSON file: an object with named entries, a list, or a plain value. Cheap to copy; keeps its
/// file alive.
///
/// Every access takes a path: keys or positions joined by '/', such as "options/bias" or "expected/0"; the
/// empty path is the record itself. An entry that is missing or of another kind throws std::runtime_error,
/// which names the file, the path and what is there.
class Record {
 public:
  /// Reads a file. Throws std::runtime_error when it cannot be opened or is not JSON.
  static Record read(const std::filesystem::path& file);

  bool has(std::string_view path) const;

  Record at(std::string_view path) const;

  /// An object {"shape": ..., "data": ...}, or a list of numbers or of equally long lists of numbers. The
  /// texts "inf",
  /// "-inf" and "nan" count as numbers.
  Array array(std::string_view path = "") const;

  /// A number, true (1), false (0), or one of the texts "inf", "-inf" and "nan".
  double number(std::string_view path = "") const;

  /// As `number`; throws when it is not whole.
  std::int64_t integer(std::string_view path = "") const;

  bool flag(std::string_view path = "") const;

  std::string text(std::string_view path = "") const;

  /// A list of texts.
  std::vector<std::string> texts(std::string_view path = "") const;

  /// The keys of an object, in the order of the file.
  std::vector<std::string> keys(std::string_view path = "") const;

  /// The elements of a list.
  std::vector<Record> items(std::string_view path = "") const;

  /// File and path, for messages.
  const std::string& where() const { return where_; }

 private:
  Record(std::shared_ptr<const void> value, std::string where);

  std::shared_ptr<const void> value_;  // a JSON node, whose type stays out of this header
  std::string where_;
};

/// A file of tests/golden: cases by name. tests/golden/README.md says what they hold.
///
///     const auto golden = Golden::open("lstm.json");
///     for (const std::string& name : golden.names()) {
///       const Array x = golden.at(name).array("x");
class Golden {
 public:
  /// Throws std::runtime_error when tests/golden has no such file.
  static Golden open(std::string_view file);

  /// In the order of the file.
  const std::vector<std::string>& names() const { return names_; }

  /// Throws std::runtime_error when there is no such case.
  Record at(const std::string& name) const;

  /// What made the file: package, version, dtype, script.
  Record source() const { return file_.at("source"); }

 private:
  explicit Golden(Record file);

  Record file_;
  std::vector<std::string> names_;
};

/// The folder with the conformance vectors of other projects, or nothing where it is absent: the environment
/// variable SLUICE_VECTORS, or shared/vectors beside the source tree.
std::optional<std::filesystem::path> vectors_folder();

/// A file of that folder, such as "webnn/lstm.json", or nothing where the folder is absent; a test then
/// reports `vectors_absent()` and returns. Throws std::runtime_error when the folder is there but not the
/// file.
std::optional<Record> open_vectors(std::string_view file);

/// Why a test is skipped, and what to do about it.
std::string vectors_absent();

}  // namespace sluice::test
