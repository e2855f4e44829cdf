#include <sluice/ops/any.h>
#include <sluice/ops/reduce.h>

#include <fmt/format.h>

#include <algorithm>

namespace sluice {

namespace {

template <bool every>
struct TruthFold {
  bool start() const { return every; }
  bool of(const bool* x, Index n) const { return (std::find(x, x + n, !every) == x + n) == every; }
  void into(bool* y, const bool* x, Index n) const {
    for (Index i = 0; i < n; ++i) y[i] = combine(y[i], x[i]);
  }
  bool combine(bool a, bool b) const { return every ? a && b : a || b; }
};

/// all, or any.
template <bool every>
class Truth final : public Op {
 public:
  Truth(detail::AxisSet axes, bool keep) : axes_(axes), keep_(keep) {}
  std::string_view name() const override { return every ? "all" : "any"; }
  Takes takes() const override { return {.operands = 1}; }
  bool may_throw(std::span<const Spec>) const override { return false; }
  void members(Attributes& a) const override { a("axes", detail::ShownAxes{axes_}), a("keep", keep_); }

  Specs infer(std::span<const Spec> inputs) const override {
    if (inputs[0].dtype != DType::boolean) {
      throw ShapeError(fmt::format("[{}] needs a bool tensor: got {}; compare it with something, x != 0",
                                   name(), inputs[0].text()));
    }
    return {{DType::boolean, detail::reduced_shape(inputs[0].shape, axes_, keep_)}};
  }

  void run(std::span<const View> inputs, std::span<const MutableView> outputs) const override {
    detail::reduce(inputs[0].shape(), axes_, inputs[0].as<bool>(), outputs[0].as<bool>(), TruthFold<every>());
  }

  Tensors gradient(const Tensor&, const Tensor&) const override { return {Tensor()}; }

  bool works_by_rows(std::span<const Spec> inputs, const std::vector<bool>&) const override {
    return inputs[0].shape.rank() > 0 && !detail::has_axis(axes_, 0);
  }

  Tensors at_all_steps(const Tensors& inputs, const std::vector<bool>&) const override {
    return {make(std::make_shared<Truth>(axes_ << 1, keep_), {inputs[0]})};
  }

 private:
  const detail::AxisSet axes_;
  const bool keep_;
};

template <bool every>
Tensor truth(const Operand& x, const Axes& axes, bool keep) {
  const char* who = every ? "all" : "any";
  const detail::Call call(who, x.where());
  const Tensor tensor = x.tensor();
  const detail::AxisSet set = detail::axis_set(axes, tensor.rank(), who);
  return make(std::make_shared<Truth<every>>(set, keep), {tensor}, x.where());
}

}  // namespace

Tensor any(const Operand& x, const Axes& axes, bool keep) { return truth<false>(x, axes, keep); }
Tensor all(const Operand& x, const Axes& axes, bool keep) { return truth<true>(x, axes, keep); }

}  // namespace sluice
