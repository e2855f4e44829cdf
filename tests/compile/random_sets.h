#pragma once

#include <sluice/compile/pass.h>

#include <string>

namespace sluice::test {

/// A set of passes and lowering switches to try beside all of them, and how SLUICE_PASSES says it.
struct NamedSet {
  std::string name;
  PassSet set;
};

/// For each seed another one: none, each alone, all but each; and for every other seed some of them.
NamedSet set_of(unsigned seed);

/// A build tries one in so many of what a release build does: debug builds, with sanitizers or without, are
/// ten times slower.
#ifdef NDEBUG
inline constexpr unsigned share = 1;
#else
inline constexpr unsigned share = 10;
#endif

}  // namespace sluice::test
