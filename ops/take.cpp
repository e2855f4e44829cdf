#include <sluice/graph/call.h>
#include <sluice/kernels/threads.h>
#include <sluice/ops/along_axis.h>
#include <sluice/ops/index_add.h>
#include <sluice/ops/inspect.h>
#include <sluice/ops/take.h>
#include <sluice/ops/transpose.h>

#include <algorithm>

namespace sluice {

namespace {

class Take final : public Op {
 public:
  explicit Take(Index axis) : axis_(axis) {}
  std::string_view name() const override { return "take"; }
  Takes takes() const override { return {.operands = 2}; }
  void members(Attributes& a) const override { a("axis", axis_); }

  Specs infer(std::span<const Spec> inputs) const override {
    detail::require_ids(inputs[1], "take");
    Shape shape = inputs[0].shape.erased(axis_);
    for (Index i = 0; i < inputs[1].shape.rank(); ++i) shape = shape.inserted(axis_ + i, inputs[1].shape[i]);
    return {{inputs[0].dtype, shape}};
  }

  void run(std::span<const View> inputs, std::span<const MutableView> outputs) const override {
    const detail::AlongAxis x(inputs[0].shape(), axis_);
    detail::check_ids(inputs[1], x.length, "take");
    const auto* ids = inputs[1].as<std::int32_t>();
    const Index count = inputs[1].size();
    with_type(inputs[0].spec.dtype, [&](auto type) {
      using T = decltype(type);
      const T* from = inputs[0].as<T>();
      T* to = outputs[0].as<T>();
      const Index grain = std::max<Index>(1, (Index{1} << 15) / std::max<Index>(x.inner, 1));
      kernels::parallel_for(x.outer * count, grain, [&](Index begin, Index end) {
        for (Index at = begin; at < end; ++at) {
          std::copy_n(from + (at / count * x.length + ids[at % count]) * x.inner, x.inner, to + at * x.inner);
        }
      });
    });
  }

  Tensors gradient(const Tensor& y, const Tensor& dy) const override {
    const detail::Call call("take", y.node().where);
    return {index_sum(y.input(1), dy, axis_, y.input(0).shape()[axis_]), Tensor()};
  }

  Index axis() const { return axis_; }

  bool works_by_rows(std::span<const Spec>, const std::vector<bool>& by_rows) const override {
    return axis_ == 0 && !by_rows[0] && by_rows[1];  // one table for all rows of ids
  }

  Tensors at_all_steps(const Tensors& inputs, const std::vector<bool>& over_time) const override {
    if (!over_time[1]) return {take(inputs[0], inputs[1], axis_ + 1)};
    if (over_time[0]) return {};
    const Tensor taken = take(inputs[0], inputs[1], axis_);  // time is the first of the axes of the ids
    std::vector<Index> order{axis_};
    for (Index axis = 0; axis < taken.rank(); ++axis) {
      if (axis != axis_) order.push_back(axis);
    }
    return {transpose(taken, order)};
  }

 private:
  const Index axis_;
};

}  // namespace

std::optional<Index> detail::take_axis(const Op& op) {
  const auto* take = dynamic_cast<const Take*>(&op);
  return take == nullptr ? std::nullopt : std::optional(take->axis());
}

Tensor take(const Operand& x, const Operand& ids, Index axis) {
  const detail::Call call("take", x.where());
  const Tensor tensor = x.tensor();
  const Index normal = normal_axis(axis, tensor.rank(), "take");
  return make(std::make_shared<Take>(normal), {tensor, ids.tensor(DType::int32)}, x.where());
}

}  // namespace sluice
