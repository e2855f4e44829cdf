#include <sluice/graph/call.h>
#include <sluice/ops/concat.h>
#include <sluice/ops/inspect.h>
#include <sluice/ops/slice.h>
#include <sluice/ops/steps.h>
#include <sluice/ops/strided.h>

#include <fmt/format.h>

#include <algorithm>

namespace sluice {

namespace {

class Concat final : public Op {
 public:
  explicit Concat(Index axis) : axis_(axis) {}
  std::string_view name() const override { return "concat"; }
  bool may_throw(std::span<const Spec>) const override { return false; }
  void members(Attributes& a) const override { a("axis", axis_); }

  Specs infer(std::span<const Spec> inputs) const override {
    if (inputs.empty()) throw ShapeError("[concat] takes at least one tensor: got none; leave the call out");
    const Spec& first = inputs[0];
    Index length = 0;
    for (const Spec& input : inputs) {
      bool fits = input.dtype == first.dtype && input.shape.rank() == first.shape.rank();
      for (Index axis = 0; fits && axis < first.shape.rank(); ++axis) {
        fits = axis == axis_ || input.shape[axis] == first.shape[axis];
      }
      if (!fits) {
        throw ShapeError(
            fmt::format("[concat] all tensors must have one dtype and, but for axis {}, one shape: got {} "
                        "and {}; cast, reshape or broadcast one of them",
                        axis_, first.text(), input.text()));
      }
      length += input.shape[axis_];
    }
    return {{first.dtype, first.shape.with(axis_, length)}};
  }

  void run(std::span<const View> inputs, std::span<const MutableView> outputs) const override {
    if (outputs[0].size() == 0) return;  // no memory to take addresses in
    const std::size_t bytes = size_of(outputs[0].spec.dtype);
    const detail::Strides to = detail::dense_strides(outputs[0].shape());
    Index position = 0;
    for (const View& input : inputs) {
      detail::copy_strided(
          input.shape(), bytes, input.data, detail::dense_strides(input.shape()),
          detail::advanced(outputs[0].data, position * to[static_cast<std::size_t>(axis_)], bytes), to);
      position += input.shape()[axis_];
    }
  }

  Tensors gradients(const Tensors& ys, const Tensors& dys, const std::vector<bool>& wanted) const override {
    Tensors gradients(wanted.size());
    Index position = 0;
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      const Index next = position + ys[0].input(i).shape()[axis_];
      if (wanted[i]) gradients[i] = slice(dys[0], axis_, position, next);
      position = next;
    }
    return gradients;
  }

  Index axis() const { return axis_; }

  bool works_by_rows(std::span<const Spec>, const std::vector<bool>& by_rows) const override {
    return axis_ != 0 && std::find(by_rows.begin(), by_rows.end(), false) == by_rows.end();
  }

  std::optional<Window> window_in_output(std::span<const Spec> inputs, std::size_t i) const override {
    Index before = 0;
    Index length = 0;
    for (std::size_t k = 0; k < inputs.size(); ++k) {
      if (k < i) before += inputs[k].shape[axis_];
      length += inputs[k].shape[axis_];
    }
    const detail::Strides strides = detail::dense_strides(inputs[i].shape.with(axis_, length));
    const auto distance = detail::row_distance(inputs[i].shape, strides);
    if (!distance) return std::nullopt;
    return Window{before * strides[static_cast<std::size_t>(axis_)], *distance};
  }

  Tensors at_all_steps(const Tensors& inputs, const std::vector<bool>& over_time) const override {
    return {concat(detail::all_over_time(inputs, over_time), axis_ + 1)};
  }

  bool only_moves() const override { return true; }

 private:
  const Index axis_;
};

}  // namespace

std::optional<Index> detail::concat_axis(const Op& op) {
  const auto* concat = dynamic_cast<const Concat*>(&op);
  return concat == nullptr ? std::nullopt : std::optional(concat->axis());
}

Tensor concat(const Tensors& tensors, Index axis, Location where) {
  const detail::Call call("concat", where);
  if (tensors.empty()) throw ShapeError("[concat] takes at least one tensor: got none; leave the call out");
  const Index normal = normal_axis(axis, tensors.front().rank(), "concat");
  if (tensors.size() == 1) return tensors.front();
  return make(std::make_shared<Concat>(normal), tensors, Location{});
}

}  // namespace sluice
