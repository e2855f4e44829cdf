#include <sluice/graph/arithmetic.h>
#include <sluice/kernels/threads.h>
#include <sluice/ops/along_axis.h>
#include <sluice/ops/axes.h>
#include <sluice/ops/inspect.h>
#include <sluice/ops/scatter_add.h>
#include <sluice/ops/steps.h>
#include <sluice/ops/take_along_axis.h>

#include <fmt/format.h>

#include <algorithm>

namespace sluice {

namespace {

class ScatterSum final : public Op {
 public:
  ScatterSum(Index axis, Index length) : axis_(axis), length_(length) {}
  std::string_view name() const override { return "scatter_sum"; }
  std::string attributes() const override { return fmt::format("axis={} length={}", axis_, length_); }

  /// Inputs: ids, updates.
  Specs infer(std::span<const Spec> inputs) const override {
    detail::require_ids(inputs[0], "scatter_sum");
    if (!(inputs[0].shape == inputs[1].shape) || inputs[1].dtype == DType::boolean) {
      throw ShapeError(
          fmt::format("[scatter_sum] the updates must be numbers of the shape of the ids: got ids {} and "
                      "updates {}",
                      inputs[0].text(), inputs[1].text()));
    }
    return {{inputs[1].dtype, inputs[1].shape.with(axis_, length_)}};
  }

  void run(std::span<const View> inputs, std::span<const MutableView> outputs) const override {
    detail::check_ids(inputs[0], length_, "scatter_sum");
    const auto* ids = inputs[0].as<std::int32_t>();
    const detail::AlongAxis from(inputs[1].shape(), axis_);
    with_type(inputs[1].spec.dtype, [&](auto type) {
      using T = decltype(type);
      if constexpr (!std::is_same_v<T, bool>) {
        const T* updates = inputs[1].as<T>();
        T* to = outputs[0].as<T>();
        const Index rows = from.length * from.inner;
        // Each thread has outer parts of its own: an element has one writer, who goes through the ids in
        // order.
        const Index grain =
            std::max<Index>(1, (Index{1} << 14) / std::max<Index>(rows + length_ * from.inner, 1));
        kernels::parallel_for(from.outer, grain, [&](Index begin, Index end) {
          std::fill(to + begin * length_ * from.inner, to + end * length_ * from.inner, T{0});
          for (Index at = begin * rows; at < end * rows; ++at) {
            to[(at / rows * length_ + ids[at]) * from.inner + at % from.inner] += updates[at];
          }
        });
      }
    });
  }

  Tensors gradient(const Tensor& y, const Tensor& dy) const override {
    return {Tensor(), take_along_axis(dy, y.input(0), axis_)};
  }

  Index axis() const { return axis_; }

  bool works_by_rows(std::span<const Spec>, const std::vector<bool>& by_rows) const override {
    return axis_ != 0 && by_rows[0] && by_rows[1];
  }

  Tensors at_all_steps(const Tensors& inputs, const std::vector<bool>& over_time) const override {
    const Tensors all = detail::all_over_time(inputs, over_time);
    return {scatter_sum(all[0], all[1], axis_ + 1, length_)};
  }

 private:
  const Index axis_;
  const Index length_;
};

}  // namespace

std::optional<Index> detail::scatter_axis(const Op& op) {
  const auto* sum = dynamic_cast<const ScatterSum*>(&op);
  return sum == nullptr ? std::nullopt : std::optional(sum->axis());
}

Tensor scatter_sum(const Operand& ids, const Operand& updates, Index axis, Index length) {
  const Tensor values = updates.tensor();
  return detail::located(updates.where(), [&] {
    const Index normal = normal_axis(axis, values.rank(), "scatter_sum");
    return make(std::make_shared<ScatterSum>(normal, length), {ids.tensor(DType::int32), values},
                updates.where());
  });
}

Tensor scatter_add(const Operand& x, const Operand& ids, const Operand& updates, Index axis) {
  const Tensor tensor = x.tensor();
  return detail::located(x.where(), [&] {
    const Index normal = normal_axis(axis, tensor.rank(), "scatter_add");
    detail::require_ids(ids.tensor().spec(), "scatter_add");
    const Tensor values = updates.tensor(tensor.dtype());
    if (values.dtype() != tensor.dtype() || values.rank() != tensor.rank() ||
        !(values.shape().with(normal, tensor.shape()[normal]) == tensor.shape())) {
      throw ShapeError(
          fmt::format("[scatter_add] the updates must have the dtype and, but for axis {}, the shape of the "
                      "tensor: got {} for {}",
                      normal, values.spec().text(), tensor.spec().text()));
    }
    return tensor + scatter_sum(ids, Operand(values, x.where()), normal, tensor.shape()[normal]);
  });
}

}  // namespace sluice
