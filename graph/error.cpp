#include <sluice/graph/error.h>

#include <fmt/format.h>

#include <string_view>

namespace sluice {

Error::Error(const std::string& message, Location where) : std::runtime_error(message), text_(message) {
  locate(where);
}

void Error::locate(Location where) {
  if (located_ || where.file == nullptr) return;
  std::string_view file = where.file;
  // The path as the compiler saw it is long and differs between machines; the last two parts find the file.
  if (auto slash = file.rfind('/'); slash != std::string_view::npos) {
    if (auto before = file.rfind('/', slash - 1); slash > 0 && before != std::string_view::npos) {
      file.remove_prefix(before + 1);
    }
  }
  text_ += fmt::format(" ({}:{})", file, where.line);
  located_ = true;
}

}  // namespace sluice
