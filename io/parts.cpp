#include <sluice/io/parts.h>

namespace sluice::io {

Parts::Parts(std::initializer_list<Part> parts, Location where) {
  const sluice::detail::Call call("parts", where);
  const Members members(variables_);
  for (const Part& part : parts) {
    for (const auto& [name, variable] : part.variables) members(name, variable);
  }
}

}  // namespace sluice::io
