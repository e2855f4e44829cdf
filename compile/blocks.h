#pragma once

#include <sluice/graph/trace.h>
#include <sluice/graph/walk.h>

#include <functional>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace sluice::detail {

/// Where a tensor stands among others: comparing keys gives one order for tensors of the main graph,
/// whichever body they are captured by. So two bodies that put the same weights side by side do it in the
/// same order.
using OrderKey = std::vector<Index>;

/// One list of nodes that runs as a whole: the main graph, or the body of a scan.
struct Block {
  Tensors inputs;
  Tensors results;
  int depth = 0;  ///< 0 is the main graph
  std::unordered_map<const Node*, OrderKey>
      captured{};                             ///< the inputs of a body that are the same at every step
  std::unordered_set<const Node*> written{};  ///< reads of Variables that get new values
  /// Of bodies whose inputs may throw: what each input of this body and those around it is outside.
  TensorMap<Tensor> outside{};
};

/// What a pass asks about a block. Only what is asked for is computed.
class Survey {
 public:
  explicit Survey(const Block& block);

  /// Every node, inputs before users.
  const std::vector<const Node*>& order() const { return order_; }
  Index position(const Node& node) const;
  /// Whether it depends on nothing but captures, constants and Variables that are not written: computed once
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

/// The tensor that stands for one of the old block.
using Now = std::function<Tensor(const Tensor&)>;
/// What stands for the outputs of a node; empty where it stays as it is. May ask for nodes that come earlier.
using Replacement = std::function<Tensors(const Node&, const Now&)>;

/// The results of a block, with nodes replaced one after the other; inputs come before users.
Tensors rebuilt(const Block& block, const std::vector<const Node*>& order, const Replacement& replace);

/// New results for a block.
using BlockRule = std::function<Tensors(const Block&)>;

/// The graph with the rule done to the main graph, then to the bodies of its scans, then to theirs. A scan
/// whose trail is used stays as it is (the pass scan_form has made ys of it).
Graph rewrite_blocks(const Graph& graph, const BlockRule& rule);

}  // namespace sluice::detail
