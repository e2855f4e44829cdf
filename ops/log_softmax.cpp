#include <sluice/graph/arithmetic.h>
#include <sluice/graph/call.h>
#include <sluice/kernels/vector_math.h>
#include <sluice/ops/exp.h>
#include <sluice/ops/exp_sums.h>
#include <sluice/ops/log_softmax.h>
#include <sluice/ops/multiply_no_nan.h>
#include <sluice/ops/sum.h>

namespace sluice {

namespace {

class LogSoftmax final : public Op {
 public:
  explicit LogSoftmax(Index axis) : axis_(axis) {}
  std::string_view name() const override { return "log_softmax"; }
  Takes takes() const override { return {.operands = 1}; }
  bool may_throw(std::span<const Spec>) const override { return false; }
  void members(Attributes& a) const override { a("axis", axis_); }

  Specs infer(std::span<const Spec> inputs) const override {
    detail::require_floating(inputs[0], "log_softmax");
    return {inputs[0]};
  }

  void run(std::span<const View> inputs, std::span<const MutableView> outputs) const override {
    const detail::AlongAxis along(inputs[0].shape(), axis_);
    with_floating(inputs[0].spec.dtype, [&](auto type) {
      using T = decltype(type);
      detail::for_each_band(along, [&](Index offset, Index, Index, Index width) {
        const T* x = inputs[0].as<T>() + offset;
        T* y = outputs[0].as<T>() + offset;
        const auto no_exponentials = static_cast<T*>(nullptr);
        auto [shifts, logs] = detail::exp_sums(x, along.length, along.inner, width, no_exponentials);
        kernels::log1p(logs.data(), logs.data(), static_cast<std::size_t>(width));
        if (along.inner == 1) {
          for (Index i = 0; i < along.length; ++i) y[i] = x[i] - shifts[0] - logs[0];
          return;
        }
        for (Index i = 0; i < along.length; ++i) {
          for (Index j = 0; j < width; ++j) {
            const auto column = static_cast<std::size_t>(j);
            y[i * along.inner + j] = x[i * along.inner + j] - shifts[column] - logs[column];
          }
        }
      });
    });
  }

  Tensors gradient(const Tensor& y, const Tensor& dy) const override {
    return {dy - multiply_no_nan(exp(y), sum(dy, axis_, true))};
  }

  bool works_by_rows(std::span<const Spec>, const std::vector<bool>&) const override { return axis_ != 0; }

  Tensors at_all_steps(const Tensors& inputs, const std::vector<bool>&) const override {
    return {log_softmax(inputs[0], axis_ + 1)};
  }

 private:
  const Index axis_;
};

}  // namespace

Tensor log_softmax(const Operand& x, Index axis) {
  const detail::Call call("log_softmax", x.where());
  const Tensor tensor = x.tensor();
  return make(std::make_shared<LogSoftmax>(normal_axis(axis, tensor.rank(), "log_softmax")), {tensor},
              x.where());
}

}  // namespace sluice
