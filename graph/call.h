#pragma once

#include <sluice/graph/error.h>

namespace sluice::detail {

/// A call of a public function, from construction to destruction: who was called, and the user's line. Errors
/// thrown and nodes made meanwhile are named after it, so that a user who called cross_entropy reads
/// "[cross_entropy] ... (main.cpp:12)" and nothing of what it is made of:
///
///     Tensor cross_entropy(const Operand& logits, ...) {
///       const Call call("cross_entropy", logits.where());
///       ...                                               // log_softmax, take_along_axis, mean
///     }
///
/// A call from a line inside of the library changes nothing: what the user called goes on. A call from a line
/// of the user takes over until it returns, in the body of a scan or the step of a cell as anywhere. One per
/// thread is under way, and it ends with the C++ scope.
class Call {
 public:
  /// `caller` is a literal. It names a line that does not name its own yet; null leaves the names of ops.
  Call(const char* caller, Location where);
  /// For work on behalf of an existing node, such as its gradient.
  explicit Call(Location where) : Call(nullptr, where) {}
  ~Call();
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;

  /// `where` if it is a line of the user, with the name of the call under way if that is a call there; else
  /// the line of the call under way; unknown if there is none.
  static Location user_of(Location where);

 private:
  Location before_;
};

}  // namespace sluice::detail
