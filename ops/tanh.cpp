#include <sluice/graph/arithmetic.h>
#include <sluice/ops/elementwise.h>
#include <sluice/ops/tanh.h>

namespace sluice {

namespace {

class Tanh final : public Elementwise<Tanh, 1> {
 public:
  static constexpr std::string_view id = "tanh";

  static auto value(auto x) { return std::tanh(x); }

  Tensors gradient(const Tensor& y, const Tensor& dy) const override { return {dy * (1 - y * y)}; }
};

}  // namespace

Tensor tanh(const Operand& x) { return make<Tanh>(x); }

}  // namespace sluice
