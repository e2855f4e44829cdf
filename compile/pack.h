#pragma once

#include <sluice/graph/variable.h>

#include <array>
#include <concepts>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace sluice::detail {

// Conversion between a function's argument and result types and the flat list of tensors of a graph.

/// The type in which the function receives an argument: lists unchanged, everything else as a Tensor.
template <class T>
using Argument = std::conditional_t<std::is_same_v<std::decay_t<T>, Tensors>, Tensors, Tensor>;

/// The result type of a compiled function: Tensor for classes derived from Tensor, such as the result of an
/// optimiser's update, and for Variables; elementwise for a std::pair, std::tuple or std::array.
template <class T>
struct ResultOf {
  static constexpr bool is_tensor = std::derived_from<T, Tensor> || std::same_as<T, Variable>;
  static constexpr bool fits = is_tensor || std::same_as<T, Tensors> || std::is_void_v<T>;
  using type = std::conditional_t<is_tensor, Tensor, T>;
};
template <class... T>
struct ResultOf<std::tuple<T...>> {
  static constexpr bool fits = (ResultOf<T>::is_tensor && ...);
  using type = std::tuple<typename ResultOf<T>::type...>;
};
template <class A, class B>
struct ResultOf<std::pair<A, B>> {
  static constexpr bool fits = ResultOf<A>::is_tensor && ResultOf<B>::is_tensor;
  using type = std::pair<typename ResultOf<A>::type, typename ResultOf<B>::type>;
};
template <class T, std::size_t N>
struct ResultOf<std::array<T, N>> {
  static constexpr bool fits = ResultOf<T>::is_tensor;
  using type = std::array<typename ResultOf<T>::type, N>;
};

/// Whether a function can be compiled for these arguments. If not, the C++ compiler prints one line of advice
/// and nothing else.
template <class F, class... Args>
constexpr bool can_be_compiled() {
  constexpr bool tensors = ((std::convertible_to<Args, Tensor> || std::same_as<Args, Tensors>)&&...);
  static_assert(
      tensors,
      "compile: arguments are Tensor or std::vector<Tensor>; make a Tensor of a number, full({}, number), "
      "and hand over the members of a struct one by one");
  if constexpr (tensors) {
    constexpr bool callable = requires(const F& f, Argument<Args>... arguments) { f(arguments...); };
    static_assert(
        callable,
        "compile: the function cannot be called with these arguments; each is a Tensor or a "
        "std::vector<Tensor>, as it is passed, and the function is const (no mutable lambda) and free of "
        "errors of its own");
    if constexpr (callable) {
      using Result = decltype(std::declval<const F&>()(std::declval<Argument<Args>>()...));
      constexpr bool fits = ResultOf<std::decay_t<Result>>::fits;
      static_assert(
          fits,
          "compile: results are nothing, a Tensor, a std::vector<Tensor>, or a std::pair, std::tuple or "
          "std::array of Tensors; return anything else as one of these");
      return fits;
    }
  }
  return false;
}

inline void flatten(const Tensor& value, Tensors& to) { to.push_back(value); }
inline void flatten(const Tensors& values, Tensors& to) { to.insert(to.end(), values.begin(), values.end()); }

/// std::pair, std::tuple and std::array of Tensors.
template <class T>
requires requires { std::tuple_size<T>::value; }
void flatten(const T& values, Tensors& to) {
  std::apply([&](const auto&... value) { (flatten(value, to), ...); }, values);
}

/// Takes values back out of the list, in order. `counts` are the lengths of the lists among them.
class Unpack {
 public:
  Unpack(const Tensors& from, const std::vector<std::size_t>& counts) : from_(from), counts_(counts) {}

  template <class T>
  T take() {
    const std::size_t count = counts_[list_++];
    if constexpr (std::is_same_v<T, Tensors>) {
      const auto begin = from_.begin() + static_cast<std::ptrdiff_t>(std::exchange(next_, next_ + count));
      return Tensors(begin, begin + static_cast<std::ptrdiff_t>(count));
    } else if constexpr (std::is_same_v<T, Tensor>) {
      return from_[next_++];
    } else {
      return take_all<T>(std::make_index_sequence<std::tuple_size_v<T>>{});
    }
  }

 private:
  template <class T, std::size_t... I>
  T take_all(std::index_sequence<I...>) {
    return T{from_[next_ + I]...};
  }

  const Tensors& from_;
  const std::vector<std::size_t>& counts_;
  std::size_t next_ = 0;
  std::size_t list_ = 0;
};

}  // namespace sluice::detail
