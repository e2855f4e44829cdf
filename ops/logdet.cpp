#include <sluice/graph/call.h>
#include <sluice/ops/cholesky.h>
#include <sluice/ops/log.h>
#include <sluice/ops/logdet.h>
#include <sluice/ops/solve.h>
#include <sluice/ops/sum.h>
#include <sluice/ops/where.h>
#include <sluice/ops/matrices.inl>

#include <cmath>
#include <limits>

namespace sluice {

namespace {

/// Outputs: log |det|, and the sign of the determinant.
class LogDet final : public Op {
 public:
  std::string_view name() const override { return "logdet"; }
  Takes takes() const override { return {.operands = 1}; }
  bool may_throw(std::span<const Spec>) const override { return false; }

  Specs infer(std::span<const Spec> inputs) const override {
    detail::require_square(inputs[0], name());
    const Spec each{inputs[0].dtype, detail::batch_of(inputs[0].shape)};
    return {each, each};
  }

  void run(std::span<const View> inputs, std::span<const MutableView> outputs) const override {
    detail::run_with_memory(*this, inputs, outputs);
  }

  std::size_t work_bytes(std::span<const Spec> inputs, int workers) const override {
    return with_floating(inputs[0].dtype, [&](auto type) {
      using T = decltype(type);
      const Index n = inputs[0].shape.back();
      const Index copies = std::min<Index>(workers, detail::batch_of(inputs[0].shape).size());
      return static_cast<std::size_t>(workspace<T>(n) * workers + matrix<T>(n) * copies) * sizeof(T);
    });
  }

  void run_in(const WorkMemory& memory, std::span<const View> inputs,
              std::span<const MutableView> outputs) const override {
    with_floating(inputs[0].spec.dtype, [&](auto type) {
      using T = decltype(type);
      const Index n = inputs[0].shape().back();
      const detail::Parts<T> spaces{static_cast<T*>(memory.data), workspace<T>(n)};
      const detail::Parts<T> matrices{spaces.of(memory.workers), matrix<T>(n)};
      T* logs = outputs[0].as<T>();
      T* signs = outputs[1].as<T>();
      detail::each_matrix(
          outputs[0].size(), n * n * n / 3, memory.workers, [&](Index at, int worker, int workers) {
            T* a = matrices.of(worker);
            std::copy_n(inputs[0].as<T>() + at * n * n, n * n, a);
            const kernels::Lu<T> lu =
                kernels::factor_lu<T>(n, a, 0, nullptr, kernels::Workspace<T>{spaces.of(worker), workers});
            const auto [sign, log] = lu.bad ? no_determinant(lu.bad->value, n, inputs[0].as<T>() + at * n * n)
                                            : determinant(lu.odd, n, a);
            if (logs != nullptr) logs[at] = log;
            if (signs != nullptr) signs[at] = sign;
          });
    });
  }

  Tensors gradients(const Tensors& ys, const Tensors& dys, const std::vector<bool>&) const override {
    if (!dys[0].defined()) return {Tensor()};
    const Tensor& a = ys[0].input(0);
    const Tensor inverse_transposed = solve(a, detail::identity(a), {.transpose = true});
    return {expand_dims(expand_dims(dys[0], -1), -1) * inverse_transposed};
  }

  bool works_by_rows(std::span<const Spec> inputs, const std::vector<bool>&) const override {
    return inputs[0].shape.rank() > 2;
  }

  Tensors at_all_steps(const Tensors& inputs, const std::vector<bool>&) const override {
    return outputs_of(make<LogDet>(inputs[0]));
  }

 private:
  template <class T>
  struct Determinant {
    T sign;
    T log;
  };

  template <class T>
  static Determinant<T> determinant(bool negative, Index n, const T* a) {
    double log = 0;
    for (Index i = 0; i < n; ++i) {
      negative = negative != std::signbit(a[i * n + i]);
      log += std::log(std::abs(static_cast<double>(a[i * n + i])));
    }
    return {negative ? T{-1} : T{1}, static_cast<T>(log)};
  }

  /// A pivot of zero may come before NaN and infinity.
  template <class T>
  static Determinant<T> no_determinant(T pivot, Index n, const T* a) {
    if (pivot == 0 && std::all_of(a, a + n * n, [](T x) { return std::isfinite(x); }))
      return {T{0}, -std::numeric_limits<T>::infinity()};
    return {std::numeric_limits<T>::quiet_NaN(), std::numeric_limits<T>::quiet_NaN()};
  }

  template <class T>
  static Index workspace(Index n) {
    return detail::Parts<T>::padded(kernels::lu_workspace<T>(n));
  }
  template <class T>
  static Index matrix(Index n) {
    return detail::Parts<T>::padded(n * n);
  }
};

}  // namespace

Tensor logdet(const Operand& a, LogDetOptions options) {
  const detail::Call call("logdet", a.where());
  const Tensor matrix = a.tensor();
  detail::require_square(matrix.spec(), "logdet");
  if (!options.positive) return make<LogDet>(matrix);
  const detail::Places at(matrix.dim(-1));
  const Tensor diagonal = sum(where(equal(at.row, at.column), cholesky(matrix), 0), -1);
  return sum(log(diagonal), -1) * 2;
}

SignAndLog slogdet(const Operand& a) {
  const detail::Call call("slogdet", a.where());
  const Tensor matrix = a.tensor();
  detail::require_square(matrix.spec(), "slogdet");
  const Tensors results = outputs_of(make<LogDet>(matrix));
  return {results[1], results[0]};
}

}  // namespace sluice
