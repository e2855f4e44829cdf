#include <sluice/graph/call.h>
#include <sluice/kernels/threads.h>
#include <sluice/ops/along_axis.h>
#include <sluice/ops/scatter_add.h>
#include <sluice/ops/steps.h>
#include <sluice/ops/take_along_axis.h>

#include <fmt/format.h>

namespace sluice {

namespace {

class TakeAlongAxis final : public Op {
 public:
  TakeAlongAxis(Index axis, const detail::IdNames& names) : axis_(axis), names_(names) {}
  std::string_view name() const override { return "take_along_axis"; }
  Takes takes() const override { return {.operands = 2}; }
  void members(Attributes& a) const override { a("axis", axis_), a({}, names_); }

  Specs infer(std::span<const Spec> inputs) const override {
    detail::require_ids(inputs[1], "take_along_axis");
    const Shape& x = inputs[0].shape;
    const Shape& ids = inputs[1].shape;
    if (ids.rank() != x.rank() || !(ids.with(axis_, x[axis_]) == x)) {
      throw ShapeError(
          fmt::format("[take_along_axis] the ids must have the shape of the tensor, but for axis {}: got {} "
                      "for {}; expand_dims or broadcast_to may help",
                      axis_, ids.text(), x.text()));
    }
    return {{inputs[0].dtype, ids}};
  }

  void run(std::span<const View> inputs, std::span<const MutableView> outputs) const override {
    const detail::AlongAxis x(inputs[0].shape(), axis_);
    const detail::AlongAxis y(outputs[0].shape(), axis_);
    detail::check_ids(inputs[1], x.length, names_);
    const auto* ids = inputs[1].as<std::int32_t>();
    with_type(inputs[0].spec.dtype, [&](auto type) {
      using T = decltype(type);
      const T* from = inputs[0].as<T>();
      T* to = outputs[0].as<T>();
      kernels::parallel_for(outputs[0].size(), Index{1} << 14, [&](Index begin, Index end) {
        for (Index at = begin; at < end; ++at) {
          const Index outer = at / (y.length * y.inner);
          to[at] = from[(outer * x.length + ids[at]) * x.inner + at % x.inner];
        }
      });
    });
  }

  Tensors gradient(const Tensor& y, const Tensor& dy) const override {
    return {detail::scatter_sum(y.input(1), dy, axis_, y.input(0).shape()[axis_], names_), Tensor()};
  }

  bool works_by_rows(std::span<const Spec>, const std::vector<bool>& by_rows) const override {
    return axis_ != 0 && by_rows[0] && by_rows[1];
  }

  Tensors at_all_steps(const Tensors& inputs, const std::vector<bool>& over_time) const override {
    const Tensors all = detail::all_over_time(inputs, over_time);
    return {detail::take_along_axis(all[0], all[1], axis_ + 1, names_)};
  }

 private:
  const Index axis_;
  const detail::IdNames names_;
};

}  // namespace

Tensor take_along_axis(const Operand& x, const Operand& ids, Index axis) {
  const detail::Call call("take_along_axis", x.where());
  const Tensor tensor = x.tensor();
  const Index normal = normal_axis(axis, tensor.rank(), "take_along_axis");
  return detail::take_along_axis(tensor, ids.tensor(DType::int32), normal, {"take_along_axis"});
}

Tensor detail::take_along_axis(const Tensor& x, const Tensor& ids, Index axis, const IdNames& names) {
  return make(std::make_shared<TakeAlongAxis>(axis, names), {x, ids}, Location{});
}

}  // namespace sluice
