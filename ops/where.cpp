#include <sluice/ops/elementwise.h>
#include <sluice/ops/where.h>

#include <fmt/format.h>

namespace sluice {

namespace {

template <class T, bool a_moves, bool b_moves>
void choose(const bool* condition, const T* a, const T* b, T* y, Index n) {
  const T first_a = *a;
  const T first_b = *b;
#if !defined(__clang__)
#pragma GCC ivdep  // y may be an operand, but then every element is read before it is written
#endif
  for (Index i = 0; i < n; ++i) {
    const T from_a = a_moves ? a[i] : first_a;
    const T from_b = b_moves ? b[i] : first_b;
    y[i] = condition[i] ? from_a : from_b;
  }
}

class Where final : public ElementwiseOp {
 public:
  std::string_view name() const override { return "where"; }

  Specs infer(std::span<const Spec> inputs) const override {
    require_operand_count(inputs.size());
    if (inputs[0].dtype != DType::boolean) {
      throw ShapeError(
          fmt::format("[where] the condition must be a bool tensor: got {}; compare it with something, "
                      "x != 0",
                      inputs[0].text()));
    }
    require_equal_dtypes(inputs[1], inputs[2]);
    return {{inputs[1].dtype, broadcast_all(inputs)}};
  }

  void tile(const void* const* inputs, const Index* strides, void* output, Index n,
            DType dtype) const override {
    with_type(dtype, [&](auto type) {
      using T = decltype(type);
      const auto* condition = static_cast<const bool*>(inputs[0]);
      const auto* a = static_cast<const T*>(inputs[1]);
      const auto* b = static_cast<const T*>(inputs[2]);
      auto* y = static_cast<T*>(output);
      if (n <= 0) return;
      if (strides[0] == 0) {
        const T* chosen = *condition ? a : b;
        if (strides[*condition ? 1 : 2] != 0) {
          if (chosen != y) std::copy(chosen, chosen + n, y);
        } else {
          std::fill(y, y + n, T{*chosen});
        }
      } else if (strides[1] != 0) {
        strides[2] != 0 ? choose<T, true, true>(condition, a, b, y, n)
                        : choose<T, true, false>(condition, a, b, y, n);
      } else {
        strides[2] != 0 ? choose<T, false, true>(condition, a, b, y, n)
                        : choose<T, false, false>(condition, a, b, y, n);
      }
    });
  }

  Tensors gradient(const Tensor& y, const Tensor& dy) const override {
    const Tensor& condition = y.input(0);
    return {Tensor(), where(condition, dy, 0), where(condition, 0, dy)};
  }

 protected:
  int operand_count() const override { return 3; }
  Domain operand_domain() const override { return Domain::any; }
  DType result_dtype(DType operands) const override { return operands; }
};

}  // namespace

Tensor where(const Operand& condition, const Operand& a, const Operand& b) {
  // Numbers must not take the dtype of the condition.
  const DType dtype = !a.is_number()   ? a.tensor().dtype()
                      : !b.is_number() ? b.tensor().dtype()
                                       : DType::float32;
  return make(std::make_shared<Where>(), {condition.tensor(DType::boolean), a.tensor(dtype), b.tensor(dtype)},
              condition.where());
}

}  // namespace sluice
