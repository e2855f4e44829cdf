#include <sluice/graph/call.h>
#include <sluice/graph/error.h>
#include <sluice/kernels/refuse.h>

#include <fmt/format.h>

#include <string_view>

namespace sluice {

std::string Location::text() const {
  if (file == nullptr) return {};
  std::string_view path = file;
  // The compiled-in path is long and differs between machines; its last two parts identify the file.
  if (auto slash = path.rfind('/'); slash != std::string_view::npos && slash > 0) {
    if (auto before = path.rfind('/', slash - 1); before != std::string_view::npos)
      path.remove_prefix(before + 1);
  }
  return fmt::format("{}:{}", path, line);
}

namespace {

/// "[linear] rule" called by recurrent becomes "[recurrent] in linear: rule".
std::string named_after(std::string_view caller, const std::string& message) {
  const auto end = message.find(']');
  if (message.empty() || message[0] != '[' || end == std::string::npos) return message;
  const auto who = std::string_view(message).substr(1, end - 1);
  if (who == caller) return message;
  return fmt::format("[{}] in {}:{}", caller, who, std::string_view(message).substr(end + 1));
}

}  // namespace

Error::Error(const std::string& message, Location where)
    : std::runtime_error(message), message_(message), text_(message) {
  locate(detail::Call::user_of(where));
}

void Error::locate(Location where) {
  if (where_.of_user() || !where.of_user()) return;
  where_ = where;
  if (where.caller != nullptr) message_ = named_after(where.caller, message_);
  compose();
}

void Error::add(const std::string& context) {
  message_ += context;
  compose();
}

void Error::compose() {
  text_ = message_;
  if (where_.of_user()) text_ += fmt::format(" ({})", where_.text());
}

void kernels::refuse(const std::string& message) { throw Error(message); }

}  // namespace sluice
