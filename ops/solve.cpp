#include <sluice/graph/call.h>
#include <sluice/ops/cholesky.h>
#include <sluice/ops/matmul.h>
#include <sluice/ops/solve.h>
#include <sluice/ops/solve_triangular.h>
#include <sluice/ops/steps.h>
#include <sluice/ops/transpose.h>
#include <sluice/ops/matrices.inl>

#include <numeric>

namespace sluice {

namespace {

/// a^-1 b or a^-T b by LU.
class Solve final : public Op {
 public:
  explicit Solve(bool transposed) : transposed_(transposed) {}

  std::string_view name() const override { return "solve"; }
  Takes takes() const override { return {.operands = 2}; }
  void members(Attributes& a) const override { a("transpose", transposed_); }

  Specs infer(std::span<const Spec> inputs) const override {
    return {detail::solution_spec(inputs[0], inputs[1], name())};
  }

  void run(std::span<const View> inputs, std::span<const MutableView> outputs) const override {
    detail::run_with_memory(*this, inputs, outputs);
  }

  std::size_t work_bytes(std::span<const Spec> inputs, int workers) const override {
    return with_floating(inputs[0].dtype, [&](auto type) {
      using T = decltype(type);
      const Shape shape = infer(inputs)[0].shape;
      const Sizes<T> sizes(shape);
      const Index copies = std::min<Index>(workers, detail::batch_of(shape).size());
      return static_cast<std::size_t>(sizes.workspace * workers + sizes.matrix * copies) * sizeof(T);
    });
  }

  void run_in(const WorkMemory& memory, std::span<const View> inputs,
              std::span<const MutableView> outputs) const override {
    with_floating(inputs[0].spec.dtype, [&](auto type) {
      using T = decltype(type);
      const Shape& shape = outputs[0].shape();
      const Index n = shape[shape.rank() - 2];
      const Index k = shape.back();
      const Index count = detail::batch_of(shape).size();
      if (n == 0 || count == 0) return;
      const Sizes<T> sizes(shape);
      const detail::Parts<T> spaces{static_cast<T*>(memory.data), sizes.workspace};
      const detail::Parts<T> matrices{spaces.of(memory.workers), sizes.matrix};
      const detail::BatchOf left(inputs[0].shape(), shape);
      const detail::BatchOf right(inputs[1].shape(), shape);
      const auto solve_one = [&](Index at, int worker, int workers) {
        T* a = matrices.of(worker);
        T* x = outputs[0].as<T>() + at * n * k;
        copy_matrix(inputs[0].as<T>() + left[at] * n * n, n, a);
        std::copy_n(inputs[1].as<T>() + right[at] * n * k, n * k, x);
        const kernels::Workspace<T> space{spaces.of(worker), workers};
        const kernels::Lu<T> lu = kernels::factor_lu(n, a, k, x, space);
        if (lu.bad) return lu;
        kernels::solve_triangular(unit_lower, n, k, a, x, space);
        kernels::solve_triangular(upper, n, k, a, x, space);
        return lu;
      };
      detail::FirstMatrix first;
      detail::each_matrix(count, n * n * (n / 3 + k), memory.workers, [&](Index at, int worker, int workers) {
        if (solve_one(at, worker, workers).bad) first.note(at);
      });
      if (!first.found()) return;
      const auto pivot = solve_one(first.matrix(), 0, memory.workers).bad.value();
      throw Error(
          fmt::format("[solve] the matrix must be finite and not singular: got pivot {} in column {} of "
                      "{}{}; correct it, "
                      "or add a small multiple of the identity",
                      pivot.value, pivot.index, detail::matrix_text(inputs[0].spec, left[first.matrix()]),
                      transposed_ ? " transposed" : ""));
    });
  }

  Tensors gradients(const Tensors& ys, const Tensors& dys, const std::vector<bool>& wanted) const override {
    const Tensor db = solve(ys[0].input(0), dys[0], {.transpose = !transposed_});
    if (!wanted[0]) return {Tensor(), db};
    return {
        -(transposed_ ? matmul(ys[0], db, {.transpose_b = true}) : matmul(db, ys[0], {.transpose_b = true})),
        db};
  }

  Tensors at_all_steps(const Tensors& inputs, const std::vector<bool>& over_time) const override {
    const Tensors aligned = detail::aligned_over_time(inputs, over_time);
    return {solve(aligned[0], aligned[1], {.transpose = transposed_})};
  }

 private:
  static constexpr kernels::Triangle unit_lower{.lower = true, .unit_diagonal = true};
  static constexpr kernels::Triangle upper{.lower = false};

  /// Numbers of work memory per worker.
  template <class T>
  struct Sizes {
    explicit Sizes(const Shape& right) {
      const Index n = right[right.rank() - 2];
      const Index k = right.back();
      workspace = detail::Parts<T>::padded(
          std::max({kernels::lu_workspace<T>(n), kernels::triangular_workspace<T>(unit_lower, n, k),
                    kernels::triangular_workspace<T>(upper, n, k)}));
      matrix = detail::Parts<T>::padded(n * n);
    }
    Index workspace = 0;
    Index matrix = 0;
  };

  template <class T>
  void copy_matrix(const T* from, Index n, T* to) const {
    if (!transposed_) {
      std::copy_n(from, n * n, to);
      return;
    }
    for (Index i = 0; i < n; ++i) {
      for (Index j = 0; j < n; ++j) to[j * n + i] = from[i * n + j];
    }
  }

  const bool transposed_;
};

/// One matrix for many right sides: their columns form one system, and the matrix is factored once.
Tensor solve_joined(const Tensor& a, const Tensor& b, bool transposed) {
  const auto op = std::make_shared<Solve>(transposed);
  detail::require_sides(a.spec(), b.spec(), "solve");
  if (a.rank() > 2 || b.rank() == 2) return make(op, {a, b}, Location{});
  std::vector<Index> rows_first(static_cast<std::size_t>(b.rank()));
  std::iota(rows_first.begin() + 1, rows_first.end() - 1, 0);
  rows_first.front() = b.rank() - 2;
  rows_first.back() = b.rank() - 1;
  std::vector<Index> rows_last(rows_first.size());
  for (std::size_t i = 0; i < rows_first.size(); ++i)
    rows_last[static_cast<std::size_t>(rows_first[i])] = static_cast<Index>(i);
  const Tensor columns = transpose(b, rows_first);
  const Index rows = b.dim(-2);
  const Shape joined{rows, detail::batch_of(b.shape()).size() * b.dim(-1)};
  return transpose(reshape(make(op, {a, reshape(columns, joined)}, Location{}), columns.shape()), rows_last);
}

}  // namespace

Tensor solve(const Operand& a, const Operand& b, SolveOptions options) {
  const detail::Call call("solve", a.where());
  const detail::System system(a, b);
  if (!options.positive) return system.solution(solve_joined(system.a, system.b, options.transpose));
  detail::require_sides(system.a.spec(), system.b.spec(), "solve");
  const Tensor l = cholesky(system.a);
  return system.solution(solve_triangular(l, solve_triangular(l, system.b), {.transpose = true}));
}

}  // namespace sluice
