#include <sluice/graph/arithmetic.h>
#include <sluice/graph/call.h>
#include <sluice/kernels/threads.h>
#include <sluice/ops/along_axis.h>
#include <sluice/ops/inspect.h>
#include <sluice/ops/scatter_add.h>
#include <sluice/ops/steps.h>
#include <sluice/ops/take_along_axis.h>

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

namespace sluice {

namespace {

class ScatterSum final : public Op {
 public:
  ScatterSum(Index axis, Index length, const detail::IdNames& names)
      : axis_(axis), length_(length), names_(names) {}
  std::string_view name() const override { return "scatter_sum"; }
  Takes takes() const override { return {.operands = 2}; }
  void members(Attributes& a) const override { a("axis", axis_), a("length", length_), a({}, names_); }

  /// Inputs: ids, updates.
  Specs infer(std::span<const Spec> inputs) const override {
    detail::require_ids(inputs[0], "scatter_sum");
    if (!(inputs[0].shape == inputs[1].shape) || inputs[1].dtype == DType::boolean) {
      throw ShapeError(
          fmt::format("[scatter_sum] the updates must be numbers of the shape of the ids: got ids {} and "
                      "updates {}; cast or reshape them",
                      inputs[0].text(), inputs[1].text()));
    }
    return {{inputs[1].dtype, inputs[1].shape.with(axis_, length_)}};
  }

  void run(std::span<const View> inputs, std::span<const MutableView> outputs) const override {
    detail::check_ids(inputs[0], length_, names_);
    const auto* ids = inputs[0].as<std::int32_t>();
    const detail::AlongAxis from(inputs[1].shape(), axis_);
    with_type(inputs[1].spec.dtype, [&](auto type) {
      using T = decltype(type);
      if constexpr (!std::is_same_v<T, bool>) {
        const T* updates = inputs[1].as<T>();
        T* to = outputs[0].as<T>();
        const Index rows = from.length * from.inner;
        // Threads divide the outer axes: each element has one writer, which goes through the ids in order.
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
    return {Tensor(), detail::take_along_axis(dy, y.input(0), axis_, names_)};
  }

  Index axis() const { return axis_; }
  Index length() const { return length_; }
  const detail::IdNames& names() const { return names_; }

  bool works_by_rows(std::span<const Spec>, const std::vector<bool>& by_rows) const override {
    return axis_ != 0 && by_rows[0] && by_rows[1];
  }

  Tensors at_all_steps(const Tensors& inputs, const std::vector<bool>& over_time) const override {
    const Tensors all = detail::all_over_time(inputs, over_time);
    return {detail::scatter_sum(all[0], all[1], axis_ + 1, length_, names_)};
  }

 private:
  const Index axis_;
  const Index length_;
  const detail::IdNames names_;
};

/// The rest of a scatter_sum if the destinations do not matter: the updates, and the check of the ids.
class CheckedUpdates final : public Op {
 public:
  CheckedUpdates(Index length, const detail::IdNames& names) : length_(length), names_(names) {}
  std::string_view name() const override { return "checked_updates"; }
  Takes takes() const override { return {.operands = 2}; }
  void members(Attributes& a) const override { a("length", length_), a({}, names_); }

  /// Inputs: updates, ids.
  Specs infer(std::span<const Spec> inputs) const override { return {inputs[0]}; }

  void run(std::span<const View> inputs, std::span<const MutableView> outputs) const override {
    detail::check_ids(inputs[1], length_, names_);
    const std::size_t bytes = inputs[0].spec.bytes();
    if (bytes > 0 && outputs[0].data != inputs[0].data) std::memcpy(outputs[0].data, inputs[0].data, bytes);
  }

  Tensors gradient(const Tensor&, const Tensor& dy) const override { return {dy, Tensor()}; }

  bool in_place() const override { return true; }

  bool works_by_rows(std::span<const Spec> inputs, const std::vector<bool>& by_rows) const override {
    return inputs[0].shape.rank() > 0 && by_rows[0] && by_rows[1];
  }

  Tensors at_all_steps(const Tensors& inputs, const std::vector<bool>& over_time) const override {
    return {make(std::make_shared<CheckedUpdates>(length_, names_), detail::all_over_time(inputs, over_time),
                 Location{})};
  }

 private:
  const Index length_;
  const detail::IdNames names_;
};

}  // namespace

Tensor detail::checked_updates(const Node& scatter_sum) {
  const auto& op = dynamic_cast<const ScatterSum&>(*scatter_sum.op);
  return make(std::make_shared<CheckedUpdates>(op.length(), op.names()),
              {scatter_sum.inputs[1], scatter_sum.inputs[0]}, scatter_sum.where);
}

std::optional<Index> detail::scatter_axis(const Op& op) {
  const auto* sum = dynamic_cast<const ScatterSum*>(&op);
  return sum == nullptr ? std::nullopt : std::optional(sum->axis());
}

Tensor scatter_sum(const Operand& ids, const Operand& updates, Index axis, Index length) {
  const detail::Call call("scatter_sum", updates.where());
  const Tensor values = updates.tensor();
  const Index normal = normal_axis(axis, values.rank(), "scatter_sum");
  return detail::scatter_sum(ids.tensor(DType::int32), values, normal, length, {"scatter_sum"});
}

Tensor detail::scatter_sum(const Tensor& ids, const Tensor& updates, Index axis, Index length,
                           const IdNames& names) {
  return make(std::make_shared<ScatterSum>(axis, length, names), {ids, updates}, Location{});
}

Tensor scatter_add(const Operand& x, const Operand& ids, const Operand& updates, Index axis) {
  const detail::Call call("scatter_add", x.where());
  const Tensor tensor = x.tensor();
  const Index normal = normal_axis(axis, tensor.rank(), "scatter_add");
  const Tensor places = ids.tensor(DType::int32);
  detail::require_ids(places.spec(), "scatter_add");
  const Tensor values = updates.tensor(tensor.dtype());
  if (values.dtype() != tensor.dtype() || values.rank() != tensor.rank() ||
      !(values.shape().with(normal, tensor.shape()[normal]) == tensor.shape())) {
    throw ShapeError(
        fmt::format("[scatter_add] the updates must have the dtype and, but for axis {}, the shape of the "
                    "tensor: got {} for {}; reshape or cast them",
                    normal, values.spec().text(), tensor.spec().text()));
  }
  return tensor + detail::scatter_sum(places, values, normal, tensor.shape()[normal], {"scatter_add"});
}

}  // namespace sluice
