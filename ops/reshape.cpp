#include <sluice/graph/call.h>
#include <sluice/ops/inspect.h>
#include <sluice/ops/reshape.h>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstring>

namespace sluice {

namespace {

class Reshape final : public Op {
 public:
  explicit Reshape(const Shape& shape) : shape_(shape) {}
  std::string_view name() const override { return "reshape"; }
  Takes takes() const override { return {.operands = 1}; }
  bool may_throw(std::span<const Spec>) const override { return false; }
  void members(Attributes& a) const override { a("shape", shape_); }

  Specs infer(std::span<const Spec> inputs) const override {
    const Shape& x = inputs[0].shape;
    if (x.size() != shape_.size()) {
      throw ShapeError(
          fmt::format("[reshape] the number of elements must stay the same: got {} with {} for {} with {}; "
                      "use -1 for the length that follows",
                      x.text(), x.size(), shape_.text(), shape_.size()));
    }
    return {{inputs[0].dtype, shape_}};
  }

  void run(std::span<const View> inputs, std::span<const MutableView> outputs) const override {
    if (inputs[0].size() > 0) std::memcpy(outputs[0].data, inputs[0].data, inputs[0].spec.bytes());
  }

  Tensors gradient(const Tensor& y, const Tensor& dy) const override {
    return {reshape(dy, y.input(0).shape())};
  }

  bool works_by_rows(std::span<const Spec> inputs, const std::vector<bool>&) const override {
    const Shape& x = inputs[0].shape;
    return x.size() > 0 && shape_.rank() > 0 && x.rank() > 0 && shape_[0] == x[0];
  }

  std::optional<Window> window_in_input(const Spec& input) const override {
    if (input.shape.size() == 0) return std::nullopt;
    return Window{0, shape_.rank() == 0 ? 1 : shape_.back()};
  }

  Tensors at_all_steps(const Tensors& inputs, const std::vector<bool>&) const override {
    return {reshape(inputs[0], shape_.inserted(0, inputs[0].shape()[0]))};
  }

  bool only_moves() const override { return true; }

 private:
  const Shape shape_;
};

/// The dims with -1 replaced by the length that the size requires.
Shape completed(const Shape& x, std::vector<Index> dims) {
  const auto open = std::find(dims.begin(), dims.end(), -1);
  if (open == dims.end()) return Shape(std::span<const Index>(dims));
  if (std::find(open + 1, dims.end(), -1) != dims.end()) {
    throw ShapeError(fmt::format("[reshape] only one length can be -1: got {}; write the others down", dims));
  }
  *open = 1;
  const Index others = Shape(std::span<const Index>(dims)).size();
  *open = -1;
  if (others == 0 || x.size() % others != 0) {
    throw ShapeError(
        fmt::format("[reshape] -1 must stand for one whole length: got {} with {} elements for {}; correct "
                    "the other lengths",
                    x.text(), x.size(), dims));
  }
  *open = x.size() / others;
  return Shape(std::span<const Index>(dims));
}

}  // namespace

bool detail::is_reshape(const Op& op) { return dynamic_cast<const Reshape*>(&op) != nullptr; }

Tensor reshape(const Operand& x, const Shape& shape) {
  const detail::Call call("reshape", x.where());
  Tensor tensor = x.tensor();
  if (tensor.shape() == shape) return tensor;
  return make(std::make_shared<Reshape>(shape), {tensor}, x.where());
}

Tensor reshape(const Operand& x, std::initializer_list<Index> dims) {
  const detail::Call call("reshape", x.where());
  const Tensor tensor = x.tensor();
  return reshape(tensor, completed(tensor.shape(), dims));
}

Tensor flatten(const Operand& x) {
  const detail::Call call("flatten", x.where());
  const Tensor tensor = x.tensor();
  return reshape(tensor, Shape{tensor.size()});
}

}  // namespace sluice
