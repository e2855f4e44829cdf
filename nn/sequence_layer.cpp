#include <sluice/nn/sequence_layer.h>
#include <sluice/ops/concat.h>
#include <sluice/ops/expand_dims.h>
#include <sluice/ops/logical.h>
#include <sluice/ops/sequence_mask.h>
#include <sluice/ops/slice.h>
#include <sluice/ops/stop_gradient.h>
#include <sluice/ops/where.h>

#include <fmt/format.h>

#include <algorithm>

namespace sluice::nn::detail {

Tensor present(const char* who, const Tensor& lengths, const Tensor& x) {
  if (!lengths.defined()) return {};
  if (lengths.spec() != Spec{DType::int32, {x.dim(1)}}) {
    throw ShapeError(fmt::format(
        "[{}] takes one length per sequence, i32[{}] for x {}: got {}; pass the number of steps of "
        "each",
        who, x.dim(1), x.spec().text(), lengths.spec().text()));
  }
  Tensor there = sequence_mask(lengths, x.dim(0));
  while (there.rank() < x.rank()) there = expand_dims(there, -1);
  return there;
}

Tensor only_present(const Tensor& x, const Tensor& present) {
  return present.defined() ? where(present, x, zeros({}, x.dtype())) : x;
}

Tensor fill_padding(const Tensor& x, const Tensor& present) {
  if (!present.defined() || x.dim(0) == 0) return x;
  const Tensor first = only_present(slice(x, 0, 0, 1), slice(present, 0, 0, 1));
  return where(present, x, stop_gradient(first));
}

Tensor restarts(const char* who, const Tensor& resets, const Tensor& present, const Tensor& x, bool reverse) {
  if (!resets.defined()) return {};
  const Index time = x.dim(0), batch = x.dim(1);
  if (resets.spec() != Spec{DType::boolean, {time, batch}}) {
    throw ShapeError(fmt::format(
        "[{}] resets say of each step whether a sequence begins there, bool[{}, {}] for x {}: got "
        "{}; pass one for each step and sequence",
        who, time, batch, x.spec().text(), resets.spec().text()));
  }
  Tensor here = expand_dims(resets, -1);
  if (present.defined()) here = logical_and(here, present);
  if (!reverse) return here;
  // Going back, a piece begins at the step before the one where the next piece begins.
  const Index kept = std::min<Index>(1, time);
  return concat({slice(here, 0, kept, time), zeros({kept, batch, 1}, DType::boolean)}, 0);
}

Tensors select(const Tensor& condition, const Tensors& chosen, const Tensors& other) {
  Tensors result;
  for (std::size_t i = 0; i < chosen.size(); ++i) {
    result.push_back(where(condition, chosen[i], other[i]));
  }
  return result;
}

}  // namespace sluice::nn::detail
