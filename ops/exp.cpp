#include <sluice/graph/arithmetic.h>
#include <sluice/ops/elementwise.h>
#include <sluice/ops/exp.h>

namespace sluice {

namespace {

class Exp final : public Elementwise<Exp, 1> {
 public:
  static constexpr std::string_view id = "exp";

  static auto value(auto x) { return std::exp(x); }

  Tensors gradient(const Tensor& y, const Tensor& dy) const override { return {dy * y}; }
};

}  // namespace

Tensor exp(const Operand& x) { return make<Exp>(x); }

}  // namespace sluice
