#pragma once

#include <sluice/nn/module.h>

#include <concepts>
#include <functional>
#include <memory>
#include <type_traits>
#include <vector>

namespace sluice::nn {

namespace detail {
/// Whether the arguments are layers of an S, and not an S to copy.
template <class S, class... Layers>
inline constexpr bool are_layers = sizeof...(Layers) > 1 ||
                                   (!std::derived_from<std::remove_cvref_t<Layers>, S> && ...);
}  // namespace detail

/// Layers applied in order: y = f_n(... f_2(f_1(x))). A layer is a module or any function of a tensor:
///
///     nn::Sequential net(nn::Linear(784, 128, key), relu, nn::Dropout(0.5), nn::Linear(128, 10, other));
///     auto logits = net(x);                        // Mode::evaluate
///     auto logits = net(x, nn::Mode::train, key);  // layers that take a mode and a key each get a key
///
/// Modules are copied in, which shares their Variables; they are named by their position: "0.weight",
/// "3.weight".
class Sequential : public Module {
 public:
  template <class... Layers, class = std::enable_if_t<detail::are_layers<Sequential, Layers...>>>
  explicit Sequential(Layers&&... layers) {
    (add(std::forward<Layers>(layers)), ...);
  }

  Tensor operator()(const Tensor& x, Location where = Location::current()) const;
  Tensor operator()(const Tensor& x, Mode mode, const Tensor& key,
                    Location where = Location::current()) const;

  void members(const Members& m) const override;

 private:
  using Call = std::function<Tensor(const Tensor& x, Mode mode, const Tensor& key)>;
  struct Layer {
    Call call;
    std::shared_ptr<const Module> module;  // null for a function
    bool takes_mode;
  };

  template <class F>
  void add(F&& function) {
    using Function = std::decay_t<F>;
    constexpr bool takes_mode =
        std::is_invocable_r_v<Tensor, Function&, const Tensor&, Mode, const Tensor&, Location>;
    auto shared = std::make_shared<Function>(std::forward<F>(function));
    Layer layer{nullptr, nullptr, takes_mode};
    if constexpr (std::derived_from<Function, Module>) layer.module = shared;
    if constexpr (takes_mode) {
      layer.call = [shared](const Tensor& x, Mode mode, const Tensor& key) {
        return Tensor((*shared)(x, mode, key, Location{}));
      };
    } else if constexpr (std::is_invocable_r_v<Tensor, Function&, const Tensor&, Location>) {
      layer.call = [shared](const Tensor& x, Mode, const Tensor&) {
        return Tensor((*shared)(x, Location{}));
      };
    } else {
      layer.call = [shared](const Tensor& x, Mode, const Tensor&) {
        if constexpr (std::is_invocable_v<Function&, Operand>) {
          return Tensor((*shared)(
              Operand(x, Location{})));  // an op: its errors name the line that called the Sequential
        } else {
          return Tensor((*shared)(x));
        }
      };
    }
    layers_.push_back(std::move(layer));
  }

  std::vector<Layer> layers_;
};

}  // namespace sluice::nn
