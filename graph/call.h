#pragma once

#include <sluice/graph/error.h>

namespace sluice::detail {

/// A call of a public function, for the lifetime of this object: its name and the user's line. Errors thrown
/// and nodes made meanwhile carry both, so a user who called cross_entropy reads "[cross_entropy] ...
/// (main.cpp:12)" and nothing about the functions it is made of:
///
///     Tensor cross_entropy(const Operand& logits, ...) {
///       const Call call("cross_entropy", logits.where());
///       ...                                               // log_softmax, take_along_axis, mean
///     }
///
/// A call from a line of the library changes nothing: the user's call stays current. A call from a line of
/// the user becomes the current one until it returns, also in the body of a scan or the step of a cell. Each
/// thread has one current call; it ends with the C++ scope.
class Call {
 public:
  /// `caller` is a literal. It names a line that does not carry a name yet; null keeps the names of ops.
  Call(const char* caller, Location where);
  /// For work on behalf of an existing node, such as its gradient.
  explicit Call(Location where) : Call(nullptr, where) {}
  ~Call();
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;

  /// `where` if it is a line of the user, with the name of the current call if that was made there; else the
  /// line of the current call; unknown if there is none.
  static Location user_of(Location where);

 private:
  Location before_;
};

}  // namespace sluice::detail
