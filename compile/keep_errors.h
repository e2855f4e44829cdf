#pragma once

#include <sluice/graph/trace.h>
#include <sluice/graph/walk.h>

namespace sluice {

namespace detail {

/// Whether computing `dropped` may throw when computing `kept` does not: `dropped` depends on an op that may
/// throw (Op::may_throw) and that `kept` does not depend on. For passes and rewrite rules that drop a
/// computation. In the body of a scan `outside` maps its inputs to outside tensors (Block::outside).
bool loses_error(const Tensors& dropped, const Tensors& kept, const TensorMap<Tensor>& outside = {});

}  // namespace detail

/// Makes the results depend on every op that may throw. The interpreter computes all inputs and all carries
/// of a scan; passes drop those that no result depends on, and with them an Error that evaluate throws. If
/// one could be lost in this way, a result of the scan is made to wait for it. Nearly all graphs are returned
/// unchanged.
Graph keep_errors(const Graph& graph);

}  // namespace sluice
