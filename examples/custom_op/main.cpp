// An op of your own, outside of the library: softsign(x) = x / (1 + |x|). See docs/add_an_op.md.

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sluice/graph/evaluate.h>
#include <sluice/graph/grad.h>
#include <sluice/ops/abs.h>
#include <sluice/ops/elementwise.h>
#include <sluice/ops/gradcheck.h>
#include <sluice/ops/square.h>
#include <sluice/ops/sum.h>

namespace sl = sluice;

struct Softsign : sl::Elementwise<Softsign, 1> {
  static constexpr std::string_view id = "softsign";
  static auto value(auto x) { return x / (1 + std::abs(x)); }
  sl::Tensors gradient(const sl::Tensor& y, const sl::Tensor& dy) const override {
    return {dy / square(1 + abs(y.input(0)))};
  }
};
sl::Tensor softsign(const sl::Operand& x) { return sl::make<Softsign>(x); }

int main() {
  const sl::Tensor x = sl::tensor({-3.0, -0.5, 0.0, 1.0});
  fmt::print("softsign    {}\n", evaluate(softsign(x)).to_vector<double>());
  fmt::print("derivative  {:.4f}\n", fmt::join(evaluate(grad(sum(softsign(x)), x)).to_vector<double>(), " "));

  const sl::Tensor away_from_the_kink = sl::tensor({-3.0, -0.5, 0.25, 1.0});
  const auto f = [](const sl::Tensors& inputs) { return softsign(inputs[0]); };
  const auto first = sl::gradcheck(f, {away_from_the_kink});
  const auto second = sl::gradgradcheck(f, {away_from_the_kink});
  fmt::print("gradients right in {} entries, second derivatives in {}\n", first.entries, second.entries);
}
