// Two custom ops outside of the library: an elementwise one and a general one. See docs/add_an_op.md.

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sluice/check/check_op.h>
#include <sluice/graph/evaluate.h>
#include <sluice/graph/grad.h>
#include <sluice/ops/abs.h>
#include <sluice/ops/elementwise.h>
#include <sluice/ops/square.h>
#include <sluice/ops/sum.h>

#include <algorithm>

namespace sl = sluice;

/// x / (1 + |x|)
struct Softsign : sl::Elementwise<Softsign, 1> {
  static constexpr std::string_view id = "softsign";
  static auto value(auto x) { return x / (1 + std::abs(x)); }
  sl::Tensors gradient(const sl::Tensor& y, const sl::Tensor& dy) const override {
    return {dy / square(1 + abs(y.input(0)))};
  }
};
sl::Tensor softsign(const sl::Operand& x) { return sl::make<Softsign>(x); }

/// The rows of x moved down by `shift`, those that fall off entering at the top.
sl::Tensor roll(const sl::Operand& x, sl::Index shift);

class Roll final : public sl::Op {
 public:
  explicit Roll(sl::Index shift) : shift_(shift) {}

  std::string_view name() const override { return "roll"; }
  void members(sl::Attributes& a) const override { a("shift", shift_); }
  sl::Takes takes() const override { return {.operands = 1}; }

  sl::Specs infer(std::span<const sl::Spec> inputs) const override {
    if (inputs[0].shape.rank() > 0) return {inputs[0]};
    throw sl::ShapeError("[roll] the tensor must have rows: got a scalar; give it an axis with expand_dims");
  }

  void run(std::span<const sl::View> inputs, std::span<const sl::MutableView> outputs) const override {
    if (inputs[0].size() == 0) return;
    const sl::Index rows = inputs[0].shape()[0];
    const std::size_t bytes = inputs[0].spec.bytes();
    const auto down =
        bytes / static_cast<std::size_t>(rows) * static_cast<std::size_t>((shift_ % rows + rows) % rows);
    const auto* from = static_cast<const char*>(inputs[0].data);
    auto* to = static_cast<char*>(outputs[0].data);
    std::rotate_copy(from, from + (bytes - down), from + bytes, to);
  }

  sl::Tensors gradient(const sl::Tensor&, const sl::Tensor& dy) const override { return {roll(dy, -shift_)}; }

 private:
  const sl::Index shift_;
};
sl::Tensor roll(const sl::Operand& x, sl::Index shift) { return sl::make<Roll>({x}, shift); }

int main() {
  const sl::Tensor x = sl::tensor({-3.0, -0.5, 0.25, 1.0});
  fmt::print("softsign    {:.4f}\n", fmt::join(evaluate(softsign(x)).to_vector<double>(), " "));
  fmt::print("derivative  {:.4f}\n", fmt::join(evaluate(grad(sum(softsign(x)), x)).to_vector<double>(), " "));
  fmt::print("rolled      {:.4f}\n", fmt::join(evaluate(roll(x, 1)).to_vector<double>(), " "));

  const auto f = [](const sl::Tensors& inputs) { return roll(softsign(inputs[0]), 1) * inputs[0]; };
  const auto right = sl::check_op(f, {x}, {.others = {[](const sl::Tensors& in) { return roll(in[0], 2); }}});
  fmt::print("{} first and {} second derivatives are right\n", right.first, right.second);
}
