#include <sluice/graph/arithmetic.h>
#include <sluice/ops/elementwise.h>
#include <sluice/ops/log.h>

namespace sluice {

namespace {

class Log final : public Elementwise<Log, 1> {
 public:
  static constexpr std::string_view id = "log";

  static auto value(auto x) { return std::log(x); }

  Tensors gradient(const Tensor& y, const Tensor& dy) const override { return {dy / y.input(0)}; }
};

}  // namespace

Tensor log(const Operand& x) { return make<Log>(x); }

}  // namespace sluice
