#pragma once

#include <sluice/graph/array.h>
#include <sluice/graph/op.h>
#include <sluice/graph/trace.h>

#include <string>
#include <vector>

namespace sluice::detail {

/// An op of a graph, which must outlive it, with values for its operands.
struct OpCall {
  const Node* node = nullptr;
  Arrays inputs;

  const Op& op() const;
  Specs specs() const;
  std::string text() const;  ///< "'roll' (shift=1) of f64[3, 2]": for errors
};

/// The ops of a graph in topological order with the values of their operands for these arguments; of ops with
/// equal attributes and specs the first. Leaves and ops that hold a graph are left out.
std::vector<OpCall> op_calls(const Graph& graph, const Tensors& arguments);

/// The same without values.
std::vector<const Node*> distinct_nodes(const Graph& graph);

/// The values of the operands of a node of the graph.
Arrays operands_of(const Node& node, const Graph& graph, const Tensors& arguments);

/// The values of constants.
Arrays arrays_of(const Tensors& constants);

/// Views of arrays, and of memory to write.
std::vector<View> views(const Arrays& arrays);
std::vector<MutableView> mutable_views(Arrays& arrays);

/// Runs the op of a call on these operands; exceptions of others become Errors.
void run_op(const OpCall& call, const Arrays& inputs, std::span<const MutableView> outputs);

/// New memory for the outputs, each byte set to `fill`.
Arrays filled_outputs(const Specs& outputs, int fill);

}  // namespace sluice::detail
