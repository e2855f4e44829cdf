#include <sluice/graph/arithmetic.h>
#include <sluice/ops/elementwise.h>
#include <sluice/ops/sigmoid.h>

namespace sluice {

namespace {

class Sigmoid final : public Elementwise<Sigmoid, 1> {
 public:
  static constexpr std::string_view id = "sigmoid";

  static auto value(auto x) { return 1 / (1 + std::exp(-x)); }

  Tensors gradient(const Tensor& y, const Tensor& dy) const override { return {dy * (y * (1 - y))}; }
};

}  // namespace

Tensor sigmoid(const Operand& x) { return make<Sigmoid>(x); }

}  // namespace sluice
