#pragma once

#include <sluice/graph/tensor.h>

#include <unordered_map>
#include <vector>

namespace sluice {

/// Hash and equality by identity, for maps keyed by Tensor.
struct TensorHash {
  std::size_t operator()(const Tensor& t) const {
    return std::hash<const void*>()(t.shared_node().get()) * 31 + static_cast<std::size_t>(t.output());
  }
};
struct TensorIdentity {
  bool operator()(const Tensor& a, const Tensor& b) const { return a.is(b); }
};
template <class T>
using TensorMap = std::unordered_map<Tensor, T, TensorHash, TensorIdentity>;

/// Every node that the roots depend on, inputs before users, without recursion. Leaves out nodes below
/// `lowest_level` and all they depend on: what the body of a scan captures from outside.
std::vector<const Node*> topological_order(const Tensors& roots, int lowest_level = 0);

/// The roots with some tensors replaced by others, as if they had been built from those. Nodes that do not
/// depend on a replaced tensor, and nodes below `lowest_level`, are returned unchanged.
Tensors substitute(const Tensors& roots, const TensorMap<Tensor>& replacements, int lowest_level = 0);

}  // namespace sluice
