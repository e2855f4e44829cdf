#include <sluice/graph/watch.h>

namespace sluice::detail {

namespace {
thread_local constinit Watch* watching = nullptr;
}

Watch::Watch() : before_(watching) { watching = this; }
Watch::~Watch() { watching = before_; }
Watch* Watch::current() { return watching; }

Watch::Aside::Aside(bool yes) : before_(watching) {
  if (yes) watching = nullptr;
}
Watch::Aside::~Aside() { watching = before_; }

}  // namespace sluice::detail
