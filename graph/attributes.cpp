#include <sluice/graph/attributes.h>

#include <fmt/format.h>

#include <algorithm>

namespace sluice {

void Attributes::operator()(std::string_view name, bool value) {
  add(name, value ? "true" : "false");
  occupy<bool>();
}

void Attributes::operator()(std::string_view name, float value) {
  add(name, fmt::format("{}", value));
  occupy<float>();
}

void Attributes::operator()(std::string_view name, double value) {
  add(name, fmt::format("{}", value));
  occupy<double>();
}

void Attributes::operator()(std::string_view name, std::string_view value) {
  add(name, fmt::format("\"{}\"", value));
  occupy<std::string_view>();
}

void Attributes::operator()(std::string_view name, const std::string& value) {
  add(name, fmt::format("\"{}\"", value));
  occupy<std::string>();
}

void Attributes::operator()(std::string_view name, DType value) {
  add(name, name_of(value));
  occupy<DType>();
}

void Attributes::operator()(std::string_view name, const Shape& value) {
  add(name, value.text());
  occupy<Shape>();
}

void Attributes::add_integer(std::string_view name, long long value) { add(name, fmt::format("{}", value)); }

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
