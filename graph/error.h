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
  /// The function called there, where it is not the op itself that the user called: cross_entropy, for a node
  /// of take_along_axis. A literal.
  const char* caller = nullptr;

  static constexpr Location current(const char* file = __builtin_FILE(), int line = __builtin_LINE()) {
    return {file, line, nullptr};
  }

  /// "folder/file.cpp:12"; empty where the line is not known.
  std::string text() const;

  /// The same line, where `name` (a literal) was called, if nobody is known yet to have been.
  constexpr Location of_call(const char* name) const {
    return {file, line, caller == nullptr ? name : caller};
  }

  /// Whether the line is the user's. The library's own files are compiled under names that begin with '@'
  /// (cmake/SluiceLibrary.cmake), so a line captured inside of the library is known for what it is.
  constexpr bool of_user() const { return file != nullptr && *file != '@'; }
};

/// What the library throws on a user's error. The text reads "[who] rule: both values; what to do
/// (file:line)", with the function that the user called and the user's line.
class Error : public std::runtime_error {
 public:
  /// Without a line of the user, the error takes line and name from the call under way; see graph/call.h.
  explicit Error(const std::string& message, Location where = {});

  const char* what() const noexcept override { return text_.c_str(); }
  /// The text without the line.
  const std::string& message() const { return message_; }
  /// Adds the line of user code, and the function called there, unless a line is known already. Used by
  /// whoever runs an op on a user's behalf.
  void locate(Location where);
  /// Adds what the error happened inside of.
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
