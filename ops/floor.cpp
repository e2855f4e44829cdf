#include <sluice/ops/elementwise.h>
#include <sluice/ops/floor.h>

namespace sluice {

namespace {

class Floor final : public Elementwise<Floor, 1> {
 public:
  static constexpr std::string_view id = "floor";

  static auto value(auto x) { return std::floor(x); }

  Tensors gradient(const Tensor&, const Tensor&) const override { return {Tensor()}; }
};

}  // namespace

Tensor floor(const Operand& x) { return make<Floor>(x); }

}  // namespace sluice
