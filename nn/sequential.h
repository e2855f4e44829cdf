#pragma once

#include <sluice/nn/recurrent.h>

#include <concepts>
#include <memory>
#include <type_traits>
#include <utility>
#include <vector>

namespace sluice::nn {

namespace detail {
/// Whether the arguments are layers of an S, and not an S to copy.
template <class S, class... Layers>
inline constexpr bool are_layers = sizeof...(Layers) > 1 ||
                                   (!std::derived_from<std::remove_cvref_t<Layers>, S> && ...);

/// A layer of a Sequential, whatever its type.
class Layer : public Module {
 public:
  virtual Tensor operator()(const Tensor& x, Mode mode, const Tensor& key) const = 0;
  virtual bool takes_mode() const = 0;
  virtual bool is_module() const = 0;
};

/// A module or function F as a layer, with the members of the module.
template <class F>
class LayerOf : public Layer {
 public:
  template <class G>
  explicit LayerOf(std::in_place_t, G&& function) : function_(std::forward<G>(function)) {}

  Tensor operator()(const Tensor& x, Mode mode, const Tensor& key) const override {
    if constexpr (in_mode) {
      return function_(x, mode, key, Location{});
    } else if constexpr (recurrent) {
      RecurrentCall call;
      call.mode = mode;
      call.key = key;
      return function_(x, call, Location{});
    } else if constexpr (std::is_invocable_r_v<Tensor, F&, const Tensor&, Location>) {
      return function_(x, Location{});
    } else if constexpr (std::is_invocable_v<F&, Operand>) {
      return function_(Operand(x, Location{}));  // an op: its errors name the line that called the Sequential
    } else {
      return function_(x);
    }
  }
  bool takes_mode() const override { return in_mode || recurrent; }
  bool is_module() const override { return std::derived_from<F, Module>; }
  void members([[maybe_unused]] const Members& m) const override {
    if constexpr (std::derived_from<F, Module>) function_.members(m);
  }

 private:
  static constexpr bool in_mode =
      std::is_invocable_r_v<Tensor, F&, const Tensor&, Mode, const Tensor&, Location>;
  static constexpr bool recurrent =
      std::is_invocable_r_v<Tensor, F&, const Tensor&, const RecurrentCall&, Location>;

  mutable F function_;  // a function may change itself when called
};
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
  template <class F>
  void add(F&& function) {
    layers_.push_back(
        std::make_shared<detail::LayerOf<std::decay_t<F>>>(std::in_place, std::forward<F>(function)));
  }

  std::vector<Part<detail::Layer>> layers_;
};

}  // namespace sluice::nn
