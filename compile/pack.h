#pragma once

#include <sluice/graph/variable.h>

#include <array>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace sluice::detail {

// Between a function's own argument and result types and the flat list of tensors that a graph has.

/// How an argument is handed to the function: lists as they are, everything else as a Tensor.
template <class T>
using Argument = std::conditional_t<std::is_same_v<std::decay_t<T>, Tensors>, Tensors, Tensor>;

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
