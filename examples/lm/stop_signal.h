#pragma once

namespace lm {

/// Turns the first SIGINT or SIGTERM into a flag, so that a training can finish its step and save. A second
/// one ends the program at once.
void watch_for_stop();

/// Whether a signal came.
bool stop_requested();

/// Makes writes beyond a limit on the size of files fail like a full disk, instead of terminating the
/// program.
void report_size_limits();

}  // namespace lm
