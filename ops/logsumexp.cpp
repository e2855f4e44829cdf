#include <sluice/graph/arithmetic.h>
#include <sluice/graph/call.h>
#include <sluice/kernels/vector_math.h>
#include <sluice/ops/compare.h>
#include <sluice/ops/exp_sums.h>
#include <sluice/ops/logsumexp.h>
#include <sluice/ops/reshape.h>
#include <sluice/ops/softmax.h>
#include <sluice/ops/where.h>

#include <limits>

namespace sluice {

namespace {

class LogSumExp final : public Op {
 public:
  LogSumExp(Index axis, bool keep) : axis_(axis), keep_(keep) {}
  std::string_view name() const override { return "logsumexp"; }
  Takes takes() const override { return {.operands = 1}; }
  bool may_throw(std::span<const Spec>) const override { return false; }
  void members(Attributes& a) const override { a("axis", axis_), a("keep", keep_); }

  Specs infer(std::span<const Spec> inputs) const override {
    detail::require_floating(inputs[0], "logsumexp");
    const Shape& x = inputs[0].shape;
    return {{inputs[0].dtype, keep_ ? x.with(axis_, 1) : x.erased(axis_)}};
  }

  void run(std::span<const View> inputs, std::span<const MutableView> outputs) const override {
    const detail::AlongAxis along(inputs[0].shape(), axis_);
    with_floating(inputs[0].spec.dtype, [&](auto type) {
      using T = decltype(type);
      detail::for_each_band(along, [&](Index offset, Index outer, Index column, Index width) {
        const T* x = inputs[0].as<T>() + offset;
        const auto no_exponentials = static_cast<T*>(nullptr);
        auto [shifts, logs] = detail::exp_sums(x, along.length, along.inner, width, no_exponentials);
        kernels::log1p(logs.data(), logs.data(), static_cast<std::size_t>(width));
        T* y = outputs[0].as<T>() + outer * along.inner + column;
        for (Index j = 0; j < width; ++j) {
          y[j] = shifts[static_cast<std::size_t>(j)] + logs[static_cast<std::size_t>(j)];
        }
      });
    });
  }

  Tensors gradient(const Tensor& y, const Tensor& dy) const override {
    const Tensor& x = y.input(0);
    const Shape kept = x.shape().with(axis_, 1);
    // Not exp(x - y), which inherits the rounding of a large y. If all x are minus infinity, softmax is NaN.
    const Tensor vanishes = equal(reshape(y, kept), -std::numeric_limits<double>::infinity());
    return {where(vanishes, 0, softmax(x, axis_)) * reshape(dy, kept)};
  }

  bool works_by_rows(std::span<const Spec>, const std::vector<bool>&) const override { return axis_ != 0; }

  Tensors at_all_steps(const Tensors& inputs, const std::vector<bool>&) const override {
    return {logsumexp(inputs[0], axis_ + 1, keep_)};
  }

 private:
  const Index axis_;
  const bool keep_;
};

}  // namespace

Tensor logsumexp(const Operand& x, Index axis, bool keep) {
  const detail::Call call("logsumexp", x.where());
  const Tensor tensor = x.tensor();
  const Index normal = normal_axis(axis, tensor.rank(), "logsumexp");
  return make(std::make_shared<LogSumExp>(normal, keep), {tensor}, x.where());
}

}  // namespace sluice
