#pragma once

#include <sluice/graph/with_values.h>
#include <sluice/nn/module.h>

#include <concepts>
#include <functional>
#include <type_traits>

namespace sluice::nn {

namespace detail {
Tensors with_values_of(const Module& model, const Tensors& values, const std::function<Tensors()>& function);
}

/// Calls f with the Variables of a model standing for `values`, one for each of variables(), in that order:
/// the model as a function of its parameters. f, which has no arguments, returns a Tensor or Tensors, and so
/// does this. For gradients through a training step (meta-learning), and to check those of parameters:
///
///     gradcheck([&](const Tensors& values) {
///       return nn::functional(model, values, [&] { return loss(model(x), y); });
///     }, parameters);
///
/// See with_values. Throws ShapeError for another number or specs of values.
template <std::invocable F>
auto functional(const Module& model, const Tensors& values, F&& f, Location where = Location::current()) {
  const sluice::detail::Call call("functional", where);
  if constexpr (std::is_convertible_v<std::invoke_result_t<F&>, Tensor>) {
    return detail::with_values_of(model, values, [&] { return Tensors{Tensor(f())}; }).front();
  } else {
    return detail::with_values_of(model, values, [&]() -> Tensors { return f(); });
  }
}

}  // namespace sluice::nn
