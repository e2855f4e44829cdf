#pragma once

#include <sluice/ops/matmul.h>

namespace sluice {

/// The op behind matmul(). Both operands have at least two axes here; matmul() gives vectors a second one.
class MatMul final : public Op {
 public:
  explicit MatMul(MatMulOptions options) : options_(options) {}
  std::string_view name() const override { return "matmul"; }
  Takes takes() const override { return {.operands = 2}; }
  bool may_throw(std::span<const Spec>) const override { return false; }
  void members(Attributes& a) const override {
    a("transpose_a", options_.transpose_a), a("transpose_b", options_.transpose_b);
  }
  Specs infer(std::span<const Spec> inputs) const override;
  void run(std::span<const View> inputs, std::span<const MutableView> outputs) const override;
  void run_in(const WorkMemory& memory, std::span<const View> inputs,
              std::span<const MutableView> outputs) const override;
  std::size_t work_bytes(std::span<const Spec> inputs, int workers) const override;
  Tensors gradients(const Tensors& ys, const Tensors& dys, const std::vector<bool>& wanted) const override;
  bool works_by_rows(std::span<const Spec> inputs, const std::vector<bool>& by_rows) const override;

  Tensors at_all_steps(const Tensors& inputs, const std::vector<bool>& over_time) const override;
  Tensor sum_over_steps(const Tensors& inputs, const std::vector<bool>& over_time) const override;

  MatMulOptions options() const { return options_; }

 private:
  MatMulOptions options_;
};

namespace detail {

/// The op as a MatMul; null for any other op.
inline const MatMul* as_matmul(const Op& op) { return dynamic_cast<const MatMul*>(&op); }

}  // namespace detail

}  // namespace sluice
