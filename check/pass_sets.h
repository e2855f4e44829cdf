#pragma once

#include <sluice/compile/pass.h>

#include <string>

namespace sluice::detail {

/// A set of passes and lowering switches to try beside all of them, and how SLUICE_PASSES says it.
struct NamedSet {
  std::string name;
  PassSet set;
};

/// For each seed another one: none, each alone, all but each; and for every other seed some of them.
NamedSet set_of(unsigned seed);

}  // namespace sluice::detail
