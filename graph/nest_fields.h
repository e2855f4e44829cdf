#pragma once

#include <concepts>
#include <cstddef>
#include <tuple>
#include <type_traits>
#include <utility>

/// The members of a struct that declares no constructors, in order, without their names.
namespace sluice::detail {

inline constexpr std::size_t most_fields = 8;

/// Converts to anything, to find out how many values a struct can be made of.
template <class Struct>
struct AnyField {
  template <class T>
  requires(!std::same_as<T, Struct>) operator T()
      const;  // NOLINT(google-explicit-constructor): used unevaluated only
};

/// Converts to the base classes of a struct, whose members cannot be taken apart with its own.
template <class Struct>
struct AnyBase {
  template <class T>
  requires(std::is_base_of_v<T, Struct> && !std::same_as<T, Struct>) operator T()
      const;  // NOLINT(google-explicit-constructor): used unevaluated only
};
template <class T>
concept HasBase = requires {
  T{AnyBase<T>{}};
};

template <class T, std::size_t... I>
constexpr bool is_made_of(std::index_sequence<I...>) {
  return requires { T{(static_cast<void>(I), AnyField<T>{})...}; };
}

/// The number of members of an aggregate; most_fields + 1 if there are more.
template <class T, std::size_t N = most_fields + 1>
constexpr std::size_t count_fields() {
  if constexpr (N == 0 || is_made_of<T>(std::make_index_sequence<N>{})) {
    return N;
  } else {
    return count_fields<T, N - 1>();
  }
}

/// A struct without constructors, base classes or virtual functions, of 1 to 8 members.
template <class T>
concept Struct = std::is_class_v<T> && std::is_aggregate_v<T> && !std::is_polymorphic_v<T> && !HasBase<T> &&
                 count_fields<T>() > 0 && count_fields<T>() <= most_fields;

/// References to the members of a struct.
template <Struct T>
constexpr auto fields(const T& value) {
  constexpr std::size_t count = count_fields<T>();
  if constexpr (count == 1) {
    const auto& [a] = value;
    return std::tie(a);
  } else if constexpr (count == 2) {
    const auto& [a, b] = value;
    return std::tie(a, b);
  } else if constexpr (count == 3) {
    const auto& [a, b, c] = value;
    return std::tie(a, b, c);
  } else if constexpr (count == 4) {
    const auto& [a, b, c, d] = value;
    return std::tie(a, b, c, d);
  } else if constexpr (count == 5) {
    const auto& [a, b, c, d, e] = value;
    return std::tie(a, b, c, d, e);
  } else if constexpr (count == 6) {
    const auto& [a, b, c, d, e, f] = value;
    return std::tie(a, b, c, d, e, f);
  } else if constexpr (count == 7) {
    const auto& [a, b, c, d, e, f, g] = value;
    return std::tie(a, b, c, d, e, f, g);
  } else {
    const auto& [a, b, c, d, e, f, g, h] = value;
    return std::tie(a, b, c, d, e, f, g, h);
  }
}

}  // namespace sluice::detail
