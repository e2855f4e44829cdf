#pragma once

#include <sluice/graph/shape.h>

#include <cstddef>
#include <string>
#include <string_view>
#include <type_traits>

namespace sluice {

/// Collects the members of an op by name, and makes their text: "shift=3, low=0.1". Different members give
/// different texts, so that two ops of one class with the same text compute the same:
///
/// * A number has the shortest text that reads back as the same number; an enum is a number. A flag is
///   written where it is set, "keep=true".
/// * A list, such as std::vector, is that of its elements: "[2, 0]"; an empty std::optional is "[]".
/// * A struct of one's own with `members(Attributes& a) const` lists its own: "[rate=0.1, steps=3]". One with
///   `std::string attribute_text() const` is that text, which must be another for every other value.
/// * A pointer, also a smart one, is the address that it points to.
/// * Any other member, such as a std::function, counts as different in every op: its text is its own address.
///   Such ops are never taken for each other, which is always right.
///
/// A member without a name, `a({}, range)`, is its value alone.
class Attributes {
 public:
  Attributes() = default;
  /// Makes no text: for size_of_class alone, which takes less time.
  static Attributes of_sizes() {
    Attributes sizes;
    sizes.writes_ = false;
    return sizes;
  }

  void operator()(std::string_view name, bool value);
  void operator()(std::string_view name, float value);
  void operator()(std::string_view name, double value);
  void operator()(std::string_view name, DType value);
  void operator()(std::string_view name, const Shape& value);
  void operator()(std::string_view name, const Spec& value);
  template <class T>
  void operator()(std::string_view name, const T& value) {
    if (writes_) write(name, value);
    note(sizeof(T), alignof(T));
  }

  const std::string& text() const { return text_; }
  /// The size of a class derived from Op with these members, in this order.
  std::size_t size_of_class() const;

 private:
  template <class T>
  void write(std::string_view name, const T& value) {
    if constexpr (std::is_unsigned_v<T>) {
      add_unsigned(name, value);
    } else if constexpr (std::is_integral_v<T> || std::is_enum_v<T>) {
      add_integer(name, static_cast<long long>(value));
    } else if constexpr (std::is_convertible_v<const T&, std::string_view> && !std::is_pointer_v<T>) {
      add_quoted(name, value);
    } else if constexpr (requires {
                           value.begin() != value.end();
                           requires !std::is_same_v<std::remove_cvref_t<decltype(*value.begin())>, T>;
                         }) {
      list(name, value.begin(), value.end());
    } else if constexpr (requires { value.has_value() ? &*value : nullptr; }) {
      list(name, value.has_value() ? &*value : nullptr, value.has_value() ? &*value + 1 : nullptr);
    } else if constexpr (requires { std::string(value.attribute_text()); }) {
      add_text(name, value.attribute_text());
    } else if constexpr (requires(Attributes & inside) { value.members(inside); }) {
      Attributes inside;
      value.members(inside);
      add(name, "[" + inside.text_ + "]");
    } else if constexpr (std::is_convertible_v<const T&, const void*>) {
      add_address(name, value);
    } else if constexpr (requires { add_address(name, value.get()); }) {
      add_address(name, value.get());
    } else {
      add_address(name, &value);
    }
  }
  void add(std::string_view name, std::string_view value);
  void add_text(std::string_view name, std::string_view value);
  void add_integer(std::string_view name, long long value);
  void add_unsigned(std::string_view name, unsigned long long value);
  void add_quoted(std::string_view name, std::string_view value);
  void add_address(std::string_view name, const void* member);
  template <class Iterator>
  void list(std::string_view name, Iterator begin, Iterator end) {
    Attributes inside;
    for (; begin != end; ++begin) inside({}, *begin);
    add(name, "[" + inside.text_ + "]");
  }

  /// The next member has this size and alignment.
  void note(std::size_t size, std::size_t alignment);

  bool writes_ = true;
  bool is_first_ = true;
  std::string text_;
  std::size_t size_ = sizeof(void*);  // of an Op, which has virtual functions and nothing else
  std::size_t alignment_ = alignof(void*);
};

}  // namespace sluice
