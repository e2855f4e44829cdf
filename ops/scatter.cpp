#include <sluice/graph/call.h>
#include <sluice/kernels/threads.h>
#include <sluice/ops/along_axis.h>
#include <sluice/ops/compare.h>
#include <sluice/ops/reshape.h>
#include <sluice/ops/scatter.h>
#include <sluice/ops/steps.h>
#include <sluice/ops/take.h>
#include <sluice/ops/where.h>
#include <sluice/ops/run_with_memory.inl>

#include <fmt/format.h>

#include <algorithm>

namespace sluice {

namespace {

class Scatter final : public Op {
 public:
  explicit Scatter(Index axis) : axis_(axis) {}
  std::string_view name() const override { return "scatter"; }
  Takes takes() const override { return {.operands = 3}; }
  bool chooses(std::span<const Spec>) const override { return true; }
  void members(Attributes& a) const override { a("axis", axis_); }

  /// Inputs: x, ids, values.
  Specs infer(std::span<const Spec> inputs) const override {
    detail::require_ids(inputs[1], "scatter");
    Spec taken = inputs[0];
    taken.shape = taken.shape.erased(axis_);
    for (Index i = 0; i < inputs[1].shape.rank(); ++i)
      taken.shape = taken.shape.inserted(axis_ + i, inputs[1].shape[i]);
    if (inputs[2] != taken) {
      throw ShapeError(
          fmt::format("[scatter] the values must have the dtype and shape of take(x, ids, {}): got x {}, ids "
                      "{}, values {}; reshape, broadcast_to or cast them",
                      axis_, inputs[0].text(), inputs[1].text(), inputs[2].text()));
    }
    return {inputs[0]};
  }

  void run(std::span<const View> inputs, std::span<const MutableView> outputs) const override {
    detail::run_with_memory(*this, inputs, outputs);
  }

  std::size_t work_bytes(std::span<const Spec> inputs, int) const override {
    return static_cast<std::size_t>(inputs[0].shape[axis_]) * sizeof(Index);
  }

  void run_in(const WorkMemory& memory, std::span<const View> inputs,
              std::span<const MutableView> outputs) const override {
    const detail::AlongAxis x(inputs[0].shape(), axis_);
    detail::check_ids(inputs[1], x.length, "scatter");
    const auto* ids = inputs[1].as<std::int32_t>();
    const Index count = inputs[1].size();
    auto* writers = static_cast<Index*>(memory.data);  // which values replace a slice: the last ones
    std::fill_n(writers, x.length, Index{-1});
    for (Index i = 0; i < count; ++i) writers[ids[i]] = i;
    with_type(inputs[0].spec.dtype, [&](auto type) {
      using T = decltype(type);
      const Index grain = std::max<Index>(1, (Index{1} << 15) / std::max<Index>(x.inner, 1));
      kernels::parallel_for(x.outer * x.length, grain, [&](Index begin, Index end) {
        for (Index at = begin; at < end; ++at) {
          const Index writer = writers[at % x.length];
          const T* from = writer < 0 ? inputs[0].as<T>() + at * x.inner
                                     : inputs[2].as<T>() + (at / x.length * count + writer) * x.inner;
          std::copy_n(from, x.inner, outputs[0].as<T>() + at * x.inner);
        }
      });
    });
  }

  Tensors gradients(const Tensors& ys, const Tensors& dys, const std::vector<bool>& wanted) const override {
    const detail::Call call("scatter", ys[0].node().where);
    const Tensor& ids = ys[0].input(1);
    const Tensor& values = ys[0].input(2);
    Tensors gradients(3);
    if (wanted[0]) gradients[0] = scatter(dys[0], ids, zeros_like(values), axis_);
    if (wanted[2])
      gradients[2] = where(is_last(ids, values, ys[0].shape()[axis_]), take(dys[0], ids, axis_), 0);
    return gradients;
  }

  bool works_by_rows(std::span<const Spec>, const std::vector<bool>& by_rows) const override {
    return axis_ != 0 && by_rows[0] && !by_rows[1] && by_rows[2];
  }

  Tensors at_all_steps(const Tensors& inputs, const std::vector<bool>& over_time) const override {
    if (over_time[1]) return {};
    const Tensors all = detail::all_over_time({inputs[0], inputs[2]}, {over_time[0], over_time[2]});
    return {scatter(all[0], inputs[1], all[1], axis_ + 1)};
  }

 private:
  /// Whether each slice of the values is the last one for its id, with the rank of the values.
  Tensor is_last(const Tensor& ids, const Tensor& values, Index length) const {
    const Tensor order = arange(ids.size());
    const Tensor flat = reshape(ids, {ids.size()});
    const Tensor last = scatter(zeros({length}, DType::int32), flat, order);
    Shape shape = values.shape();
    for (Index axis = 0; axis < shape.rank(); ++axis)
      if (axis < axis_ || axis >= axis_ + ids.rank()) shape = shape.with(axis, 1);
    return reshape(take(last, flat) == order, shape);
  }

  const Index axis_;
};

}  // namespace

Tensor scatter(const Operand& x, const Operand& ids, const Operand& values, Index axis) {
  const detail::Call call("scatter", x.where());
  const Tensor tensor = x.tensor();
  const Index normal = normal_axis(axis, tensor.rank(), "scatter");
  return make(std::make_shared<Scatter>(normal),
              {tensor, ids.tensor(DType::int32), values.tensor(tensor.dtype())}, x.where());
}

}  // namespace sluice
