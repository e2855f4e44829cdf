#pragma once

#include <sluice/graph/nest.h>

#include <concepts>
#include <type_traits>

/// Which functions can be compiled, for which arguments.
namespace sluice::detail {

/// What a compiled function returns: void, or a nest rebuilt.
template <class Result>
struct ReturnedAs {
  using type = typename Nest<Result>::type;
};
template <>
struct ReturnedAs<void> {
  using type = void;
};
template <class F, class... Args>
using Returned =
    typename ReturnedAs<std::decay_t<std::invoke_result_t<const F&, typename Nest<Args>::type...>>>::type;

/// Whether a function can be compiled for these arguments. If not, the C++ compiler prints one line of advice
/// and nothing else.
template <class F, class... Args>
constexpr bool can_be_compiled() {
  constexpr bool nests = (Nest<Args>::is_nest && ...);
  static_assert(
      nests,
      "compile: arguments are Tensors, numbers, lists, pairs and structs of Tensors; a struct has up "
      "to 8 members, all of these kinds but numbers, and no constructors; hand over numbers, and "
      "what else a function needs, as arguments or captures of their own");
  if constexpr (nests) {
    constexpr bool callable = requires(const F& f, typename Nest<Args>::type... arguments) {
      f(arguments...);
    };
    static_assert(
        callable,
        "compile: the function cannot be called with these arguments; it takes each as it is passed, but a "
        "number and a Variable as a Tensor, and is const (no mutable lambda) and free of errors of its own");
    if constexpr (callable) {
      using Result =
          std::decay_t<decltype(std::declval<const F&>()(std::declval<typename Nest<Args>::type>()...))>;
      constexpr bool fits =
          std::is_void_v<Result> || (Nest<Result>::is_nest && !std::is_arithmetic_v<Result>);
      static_assert(
          fits,
          "compile: results are nothing, or Tensors, and lists, pairs and structs of Tensors; return "
          "anything else as one of these");
      return fits;
    }
  }
  return false;
}

/// An example of an argument that a Program is made for: an argument, or the Spec of a Tensor.
template <class T>
using Example = std::conditional_t<std::same_as<T, Spec>, Tensor, T>;
template <class T>
const T& example_of(const T& example) {
  return example;
}
Tensor example_of(const Spec& spec);

/// The specs of arguments. Throws Error for an undefined Tensor.
Specs specs_of(const Tensors& arguments);

}  // namespace sluice::detail
