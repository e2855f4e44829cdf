#pragma once

#include <sluice/check/pass_sets.h>

namespace sluice::test {

using detail::NamedSet;
using detail::set_of;

/// A build tries one in so many of what a release build does: debug builds, with sanitizers or without, are
/// ten times slower.
#ifdef NDEBUG
inline constexpr unsigned share = 1;
#else
inline constexpr unsigned share = 10;
#endif

}  // namespace sluice::test
