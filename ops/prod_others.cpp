#include <sluice/graph/arithmetic.h>
#include <sluice/kernels/threads.h>
#include <sluice/ops/compare.h>
#include <sluice/ops/expand_dims.h>
#include <sluice/ops/prod.h>
#include <sluice/ops/sum.h>
#include <sluice/ops/where.h>

#include <fmt/format.h>

#include <algorithm>

namespace sluice {

namespace {

class ProdOthers final : public Op {
 public:
  std::string_view name() const override { return "prod_others"; }
  bool may_throw(std::span<const Spec>) const override { return false; }

  Specs infer(std::span<const Spec> inputs) const override {
    if (inputs[0].shape.rank() == 0 || !is_floating(inputs[0].dtype)) {
      throw ShapeError(
          fmt::format("[prod_others] needs a floating tensor with an axis: got {}; cast or reshape it",
                      inputs[0].text()));
    }
    return {inputs[0]};
  }

  void run(std::span<const View> inputs, std::span<const MutableView> outputs) const override {
    if (inputs[0].spec.dtype == DType::float64) {
      multiply(inputs[0].as<double>(), outputs[0].as<double>(), inputs[0].shape());
    } else {
      multiply(inputs[0].as<float>(), outputs[0].as<float>(), inputs[0].shape());
    }
  }

  /// y_i = prod_j m_ij, where m_ij is x_j but 1 on the diagonal. Hence dx_k = sum_i dy_i prod_{j != k} m_ij
  /// over i != k.
  Tensors gradient(const Tensor& y, const Tensor& dy) const override {
    const Tensor& x = y.input(0);
    const Index n = x.dim(-1);
    const Tensor diagonal = equal(expand_dims(arange(n), 1), arange(n));
    const Tensor others = prod_others(where(diagonal, 1, expand_dims(x, -2)));
    return {sum(where(diagonal, 0, others * expand_dims(dy, -1)), -2)};
  }

 private:
  /// What is before an element times what is behind it.
  template <class T>
  static void multiply(const T* x, T* y, const Shape& shape) {
    const Index n = shape.back();
    if (n == 0) return;
    kernels::parallel_for(shape.size() / n, std::max<Index>(1, (Index{1} << 14) / n),
                          [&](Index begin, Index end) {
                            for (Index row = begin; row < end; ++row) {
                              const T* from = x + row * n;
                              T* to = y + row * n;
                              T product = 1;
                              for (Index i = 0; i < n; ++i) {
                                to[i] = product;
                                product *= from[i];
                              }
                              product = 1;
                              for (Index i = n - 1; i >= 0; --i) {
                                to[i] *= product;
                                product *= from[i];
                              }
                            }
                          });
  }
};

}  // namespace

Tensor prod_others(const Operand& x) { return make<ProdOthers>(x); }

}  // namespace sluice
