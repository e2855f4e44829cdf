#include <sluice/graph/attributes.h>

#include <fmt/format.h>

#include <algorithm>

namespace sluice {

void Attributes::operator()(std::string_view name, bool value) {
  if (value || name.empty()) add(name, value ? "true" : "false");
  members_.push_back({sizeof(bool), alignof(bool)});
}

void Attributes::operator()(std::string_view name, float value) {
  add(name, fmt::format("{}", value));
  members_.push_back({sizeof(float), alignof(float)});
}

void Attributes::operator()(std::string_view name, double value) {
  add(name, fmt::format("{}", value));
  members_.push_back({sizeof(double), alignof(double)});
}

void Attributes::operator()(std::string_view name, DType value) {
  add(name, name_of(value));
  members_.push_back({sizeof(DType), alignof(DType)});
}

void Attributes::operator()(std::string_view name, const Shape& value) {
  add(name, value.text());
  members_.push_back({sizeof(Shape), alignof(Shape)});
}

void Attributes::operator()(std::string_view name, const Spec& value) {
  add(name, value.text());
  members_.push_back({sizeof(Spec), alignof(Spec)});
}

void Attributes::add_integer(std::string_view name, long long value) { add(name, fmt::format("{}", value)); }

void Attributes::add_quoted(std::string_view name, std::string_view value) {
  std::string text = "\"";
  for (const char c : value) {
    if (c == '"' || c == '\\') text += '\\';
    text += c;
  }
  add(name, text + "\"");
}

void Attributes::add_address(std::string_view name, const void* member) {
  add(name, fmt::format("{}", member));
}

void Attributes::add(std::string_view name, std::string_view value) {
  if (!text_.empty()) text_ += ", ";
  if (!name.empty()) text_.append(name).append("=");
  text_ += value;
}

std::size_t Attributes::size_of_class(std::size_t of_base) const {
  std::size_t size = of_base;
  std::size_t alignment = alignof(void*);
  const auto round_up = [&](std::size_t to) { size = (size + to - 1) / to * to; };
  for (const Member& member : members_) {
    alignment = std::max(alignment, member.alignment);
    round_up(member.alignment);
    size += member.size;
  }
  round_up(alignment);
  return size;
}

}  // namespace sluice
