#include <sluice/compile/frozen.h>

#include <algorithm>

namespace sluice {

bool FrozenFlags::hold() const {
  return std::all_of(asked_.begin(), asked_.end(),
                     [](const Graph::Asked& asked) { return asked.variable.slot()->frozen == asked.frozen; });
}

}  // namespace sluice
