#pragma once

#include <stdexcept>
#include <string>

namespace sluice {

/// The line of user code an operation was called from. Captured by default arguments, so that an error in a
/// graph of thousands of nodes names the line that made the node. (Stands in for std::source_location, which
/// clang 14 does not have.)
struct Location {
  const char* file = nullptr;  ///< null where the line is not known
  int line = 0;

  static constexpr Location current(const char* file = __builtin_FILE(), int line = __builtin_LINE()) {
    return {file, line};
  }
};

/// What the library throws on a user's error. The text reads "[who] rule: both values; what to do
/// (file:line)".
class Error : public std::runtime_error {
 public:
  explicit Error(const std::string& message, Location where = {});

  const char* what() const noexcept override { return text_.c_str(); }
  /// Adds the line of user code, unless one is known already. Used by whoever runs an op on a user's behalf.
  void locate(Location where);
  /// Adds what the error happened inside of.
  void add(const std::string& context) { text_ += context; }

 private:
  std::string text_;
  bool located_ = false;
};

/// Shapes, axes or dtypes that do not fit an operation.
class ShapeError : public Error {
 public:
  using Error::Error;
};

}  // namespace sluice
