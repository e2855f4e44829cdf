#include <sluice/graph/arithmetic.h>
#include <sluice/ops/prod.h>
#include <sluice/ops/reduce.h>
#include <sluice/ops/reshape.h>
#include <sluice/ops/transpose.h>
#include <sluice/ops/wrapping.h>

#include <fmt/format.h>

namespace sluice {

namespace {

template <class T>
struct ProdFold {
  T start() const { return 1; }
  T of(const T* x, Index n) const {
    T product = 1;
    for (Index i = 0; i < n; ++i) product = combine(product, x[i]);
    return product;
  }
  void into(T* y, const T* x, Index n) const {
    for (Index i = 0; i < n; ++i) y[i] = combine(y[i], x[i]);
  }
  T combine(T a, T b) const {
    if constexpr (std::is_integral_v<T>) {
      return detail::wrapping_multiply(a, b);
    } else {
      return a * b;
    }
  }
};

class Prod final : public Op {
 public:
  Prod(detail::AxisSet axes, bool keep) : axes_(axes), keep_(keep) {}
  std::string_view name() const override { return "prod"; }
  Takes takes() const override { return {.operands = 1}; }
  bool may_throw(std::span<const Spec>) const override { return false; }
  void members(Attributes& a) const override { a("axes", detail::ShownAxes{axes_}), a("keep", keep_); }

  Specs infer(std::span<const Spec> inputs) const override {
    if (inputs[0].dtype == DType::boolean) {
      throw ShapeError(fmt::format("[prod] needs numbers: got {}; cast it to i32", inputs[0].text()));
    }
    return {{inputs[0].dtype, detail::reduced_shape(inputs[0].shape, axes_, keep_)}};
  }

  void run(std::span<const View> inputs, std::span<const MutableView> outputs) const override {
    with_type(inputs[0].spec.dtype, [&](auto type) {
      using T = decltype(type);
      if constexpr (!std::is_same_v<T, bool>) {
        detail::reduce(inputs[0].shape(), axes_, inputs[0].as<T>(), outputs[0].as<T>(), ProdFold<T>());
      }
    });
  }

  /// Moves the reduced axes last and joins them to one.
  Tensors gradient(const Tensor& y, const Tensor& dy) const override {
    const Tensor& x = y.input(0);
    std::vector<Index> order;
    for (const bool reduced : {false, true}) {
      for (Index axis = 0; axis < x.rank(); ++axis) {
        if (detail::has_axis(axes_, axis) == reduced) order.push_back(axis);
      }
    }
    std::vector<Index> back(order.size());
    for (std::size_t i = 0; i < order.size(); ++i)
      back[static_cast<std::size_t>(order[i])] = static_cast<Index>(i);
    const Tensor moved = transpose(x, order);
    const Shape kept = detail::reduced_shape(x.shape(), axes_, false);
    Index joined = 1;
    for (Index axis = 0; axis < x.rank(); ++axis)
      joined *= detail::has_axis(axes_, axis) ? x.shape()[axis] : 1;
    const Tensor others = prod_others(reshape(moved, Shape{kept.size(), joined}));
    const Tensor dx = others * reshape(dy, Shape{kept.size(), 1});
    return {transpose(reshape(dx, moved.shape()), back)};
  }

  Tensors at_all_steps(const Tensors& inputs, const std::vector<bool>&) const override {
    return {make(std::make_shared<Prod>(axes_ << 1, keep_), {inputs[0]})};
  }

 private:
  const detail::AxisSet axes_;
  const bool keep_;
};

}  // namespace

Tensor prod(const Operand& x, const Axes& axes, bool keep) {
  const detail::Call call("prod", x.where());
  const Tensor tensor = x.tensor();
  const detail::AxisSet set = detail::axis_set(axes, tensor.rank(), "prod");
  return make(std::make_shared<Prod>(set, keep), {tensor}, x.where());
}

}  // namespace sluice
