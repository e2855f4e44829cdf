#include <sluice/graph/call.h>
#include <sluice/ops/along_axis.h>
#include <sluice/ops/one_hot.h>

#include <fmt/format.h>

#include <algorithm>

namespace sluice {

namespace {

class OneHot final : public Op {
 public:
  OneHot(Index depth, DType dtype) : depth_(depth), dtype_(dtype) {}
  std::string_view name() const override { return "one_hot"; }
  Takes takes() const override { return {.operands = 1}; }
  void members(Attributes& a) const override { a("depth", depth_), a("dtype", dtype_); }

  Specs infer(std::span<const Spec> inputs) const override {
    detail::require_ids(inputs[0], "one_hot");
    if (depth_ < 0)
      throw ShapeError(
          fmt::format("[one_hot] the depth cannot be negative: got {}; pass the number of ids", depth_));
    return {{dtype_, inputs[0].shape.inserted(inputs[0].shape.rank(), depth_)}};
  }

  void run(std::span<const View> inputs, std::span<const MutableView> outputs) const override {
    detail::check_ids(inputs[0], depth_, "one_hot");
    const auto* ids = inputs[0].as<std::int32_t>();
    with_type(dtype_, [&](auto type) {
      using T = decltype(type);
      T* y = outputs[0].as<T>();
      std::fill_n(y, outputs[0].size(), T{0});
      for (Index i = 0; i < inputs[0].size(); ++i) y[i * depth_ + ids[i]] = T{1};
    });
  }

  Tensors gradient(const Tensor&, const Tensor&) const override { return {Tensor()}; }

  Tensors at_all_steps(const Tensors& inputs, const std::vector<bool>&) const override {
    return {one_hot(inputs[0], depth_, dtype_)};
  }

 private:
  const Index depth_;
  const DType dtype_;
};

}  // namespace

Tensor one_hot(const Operand& ids, Index depth, DType dtype) {
  const detail::Call call("one_hot", ids.where());
  return make(std::make_shared<OneHot>(depth, dtype), {ids.tensor(DType::int32)}, ids.where());
}

}  // namespace sluice
