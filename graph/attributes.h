#pragma once

#include <sluice/graph/shape.h>

#include <concepts>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace sluice {

/// Collects the members of an op by name, and makes their text: "shift=3, low=0.1". Numbers have the shortest
/// text that reads back as the same number, so different members give different texts.
class Attributes {
 public:
  void operator()(std::string_view name, bool value);
  void operator()(std::string_view name, float value);
  void operator()(std::string_view name, double value);
  void operator()(std::string_view name, std::string_view value);
  void operator()(std::string_view name, const std::string& value);
  void operator()(std::string_view name, DType value);
  void operator()(std::string_view name, const Shape& value);
  template <std::integral T>
  void operator()(std::string_view name, T value) {
    add_integer(name, static_cast<long long>(value));
    occupy<T>();
  }
  template <class T>
  requires std::is_enum_v<T>
  void operator()(std::string_view name, T value) {
    add_integer(name, static_cast<long long>(value));
    occupy<T>();
  }
  template <class T>
  void operator()(std::string_view name, const std::vector<T>& values) {
    list(name, values.begin(), values.end());
    occupy<std::vector<T>>();
  }
  template <class T>
  void operator()(std::string_view name, const std::optional<T>& value) {
    list(name, value.has_value() ? &*value : nullptr, value.has_value() ? &*value + 1 : nullptr);
    occupy<std::optional<T>>();
  }

  const std::string& text() const { return text_; }
  /// The size of a class derived from Op with these members, in this order.
  std::size_t size_of_class(std::size_t of_base) const;

 private:
  struct Member {
    std::size_t size;
    std::size_t alignment;
  };

  void add(std::string_view name, std::string_view value);
  void add_integer(std::string_view name, long long value);
  template <class T>
  void occupy() {
    members_.push_back({sizeof(T), alignof(T)});
  }
  template <class Iterator>
  void list(std::string_view name, Iterator begin, Iterator end) {
    Attributes inside;
    for (; begin != end; ++begin) inside({}, *begin);
    add(name, "[" + inside.text_ + "]");
  }

  std::string text_;
  std::vector<Member> members_;
};

}  // namespace sluice
