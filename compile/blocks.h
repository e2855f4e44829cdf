#pragma once

#include <sluice/graph/trace.h>
#include <sluice/graph/walk.h>

#include <functional>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace sluice::detail {

/// Position of a tensor: comparing keys orders tensors of the main graph in the same way in every body that
/// captures them. So two bodies that concatenate the same weights do so in the same order.
using OrderKey = std::vector<Index>;

/// One list of nodes that runs as a whole: the main graph, or the body of a scan.
struct Block {
  Tensors inputs;
  Tensors results;
  int depth = 0;  ///< 0 is the main graph
  std::unordered_map<const Node*, OrderKey>
      captured{};                             ///< the inputs of a body that are the same at every step
  std::unordered_set<const Node*> written{};  ///< reads of Variables that the graph assigns
  /// If inputs of the body may throw: the outside tensor of each input of this body and the enclosing ones.
  TensorMap<Tensor> outside{};
};

/// Facts about a block for passes. Computed on demand.
class Survey {
 public:
  explicit Survey(const Block& block);

  /// Every node, inputs before users.
  const std::vector<const Node*>& order() const { return order_; }
  Index position(const Node& node) const;
  /// Whether the node depends only on captures, constants and Variables that are not written: computed once
  /// per loop, or once for many runs.
  bool invariant(const Node& node) const;
  /// The nodes that read the tensor, once for each input; null stands for the block's results.
  const std::vector<const Node*>& users(const Tensor& tensor) const;
  OrderKey key(const Tensor& tensor) const;

 private:
  const Block& block_;
  std::vector<const Node*> order_;
  mutable std::unordered_set<const Node*> varying_;
  mutable std::unordered_map<const Node*, Index> position_;
  mutable TensorMap<std::vector<const Node*>> users_;
  std::vector<const Node*> nobody_;
};

/// The tensor that replaces one of the old block.
using Now = std::function<Tensor(const Tensor&)>;
/// The replacements of a node's outputs; empty to keep it. May look up earlier nodes.
using Replacement = std::function<Tensors(const Node&, const Now&)>;

/// The results of a block with nodes replaced one by one, inputs before users.
Tensors rebuilt(const Block& block, const std::vector<const Node*>& order, const Replacement& replace);

/// New results for a block.
using BlockRule = std::function<Tensors(const Block&)>;

/// Applies the rule to the main graph, then to the bodies of its scans, then to theirs. A scan whose
/// residuals are used stays as it is (the pass scan_form has made ys of them).
Graph rewrite_blocks(const Graph& graph, const BlockRule& rule);

}  // namespace sluice::detail
