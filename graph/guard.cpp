#include <sluice/graph/guard.h>

#include <fmt/format.h>

namespace sluice::detail {

void throw_foreign(const Op& op, const char* function, const std::exception& exception, Location where) {
  throw Error(
      fmt::format("[{0}] an op throws sluice::Error: got another exception in {1}, \"{2}\"; correct {1} "
                  "of the op '{0}'",
                  op.name(), function, exception.what()),
      where);
}

}  // namespace sluice::detail
