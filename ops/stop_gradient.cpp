#include <sluice/ops/elementwise.h>
#include <sluice/ops/stop_gradient.h>

namespace sluice {

namespace {

class StopGradient final : public Elementwise<StopGradient, 1> {
 public:
  static constexpr std::string_view id = "stop_gradient";
  static constexpr Domain domain = Domain::any;
  bool may_throw(std::span<const Spec>) const override { return false; }

  static auto value(auto x) { return x; }

  bool stops_gradients() const override { return true; }
  bool only_moves() const override { return true; }
  std::optional<std::size_t> same_as_input(std::size_t) const override { return 0; }

  Tensors gradient(const Tensor&, const Tensor&) const override { return {Tensor()}; }
};

}  // namespace

Tensor stop_gradient(const Operand& x) { return make<StopGradient>(x); }

}  // namespace sluice
