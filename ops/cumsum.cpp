#include <sluice/graph/call.h>
#include <sluice/kernels/threads.h>
#include <sluice/ops/along_axis.h>
#include <sluice/ops/cumsum.h>
#include <sluice/ops/wrapping.h>

#include <fmt/format.h>

#include <algorithm>

namespace sluice {

namespace {

class CumSum final : public Op {
 public:
  CumSum(Index axis, bool reverse) : axis_(axis), reverse_(reverse) {}
  std::string_view name() const override { return "cumsum"; }
  Takes takes() const override { return {.operands = 1}; }
  bool may_throw(std::span<const Spec>) const override { return false; }
  void members(Attributes& a) const override { a("axis", axis_), a("reverse", reverse_); }

  Specs infer(std::span<const Spec> inputs) const override {
    if (inputs[0].dtype == DType::boolean) {
      throw ShapeError(fmt::format("[cumsum] needs numbers: got {}; cast it to i32", inputs[0].text()));
    }
    return {inputs[0]};
  }

  void run(std::span<const View> inputs, std::span<const MutableView> outputs) const override {
    with_type(inputs[0].spec.dtype, [&](auto type) {
      using T = decltype(type);
      if constexpr (!std::is_same_v<T, bool>) {
        add(inputs[0].as<T>(), outputs[0].as<T>(), detail::AlongAxis(inputs[0].shape(), axis_));
      }
    });
  }

  Tensors gradient(const Tensor&, const Tensor& dy) const override { return {cumsum(dy, axis_, !reverse_)}; }

  Tensors at_all_steps(const Tensors& inputs, const std::vector<bool>&) const override {
    return {cumsum(inputs[0], axis_ + 1, reverse_)};
  }

 private:
  template <class T>
  static T plus(T a, T b) {
    if constexpr (std::is_integral_v<T>) {
      return detail::wrapping_add(a, b);
    } else {
      return a + b;
    }
  }

  template <class T>
  void add(const T* x, T* y, const detail::AlongAxis& along) const {
    const Index size = along.length * along.inner;
    if (size == 0) return;
    const Index step = reverse_ ? -along.inner : along.inner;
    const Index first = reverse_ ? size - along.inner : 0;
    kernels::parallel_for(
        along.outer, std::max<Index>(1, (Index{1} << 14) / size), [&](Index begin, Index end) {
          for (Index outer = begin; outer < end; ++outer) {
            const T* from = x + outer * size + first;
            T* to = y + outer * size + first;
            if (along.inner == 1) {
              T sum = 0;  // stays in a register: reading back the value just stored takes longer
              for (Index i = 0; i < along.length; ++i) to[i * step] = sum = plus(sum, from[i * step]);
              continue;
            }
            std::copy_n(from, along.inner, to);
            for (Index i = 1; i < along.length; ++i) {
              for (Index j = 0; j < along.inner; ++j) {
                to[i * step + j] = plus(to[(i - 1) * step + j], from[i * step + j]);
              }
            }
          }
        });
  }

  const Index axis_;
  const bool reverse_;
};

}  // namespace

Tensor cumsum(const Operand& x, Index axis, bool reverse) {
  const detail::Call call("cumsum", x.where());
  const Tensor tensor = x.tensor();
  return make(std::make_shared<CumSum>(normal_axis(axis, tensor.rank(), "cumsum"), reverse), {tensor},
              x.where());
}

}  // namespace sluice
