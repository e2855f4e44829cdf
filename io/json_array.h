#pragma once

#include <sluice/graph/array.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// One array of a checkpoint in JSON, parsed piece by piece. All members throw Refusal.
namespace sluice::io {

class JsonArray {
 public:
  explicit JsonArray(std::string name, std::uint64_t max_rank)
      : name_(std::move(name)), max_rank_(max_rank) {}

  /// Checks that a member may follow: "dtype" and "shape" before "values", each once.
  void begin(std::string_view member);
  void set_dtype(std::string_view name);
  void add_length(std::uint64_t length);
  void end_shape();

  void add(bool value);
  void add(std::int64_t value);
  void add(std::uint64_t value);
  void add_digits(std::string digits);        ///< a number with a point or an exponent, as written
  void add_special(const std::string& text);  ///< "inf", "-inf" or "nan:" and bits

  /// The array; throws unless it is complete.
  Array finish() const;

 private:
  template <class T>
  void append(T value);
  template <class Real>
  Real parsed(const std::string& digits) const;
  template <class Real, class Bits>
  Real special(const std::string& text) const;
  template <class T>
  void add_integer(T value);
  [[noreturn]] void wrong_value(std::string_view value) const;

  std::string name_;
  std::uint64_t max_rank_;
  std::optional<DType> dtype_;
  std::optional<Shape> shape_;
  std::vector<Index> lengths_;
  std::vector<unsigned char> bytes_;  // grows with the values present, not with the size the shape claims
  bool has_values_ = false;
};

/// A number in hexadecimal digits, all of `text`. Throws Refusal.
std::uint64_t hexadecimal(std::string_view text);

}  // namespace sluice::io
