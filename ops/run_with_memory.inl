#pragma once

#include <sluice/graph/op.h>
#include <sluice/kernels/buffer.h>
#include <sluice/kernels/threads.h>

namespace sluice::detail {

/// The op computed with memory of its own, for Op::run.
inline void run_with_memory(const Op& op, std::span<const View> inputs,
                            std::span<const MutableView> outputs) {
  Specs specs;
  specs.reserve(inputs.size());
  for (const View& input : inputs) specs.push_back(input.spec);
  const int workers = kernels::threads();
  kernels::Buffer memory(op.work_bytes(specs, workers));
  op.run_in({memory.data(), workers}, inputs, outputs);
}

}  // namespace sluice::detail
