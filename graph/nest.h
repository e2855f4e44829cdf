#pragma once

#include <sluice/graph/nest_fields.h>
#include <sluice/graph/variable.h>

#include <array>
#include <concepts>
#include <cstdint>
#include <limits>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

/// Nests: tensors in lists, pairs and structs, as the arguments and results of traced functions. (JAX calls
/// them pytrees.) A nest is flattened to the list of its tensors and rebuilt from such a list:
///
///     a Tensor, a class derived from it, a Variable           a Tensor
///     a number                                                a scalar Tensor
///     std::vector, std::array, std::pair, std::tuple          the same of what is in them
///     an aggregate of up to 8 members, all of them nests      the same struct
///     any other class                                         by a specialisation of Nest, as of nn::State
namespace sluice::detail {

/// The tensors of a nest in order, with all that is needed to rebuild it.
struct Flat {
  Tensors tensors;
  std::vector<std::size_t> lengths;  ///< of the std::vectors in it, in the order in which they are met
  std::vector<std::size_t> numbers;  ///< positions of floating-point numbers, which have no dtype yet

  void add(double number);
  void add(std::int64_t number);
  void add(bool number);
  /// Gives numbers the dtype of the first floating-point tensor, float32 if there is none. Throws ShapeError
  /// for a number that the dtype cannot represent.
  void settle_numbers();
};

/// Takes the tensors of a nest out of a list, in order.
class Unflat {
 public:
  explicit Unflat(const Tensors& tensors, const std::vector<std::size_t>& lengths)
      : tensors_(tensors), lengths_(lengths) {}

  const Tensor& tensor() { return tensors_[next_++]; }
  std::size_t length() { return lengths_[list_++]; }

 private:
  const Tensors& tensors_;
  const std::vector<std::size_t>& lengths_;
  std::size_t next_ = 0;
  std::size_t list_ = 0;
};

/// How values of type T are flattened and rebuilt: `type` is what they are rebuilt as. This one is of types
/// that are no nests.
template <class T>
struct Nest {
  static constexpr bool is_nest = false;
};

/// Nests that are rebuilt as what they were: everything but numbers, Variables and classes derived from
/// Tensor.
template <class T>
concept SameNest = Nest<T>::is_nest && std::same_as<typename Nest<T>::type, T>;

template <class T>
requires std::derived_from<T, Tensor> || std::same_as<T, Variable>
struct Nest<T> {
  static constexpr bool is_nest = true;
  using type = Tensor;
  static void flatten(const T& value, Flat& to) { to.tensors.push_back(value); }
  static Tensor rebuild(Unflat& from) { return from.tensor(); }
};

template <class T>
requires std::is_arithmetic_v<T>
struct Nest<T> {
  static constexpr bool is_nest = true;
  using type = Tensor;
  static void flatten(T number, Flat& to) {
    if constexpr (std::same_as<T, bool>) {
      to.add(number);
    } else if constexpr (std::integral<T>) {
      to.add(std::in_range<std::int64_t>(number) ? static_cast<std::int64_t>(number)
                                                 : std::numeric_limits<std::int64_t>::max());
    } else {
      to.add(static_cast<double>(number));
    }
  }
  static Tensor rebuild(Unflat& from) { return from.tensor(); }
};

/// What lists are made of: numbers are not, since a list of numbers is a tensor.
template <class T>
concept ListedNest = Nest<T>::is_nest && !std::is_arithmetic_v<T>;

template <ListedNest T>
struct Nest<std::vector<T>> {
  static constexpr bool is_nest = true;
  using type = std::vector<typename Nest<T>::type>;
  static void flatten(const std::vector<T>& values, Flat& to) {
    to.lengths.push_back(values.size());
    for (const T& value : values) Nest<T>::flatten(value, to);
  }
  static type rebuild(Unflat& from) {
    type values(from.length());
    for (auto& value : values) value = Nest<T>::rebuild(from);
    return values;
  }
};

/// std::pair, std::tuple and std::array.
template <class T, class... Parts>
struct NestOfParts {
  static constexpr bool is_nest = true;
  using type = T;
  template <class Values>
  static void flatten(const Values& values, Flat& to) {
    std::apply([&](const auto&... part) { (Nest<std::decay_t<decltype(part)>>::flatten(part, to), ...); },
               values);
  }
  // Braces fix the order: from left to right.
  static T rebuild(Unflat& from) { return T{Nest<Parts>::rebuild(from)...}; }
};
template <class A, class B>
requires(Nest<A>::is_nest&& Nest<B>::is_nest) struct Nest<std::pair<A, B>>
    : NestOfParts<std::pair<typename Nest<A>::type, typename Nest<B>::type>, A, B> {
};
template <class... T>
requires(Nest<T>::is_nest&&...) struct Nest<std::tuple<T...>>
    : NestOfParts<std::tuple<typename Nest<T>::type...>, T...> {
};
template <ListedNest T, std::size_t N>
struct Nest<std::array<T, N>> {
  static constexpr bool is_nest = true;
  using type = std::array<typename Nest<T>::type, N>;
  static void flatten(const std::array<T, N>& values, Flat& to) {
    for (const T& value : values) Nest<T>::flatten(value, to);
  }
  static type rebuild(Unflat& from) {
    type values;
    for (auto& value : values) value = Nest<T>::rebuild(from);
    return values;
  }
};

/// Aggregates, by their members.
template <class T>
struct FieldsAreNests : std::false_type {};
template <class... Fields>
struct FieldsAreNests<std::tuple<const Fields&...>> : std::bool_constant<(SameNest<Fields> && ...)> {};
template <class T>
concept StructOfNests = Struct<T> && FieldsAreNests<decltype(fields(std::declval<const T&>()))>::value;

template <StructOfNests T>
struct Nest<T> {
  static constexpr bool is_nest = true;
  using type = T;
  static void flatten(const T& value, Flat& to) {
    std::apply([&](const auto&... field) { (Nest<std::decay_t<decltype(field)>>::flatten(field, to), ...); },
               fields(value));
  }
  static T rebuild(Unflat& from) {
    return rebuild_fields(from, static_cast<decltype(fields(std::declval<const T&>()))*>(nullptr));
  }

 private:
  template <class... Fields>
  static T rebuild_fields(Unflat& from, std::tuple<const Fields&...>*) {
    return T{Nest<Fields>::rebuild(from)...};
  }
};

/// Flattens several values, such as the arguments of a call, one after the other.
template <class... T>
Flat flattened(const T&... values) {
  Flat flat;
  (Nest<T>::flatten(values, flat), ...);
  flat.settle_numbers();
  return flat;
}

}  // namespace sluice::detail
