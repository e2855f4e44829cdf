#pragma once

#include <sluice/graph/error.h>

#include <functional>
#include <string>

/// Checks that the call throws sluice::Error whose text has the form
///
///     [who] rule: got values; what to do (folder/file.cpp:line)
///
/// where `who` is what the user called, `part` is found in the text, and the line is that of the call: within
/// some lines of where this check is written, for a check may be longer than a line.
void refuses(const std::string& who, const std::string& part, const std::function<void()>& call,
             sluice::Location where = sluice::Location::current());
