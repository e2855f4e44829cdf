#include <sluice/graph/attributes.h>

#include <fmt/format.h>

#include <algorithm>

namespace sluice {

namespace {

std::size_t rounded_up(std::size_t size, std::size_t to) { return (size + to - 1) / to * to; }

/// Whether a text can be read in one way only, also among others: "0:2", or one list, "[0, 1]".
bool is_plain(std::string_view text) {
  const bool is_list = text.size() >= 2 && text.front() == '[' && text.back() == ']';
  if (is_list) return text.substr(1, text.size() - 2).find_first_of("\"[]=\\") == std::string_view::npos;
  return !text.empty() && text.find_first_of(",\"[]=\\") == std::string_view::npos;
}

}  // namespace

void Attributes::operator()(std::string_view name, bool value) {
  if (writes_ && (value || name.empty())) add(name, value ? "true" : "false");
  note(sizeof(bool), alignof(bool));
}

void Attributes::operator()(std::string_view name, float value) {
  if (writes_) add(name, fmt::format("{}", value));
  note(sizeof(float), alignof(float));
}

void Attributes::operator()(std::string_view name, double value) {
  if (writes_) add(name, fmt::format("{}", value));
  note(sizeof(double), alignof(double));
}

void Attributes::operator()(std::string_view name, DType value) {
  if (writes_) add(name, name_of(value));
  note(sizeof(DType), alignof(DType));
}

void Attributes::operator()(std::string_view name, const Shape& value) {
  if (writes_) add(name, value.text());
  note(sizeof(Shape), alignof(Shape));
}

void Attributes::operator()(std::string_view name, const Spec& value) {
  if (writes_) add(name, value.text());
  note(sizeof(Spec), alignof(Spec));
}

void Attributes::add_integer(std::string_view name, long long value) { add(name, fmt::format("{}", value)); }

void Attributes::add_unsigned(std::string_view name, unsigned long long value) {
  add(name, fmt::format("{}", value));
}

void Attributes::add_text(std::string_view name, std::string_view value) {
  if (is_plain(value)) return add(name, value);
  add_quoted(name, value);
}

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
  if (!is_first_) text_ += ", ";
  is_first_ = false;
  if (!name.empty()) text_.append(name).append("=");
  text_ += value;
}

void Attributes::note(std::size_t size, std::size_t alignment) {
  size_ = rounded_up(size_, alignment) + size;
  alignment_ = std::max(alignment_, alignment);
}

std::size_t Attributes::size_of_class() const { return rounded_up(size_, alignment_); }

}  // namespace sluice
