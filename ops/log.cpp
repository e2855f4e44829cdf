#include <sluice/graph/arithmetic.h>
#include <sluice/kernels/vector_math.h>
#include <sluice/ops/elementwise.h>
#include <sluice/ops/log.h>

#include <concepts>

namespace sluice {

namespace {

class Log final : public Elementwise<Log, 1> {
 public:
  static constexpr std::string_view id = "log";
  bool may_throw(std::span<const Spec>) const override { return false; }

  template <std::floating_point T>
  static void loop(const T* x, T* y, std::size_t n) {
    kernels::log(x, y, n);
  }

  Tensors gradient(const Tensor& y, const Tensor& dy) const override { return {dy / y.input(0)}; }
};

}  // namespace

Tensor log(const Operand& x) { return make<Log>(x); }

}  // namespace sluice
