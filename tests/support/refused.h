#pragma once

#include <sluice/graph/error.h>

#include <functional>
#include <string>

namespace sluice::test {

/// f throws an Error with this text and a line of the file that asks.
void check_refused(const std::function<void()>& f, const std::string& text,
                   Location where = Location::current());

}  // namespace sluice::test
