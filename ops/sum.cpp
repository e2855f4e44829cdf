#include <sluice/kernels/vector_math.h>
#include <sluice/ops/broadcast_to.h>
#include <sluice/ops/inspect.h>
#include <sluice/ops/reduce.h>
#include <sluice/ops/reshape.h>
#include <sluice/ops/sum.h>
#include <sluice/ops/wrapping.h>

#include <fmt/format.h>

#include <algorithm>
#include <concepts>

namespace sluice {

namespace {

template <class T>
struct SumFold {
  T start() const { return 0; }
  T of(const T* x, Index n) const {
    if constexpr (std::is_floating_point_v<T>) {
      return kernels::sum(x, static_cast<std::size_t>(n));
    } else {
      T sum = 0;
      for (Index i = 0; i < n; ++i) sum = combine(sum, x[i]);
      return sum;
    }
  }
  void into(T* y, const T* x, Index n) const {
    if constexpr (std::is_floating_point_v<T>) {
      kernels::add(y, 1, x, 1, y, static_cast<std::size_t>(n));
    } else {
      for (Index i = 0; i < n; ++i) y[i] = combine(y[i], x[i]);
    }
  }
  template <class Row>
  requires std::floating_point<T>
  void rows(Index count, Index n, T* y, const Row& row) const { detail::sum_rows(count, n, y, row); }
  T combine(T a, T b) const {
    if constexpr (std::is_integral_v<T>) {
      return detail::wrapping_add(a, b);
    } else {
      return a + b;
    }
  }
};

class Sum final : public Op {
 public:
  Sum(detail::AxisSet axes, bool keep) : axes_(axes), keep_(keep) {}
  std::string_view name() const override { return "sum"; }
  Takes takes() const override { return {.operands = 1}; }
  bool may_throw(std::span<const Spec>) const override { return false; }
  void members(Attributes& a) const override { a("axes", detail::ShownAxes{axes_}), a("keep", keep_); }

  Specs infer(std::span<const Spec> inputs) const override {
    if (inputs[0].dtype == DType::boolean) {
      throw ShapeError(fmt::format("[sum] needs numbers: got {}; cast it to i32 to count", inputs[0].text()));
    }
    return {{inputs[0].dtype, detail::reduced_shape(inputs[0].shape, axes_, keep_)}};
  }

  void run(std::span<const View> inputs, std::span<const MutableView> outputs) const override {
    with_type(inputs[0].spec.dtype, [&](auto type) {
      using T = decltype(type);
      if constexpr (!std::is_same_v<T, bool>) {
        const T* x = inputs[0].as<T>();
        // The sum of one element is that element, -0 too, which it would not be added to zero.
        if (inputs[0].size() == outputs[0].size()) {
          std::copy_n(x, inputs[0].size(), outputs[0].as<T>());
        } else {
          detail::reduce(inputs[0].shape(), axes_, x, outputs[0].as<T>(), SumFold<T>());
        }
      }
    });
  }

  Tensors gradient(const Tensor& y, const Tensor& dy) const override {
    const Shape& shape = y.input(0).shape();
    return {broadcast_to(reshape(dy, detail::reduced_shape(shape, axes_, true)), shape)};
  }

  detail::SumAxes summed() const { return {axes_, keep_}; }

  bool works_by_rows(std::span<const Spec> inputs, const std::vector<bool>&) const override {
    return inputs[0].shape.rank() > 0 && !detail::has_axis(axes_, 0);
  }

  Tensors at_all_steps(const Tensors& inputs, const std::vector<bool>&) const override {
    return {make(std::make_shared<Sum>(axes_ << 1, keep_), {inputs[0]})};
  }

  Tensor sum_over_steps(const Tensors& inputs, const std::vector<bool>&) const override {
    const Tensor total = make(std::make_shared<Sum>(axes_ << 1 | 1u, false), {inputs[0]});
    return reshape(total, detail::reduced_shape(inputs[0].shape().erased(0), axes_, keep_));
  }

 private:
  const detail::AxisSet axes_;
  const bool keep_;
};

}  // namespace

std::optional<detail::SumAxes> detail::sum_axes(const Op& op) {
  const auto* sum = dynamic_cast<const Sum*>(&op);
  return sum == nullptr ? std::nullopt : std::optional(sum->summed());
}

Tensor sum(const Operand& x, const Axes& axes, bool keep) {
  const detail::Call call("sum", x.where());
  const Tensor tensor = x.tensor();
  const detail::AxisSet set = detail::axis_set(axes, tensor.rank(), "sum");
  if (set == 0 && tensor.dtype() != DType::boolean) return tensor;
  return make(std::make_shared<Sum>(set, keep), {tensor}, x.where());
}

Tensor sum_to(const Tensor& x, const Shape& shape, Location where) {
  const detail::Call call("sum_to", where);
  if (x.shape() == shape) return x;
  const Index extra = x.rank() - shape.rank();
  std::vector<Index> axes;
  bool fits = extra >= 0;
  for (Index axis = 0; fits && axis < x.rank(); ++axis) {
    if (axis < extra || (shape[axis - extra] == 1 && x.shape()[axis] != 1)) {
      axes.push_back(axis);
    } else {
      fits = shape[axis - extra] == x.shape()[axis];
    }
  }
  if (!fits) {
    throw ShapeError(fmt::format(
        "[sum_to] the target must broadcast to the tensor's shape: got {} for {}; reshape one of them",
        x.shape().text(), shape.text()));
  }
  return reshape(x.size() == shape.size() ? x : sum(x, axes), shape);
}

}  // namespace sluice
