#pragma once

#include <stdexcept>
#include <string>

namespace sluice {

/// The line of user code an operation was called from, captured by default arguments, so that an error in a
/// graph of thousands of nodes names the line that made the node. Replaces std::source_location, which clang
/// 14 does not have.
struct Location {
  const char* file = nullptr;  ///< null if the line is not known
  int line = 0;
  /// The function called there, if the user did not call the op itself: cross_entropy, for a node of
  /// take_along_axis. A literal.
  const char* caller = nullptr;

  static constexpr Location current(const char* file = __builtin_FILE(), int line = __builtin_LINE()) {
    return {file, line, nullptr};
  }

  /// "folder/file.cpp:12"; empty if the line is not known.
  std::string text() const;

  /// The same line, with `name` (a literal) as the function called there unless one is known.
  constexpr Location of_call(const char* name) const {
    return {file, line, caller == nullptr ? name : caller};
  }

  /// Whether the line is the user's. The library's own files are compiled under names that begin with '@'
  /// (cmake/SluiceLibrary.cmake), which marks lines captured inside the library.
  constexpr bool of_user() const { return file != nullptr && *file != '@'; }
};

/// Thrown for a user's mistake. The text reads "[who] rule: both values; what to do (file:line)", with the
/// function that the user called and the user's line.
class Error : public std::runtime_error {
 public:
  /// Without a line of the user, the error takes line and name from the current call; see graph/call.h.
  explicit Error(const std::string& message, Location where = {});

  const char* what() const noexcept override { return text_.c_str(); }
  /// The text without the line.
  const std::string& message() const { return message_; }
  /// Adds the line of user code, and the function called there, unless a line is known. Used by code that
  /// runs an op on a user's behalf.
  void locate(Location where);
  /// Appends the context in which the error happened.
  void add(const std::string& context);

 private:
  void compose();

  std::string message_;
  Location where_;
  std::string text_;
};

/// Shapes, axes or dtypes that do not fit an operation.
class ShapeError : public Error {
 public:
  using Error::Error;
};

}  // namespace sluice
