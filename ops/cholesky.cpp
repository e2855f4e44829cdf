#include <sluice/ops/cholesky.h>
#include <sluice/ops/matmul.h>
#include <sluice/ops/solve_triangular.h>
#include <sluice/ops/transpose.h>
#include <sluice/ops/where.h>
#include <sluice/ops/matrices.inl>

namespace sluice {

namespace {

class Cholesky final : public Op {
 public:
  std::string_view name() const override { return "cholesky"; }
  Takes takes() const override { return {.operands = 1}; }

  Specs infer(std::span<const Spec> inputs) const override {
    detail::require_square(inputs[0], name());
    return {inputs[0]};
  }

  void run(std::span<const View> inputs, std::span<const MutableView> outputs) const override {
    detail::run_with_memory(*this, inputs, outputs);
  }

  std::size_t work_bytes(std::span<const Spec> inputs, int workers) const override {
    return with_floating(inputs[0].dtype, [&](auto type) {
      using T = decltype(type);
      return static_cast<std::size_t>(workspace<T>(inputs[0].shape.back()) * workers) * sizeof(T);
    });
  }

  void run_in(const WorkMemory& memory, std::span<const View> inputs,
              std::span<const MutableView> outputs) const override {
    with_floating(inputs[0].spec.dtype, [&](auto type) {
      using T = decltype(type);
      const Index n = inputs[0].shape().back();
      if (inputs[0].size() == 0) return;
      const detail::Parts<T> parts{static_cast<T*>(memory.data), workspace<T>(n)};
      const auto factor = [&](Index matrix, int worker, int workers) {
        const T* a = inputs[0].as<T>() + matrix * n * n;
        T* l = outputs[0].as<T>() + matrix * n * n;
        for (Index i = 0; i < n; ++i) std::copy_n(a + i * n, i + 1, l + i * n);
        return kernels::cholesky(n, l, kernels::Workspace<T>{parts.of(worker), workers});
      };
      detail::FirstMatrix first;
      detail::each_matrix(inputs[0].size() / (n * n), n * n * n / 6, memory.workers,
                          [&](Index matrix, int worker, int workers) {
                            if (factor(matrix, worker, workers)) first.note(matrix);
                          });
      if (!first.found()) return;
      const auto pivot = factor(first.matrix(), 0, memory.workers).value();
      throw Error(
          fmt::format("[cholesky] the matrix must be positive definite: got pivot {} at row {} of {}; "
                      "correct it, or add a small multiple of the identity",
                      pivot.value, pivot.index, detail::matrix_text(inputs[0].spec, first.matrix())));
    });
  }

  Tensors gradient(const Tensor& l, const Tensor& dl) const override {
    const detail::Places at(l.dim(-1));
    const Tensor product = matmul(l, dl, {.transpose_a = true});
    const Tensor half = where(at.row > at.column, product, where(equal(at.row, at.column), product * 0.5, 0));
    const Tensor left = solve_triangular(l, half, {.transpose = true});
    const Tensor both = solve_triangular(l, transpose(left), {.transpose = true});
    return {(both + transpose(both)) * 0.5};
  }

  Tensors at_all_steps(const Tensors& inputs, const std::vector<bool>&) const override {
    return {cholesky(inputs[0])};
  }

 private:
  template <class T>
  static Index workspace(Index n) {
    return detail::Parts<T>::padded(kernels::cholesky_workspace<T>(n));
  }
};

}  // namespace

Tensor cholesky(const Operand& a) { return make<Cholesky>(a); }

}  // namespace sluice
