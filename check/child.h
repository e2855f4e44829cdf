#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace sluice::detail {

/// Keeps what a child process is about to do where its parent can read it.
class Note {
 public:
  virtual ~Note() = default;
  virtual void write(std::string_view text) = 0;
};

/// What ended a child process early.
struct Crash {
  std::string reason;  ///< "segmentation fault"
  bool timed_out = false;
  std::string note;  ///< the last one written
};

/// Runs f in a copy of this process, so that a crash ends only the copy: the only way to find out whether
/// code of a user touches memory that is not its own. In the copy, loops run on one thread, output goes
/// nowhere, and exceptions end it as if f had returned. It is killed if 60 seconds pass without a note. Throws
/// Error if the system starts no process.
std::optional<Crash> run_in_child(const std::function<void(Note&)>& f);

}  // namespace sluice::detail
