#include <sluice/graph/call.h>
#include <sluice/ops/sequence_mask.h>

#include <fmt/format.h>

namespace sluice {

namespace {

class SequenceMask final : public Op {
 public:
  explicit SequenceMask(Index time) : time_(time) {}
  std::string_view name() const override { return "sequence_mask"; }
  Takes takes() const override { return {.operands = 1}; }
  void members(Attributes& a) const override { a("time", time_); }

  Specs infer(std::span<const Spec> inputs) const override {
    if (inputs[0].dtype != DType::int32 || inputs[0].shape.rank() != 1) {
      throw ShapeError(
          fmt::format("[sequence_mask] takes one length per sequence, i32[batch]: got {}; pass the number of "
                      "steps of each",
                      inputs[0].text()));
    }
    if (time_ < 0) {
      throw ShapeError(
          fmt::format("[sequence_mask] the time cannot be negative: got {}; pass the number of steps of the "
                      "padded sequences",
                      time_));
    }
    return {{DType::boolean, {time_, inputs[0].shape[0]}}};
  }

  void run(std::span<const View> inputs, std::span<const MutableView> outputs) const override {
    const auto* lengths = inputs[0].as<std::int32_t>();
    const Index batch = inputs[0].size();
    for (Index b = 0; b < batch; ++b) {
      if (lengths[b] >= 0 && lengths[b] <= time_) continue;
      throw Error(
          fmt::format("[sequence_mask] a length is in [0, {}], the padded time: got {} of sequence {}; count "
                      "the steps that are there, or pad the sequences to more",
                      time_, lengths[b], b));
    }
    bool* y = outputs[0].as<bool>();
    for (Index t = 0; t < time_; ++t) {
      for (Index b = 0; b < batch; ++b) y[t * batch + b] = t < lengths[b];
    }
  }

  Tensors gradient(const Tensor&, const Tensor&) const override { return {Tensor()}; }

 private:
  const Index time_;
};

}  // namespace

Tensor sequence_mask(const Operand& lengths, Index time) {
  const detail::Call call("sequence_mask", lengths.where());
  return make(std::make_shared<SequenceMask>(time), {lengths.tensor(DType::int32)}, lengths.where());
}

}  // namespace sluice
