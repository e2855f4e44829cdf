#include <sluice/ops/broadcast_to.h>
#include <sluice/ops/reshape.h>
#include <sluice/ops/steps.h>

#include <algorithm>

namespace sluice::detail {

Index steps_of(const Tensors& inputs, const std::vector<bool>& over_time) {
  const auto first = std::find(over_time.begin(), over_time.end(), true) - over_time.begin();
  return inputs[static_cast<std::size_t>(first)].shape()[0];
}

Tensor with_step_rank(const Tensor& x, Index rank) {
  Shape shape = x.shape();
  while (shape.rank() < rank + 1) shape = shape.inserted(1, 1);
  return reshape(x, shape);
}

Tensors aligned_over_time(const Tensors& inputs, const std::vector<bool>& over_time) {
  Index rank = 0;
  for (std::size_t i = 0; i < inputs.size(); ++i)
    rank = std::max(rank, inputs[i].rank() - (over_time[i] ? 1 : 0));
  Tensors aligned;
  for (std::size_t i = 0; i < inputs.size(); ++i)
    aligned.push_back(over_time[i] ? with_step_rank(inputs[i], rank) : inputs[i]);
  return aligned;
}

Tensors all_over_time(const Tensors& inputs, const std::vector<bool>& over_time) {
  const Index steps = steps_of(inputs, over_time);
  Tensors all;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const Tensor& x = inputs[i];
    all.push_back(
        over_time[i] ? x : broadcast_to(reshape(x, x.shape().inserted(0, 1)), x.shape().inserted(0, steps)));
  }
  return all;
}

}  // namespace sluice::detail
