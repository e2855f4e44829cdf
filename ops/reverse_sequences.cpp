#include <sluice/graph/call.h>
#include <sluice/kernels/threads.h>
#include <sluice/ops/reshape.h>
#include <sluice/ops/reverse_sequences.h>
#include <sluice/ops/steps.h>
#include <sluice/ops/transpose.h>

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <numeric>

namespace sluice {

namespace {

class ReverseSequences final : public Op {
 public:
  std::string_view name() const override { return "reverse_sequences"; }
  Takes takes() const override { return {.operands = 2}; }

  Specs infer(std::span<const Spec> inputs) const override {
    const Shape& x = inputs[0].shape;
    if (x.rank() < 2) {
      throw ShapeError(
          fmt::format("[reverse_sequences] takes x [time, batch, ...]: got {}; time is axis 0, and one "
                      "sequence is a batch of 1",
                      inputs[0].text()));
    }
    if (inputs[1] != Spec{DType::int32, {x[1]}}) {
      throw ShapeError(
          fmt::format("[reverse_sequences] takes one length per sequence, i32[{}] for x {}: got {}; pass the "
                      "number of steps of each",
                      x[1], inputs[0].text(), inputs[1].text()));
    }
    return {inputs[0]};
  }

  void run(std::span<const View> inputs, std::span<const MutableView> outputs) const override {
    const Shape& shape = inputs[0].shape();
    const Index time = shape[0], batch = shape[1];
    const auto* lengths = inputs[1].as<std::int32_t>();
    for (Index b = 0; b < batch; ++b) {
      if (lengths[b] >= 0 && lengths[b] <= time) continue;
      throw Error(
          fmt::format("[reverse_sequences] a length is in [0, {}], the padded time: got {} of sequence {}; "
                      "count the steps that are there, or pad the sequences to more",
                      time, lengths[b], b));
    }
    if (shape.size() == 0) return;
    const Index width = shape.size() / (time * batch);
    const auto bytes = static_cast<std::size_t>(width) * size_of(inputs[0].spec.dtype);
    const auto* from = static_cast<const std::byte*>(inputs[0].data);
    auto* to = static_cast<std::byte*>(outputs[0].data);
    const Index rows = std::max<Index>(1, (Index{1} << 14) / width);
    kernels::parallel_for(time * batch, rows, [&](Index begin, Index end) {
      for (Index row = begin; row < end; ++row) {
        const Index t = row / batch, b = row % batch, length = lengths[b];
        const Index source = (t < length ? length - 1 - t : t) * batch + b;
        std::memcpy(to + static_cast<std::size_t>(row) * bytes,
                    from + static_cast<std::size_t>(source) * bytes, bytes);
      }
    });
  }

  Tensors gradient(const Tensor& y, const Tensor& dy) const override {
    return {make(std::make_shared<ReverseSequences>(), {dy, y.input(1)}), Tensor()};
  }

  // The steps of a loop become more sequences of one batch.
  Tensors at_all_steps(const Tensors& inputs, const std::vector<bool>& over_time) const override {
    const Tensors all = detail::all_over_time(inputs, over_time);
    std::vector<Index> order(static_cast<std::size_t>(all[0].rank()));
    std::iota(order.begin(), order.end(), Index{0});
    std::swap(order[0], order[1]);
    const Tensor x = transpose(all[0], order);  // [time, steps, batch, ...]
    std::vector<Index> dims{x.dim(0), x.dim(1) * x.dim(2)};
    for (Index axis = 3; axis < x.rank(); ++axis) dims.push_back(x.dim(axis));
    const Tensor y =
        make(std::make_shared<ReverseSequences>(), {reshape(x, Shape(std::span<const Index>(dims))),
                                                    reshape(all[1], Shape{all[1].dim(0) * all[1].dim(1)})});
    return {transpose(reshape(y, x.shape()), order)};
  }
};

}  // namespace

Tensor reverse_sequences(const Operand& x, const Operand& lengths) {
  const detail::Call call("reverse_sequences", x.where());
  return make(std::make_shared<ReverseSequences>(), {x.tensor(), lengths.tensor(DType::int32)}, x.where());
}

}  // namespace sluice
