#include <sluice/graph/call.h>
#include <sluice/ops/matmul.h>
#include <sluice/ops/solve_triangular.h>
#include <sluice/ops/steps.h>
#include <sluice/ops/where.h>
#include <sluice/ops/matrices.inl>

namespace sluice {

namespace {

class SolveTriangular final : public Op {
 public:
  explicit SolveTriangular(TriangularOptions options) : options_(options) {}

  std::string_view name() const override { return "solve_triangular"; }
  Takes takes() const override { return {.operands = 2}; }
  void members(Attributes& a) const override {
    a("lower", options_.lower), a("transpose", options_.transpose);
    a("unit_diagonal", options_.unit_diagonal);
  }
  bool may_throw(std::span<const Spec>) const override { return false; }

  Specs infer(std::span<const Spec> inputs) const override {
    return {detail::solution_spec(inputs[0], inputs[1], name())};
  }

  void run(std::span<const View> inputs, std::span<const MutableView> outputs) const override {
    detail::run_with_memory(*this, inputs, outputs);
  }

  std::size_t work_bytes(std::span<const Spec> inputs, int workers) const override {
    return with_floating(inputs[0].dtype, [&](auto type) {
      using T = decltype(type);
      return static_cast<std::size_t>(workspace<T>(inputs[1].shape) * workers) * sizeof(T);
    });
  }

  void run_in(const WorkMemory& memory, std::span<const View> inputs,
              std::span<const MutableView> outputs) const override {
    with_floating(inputs[0].spec.dtype, [&](auto type) {
      using T = decltype(type);
      const Shape& shape = outputs[0].shape();
      if (shape.size() == 0) return;
      const Index n = shape[shape.rank() - 2];
      const Index k = shape.back();
      const detail::BatchOf left(inputs[0].shape(), shape);
      const detail::BatchOf right(inputs[1].shape(), shape);
      const detail::Parts<T> parts{static_cast<T*>(memory.data), workspace<T>(shape)};
      detail::each_matrix(
          shape.size() / (n * k), n * n * k / 2, memory.workers, [&](Index matrix, int worker, int workers) {
            T* x = outputs[0].as<T>() + matrix * n * k;
            std::copy_n(inputs[1].as<T>() + right[matrix] * n * k, n * k, x);
            kernels::solve_triangular(triangle(), n, k, inputs[0].as<T>() + left[matrix] * n * n, x,
                                      kernels::Workspace<T>{parts.of(worker), workers});
          });
    });
  }

  Tensors gradients(const Tensors& ys, const Tensors& dys, const std::vector<bool>& wanted) const override {
    const Tensor& t = ys[0].input(0);
    TriangularOptions transposed = options_;
    transposed.transpose = !options_.transpose;
    const Tensor db = solve_triangular(t, dys[0], transposed);
    if (!wanted[0]) return {Tensor(), db};
    const Tensor dt = options_.transpose ? matmul(ys[0], db, {.transpose_b = true})
                                         : matmul(db, ys[0], {.transpose_b = true});
    return {where(counts(t.dim(-1)), -dt, 0), db};
  }

  bool works_by_rows(std::span<const Spec> inputs, const std::vector<bool>& by_rows) const override {
    const Index rank = std::max(inputs[0].shape.rank(), inputs[1].shape.rank());
    if (rank < 3) return false;
    for (const std::size_t i : {0, 1}) {
      // An operand without rows of its own is the same for all rows.
      const bool has_rows = inputs[i].shape.rank() == rank && inputs[i].shape[0] != 1;
      if (has_rows != by_rows[i]) return false;
    }
    return true;
  }

  Tensors at_all_steps(const Tensors& inputs, const std::vector<bool>& over_time) const override {
    const Tensors aligned = detail::aligned_over_time(inputs, over_time);
    return {solve_triangular(aligned[0], aligned[1], options_)};
  }

 private:
  kernels::Triangle triangle() const { return {options_.lower, options_.transpose, options_.unit_diagonal}; }

  template <class T>
  Index workspace(const Shape& right) const {
    return detail::Parts<T>::padded(
        kernels::triangular_workspace<T>(triangle(), right[right.rank() - 2], right.back()));
  }

  /// Where a number of the matrix counts.
  Tensor counts(Index n) const {
    const detail::Places at(n);
    const Tensor& above = options_.lower ? at.column : at.row;
    const Tensor& below = options_.lower ? at.row : at.column;
    return options_.unit_diagonal ? above < below : above <= below;
  }

  const TriangularOptions options_;
};

}  // namespace

Tensor solve_triangular(const Operand& t, const Operand& b, TriangularOptions options) {
  const detail::Call call("solve_triangular", t.where());
  const detail::System system(t, b);
  return system.solution(make(std::make_shared<SolveTriangular>(options), {system.a, system.b}, t.where()));
}

}  // namespace sluice
