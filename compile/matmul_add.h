#pragma once

#include <sluice/ops/matmul_op.h>

namespace sluice {

/// a b + c as one op, which the pass add_to_products substitutes for the two: starting a product from c costs
/// nothing. c has the shape of the product or is one row, added to all rows. Inputs are a, b and c; b has two
/// axes. If a is transposed, it has two as well, and c is not a row. It has no gradient: programs are not
/// differentiated.
class MatMulAdd final : public Op {
 public:
  explicit MatMulAdd(MatMulOptions options) : options_(options) {}
  std::string_view name() const override { return "matmul_add"; }
  bool may_throw(std::span<const Spec>) const override { return false; }
  void members(Attributes& a) const override {
    a("transpose_a", options_.transpose_a), a("transpose_b", options_.transpose_b);
  }
  Specs infer(std::span<const Spec> inputs) const override;
  void run(std::span<const View> inputs, std::span<const MutableView> outputs) const override;
  void run_in(const WorkMemory& memory, std::span<const View> inputs,
              std::span<const MutableView> outputs) const override;
  std::size_t work_bytes(std::span<const Spec> inputs, int workers) const override {
    return product().work_bytes(inputs.first(2), workers);
  }
  bool works_by_rows(std::span<const Spec> inputs, const std::vector<bool>& by_rows) const override;

  MatMulOptions options() const { return options_; }

  /// Whether the op can replace `sum`, an add of a product of these operands and `addend`.
  static bool fits(const MatMul& product, const Shape& a, const Shape& b, const Shape& addend);

 private:
  MatMul product() const { return MatMul(options_); }

  MatMulOptions options_;
};

}  // namespace sluice
