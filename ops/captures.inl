#pragma once

#include <sluice/graph/leaf.h>
#include <sluice/graph/walk.h>

#include <algorithm>

namespace sluice::detail {

/// What a function that was traced at `level` took from outside: the tensors behind its results that do not
/// depend on its placeholders. Numbers in formulas stay inside.
inline Tensors captures_of(const Tensors& results, int level) {
  Tensors captures;
  TensorMap<bool> seen;
  const auto visit = [&](const Tensor& t) {
    if (t.node().level >= level || !seen.emplace(t, true).second) return;
    const auto* constant = dynamic_cast<const Constant*>(&t.op());
    if (constant == nullptr || !constant->literal) captures.push_back(t);
  };
  for (const Node* node : topological_order(results, level)) {
    std::for_each(node->inputs.begin(), node->inputs.end(), visit);
  }
  std::for_each(results.begin(), results.end(), visit);
  return captures;
}

}  // namespace sluice::detail
