#include <sluice/kernels/vector_math.h>
#include <sluice/ops/elementwise.h>
#include <sluice/ops/where.h>

#include <fmt/format.h>

namespace sluice {

namespace {

void choose(const bool* condition, const double* a, Index stride_a, const double* b, Index stride_b,
            double* y, Index n) {
  kernels::where(condition, a, stride_a, b, stride_b, y, static_cast<std::size_t>(n));
}

void choose(const bool* condition, const float* a, Index stride_a, const float* b, Index stride_b, float* y,
            Index n) {
  kernels::where(condition, a, stride_a, b, stride_b, y, static_cast<std::size_t>(n));
}

template <class T>
void choose(const bool* condition, const T* a, Index stride_a, const T* b, Index stride_b, T* y, Index n) {
  for (Index i = 0; i < n; ++i) y[i] = condition[i] ? a[i * stride_a] : b[i * stride_b];
}

class Where final : public ElementwiseOp {
 public:
  std::string_view name() const override { return "where"; }
  bool may_throw(std::span<const Spec>) const override { return false; }
  bool chooses(std::span<const Spec>) const override { return true; }

  Specs infer(std::span<const Spec> inputs) const override {
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
      } else {
        choose(condition, a, strides[1], b, strides[2], y, n);
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
  const detail::Call call("where", condition.where());
  // Numbers must not take the dtype of the condition.
  const DType dtype = !a.is_number()   ? a.tensor().dtype()
                      : !b.is_number() ? b.tensor().dtype()
                                       : DType::float32;
  return make(std::make_shared<Where>(), {condition.tensor(DType::boolean), a.tensor(dtype), b.tensor(dtype)},
              condition.where());
}

}  // namespace sluice
