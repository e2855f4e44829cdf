#pragma once

#include <sluice/graph/trace.h>
#include <sluice/graph/walk.h>

namespace sluice {

namespace detail {

/// Whether computing `dropped` may throw where computing `kept` does not: some op that may throw
/// (Op::may_throw) is among what the first are made of, and not among what the second are made of. For passes
/// and laws that leave something out. In the body of a scan `outside` tells what its inputs are
/// (Block::outside).
bool loses_error(const Tensors& dropped, const Tensors& kept, const TensorMap<Tensor>& outside = {});

}  // namespace detail

/// The graph in which every op that may throw is needed by a result. The interpreter computes all inputs and
/// all carries of a scan; a pass drops those that no result depends on, and with them an Error that evaluate
/// throws. Where one may be lost so, a result of the scan waits for it. Other graphs, nearly all, stay the
/// same.
Graph keep_errors(const Graph& graph);

}  // namespace sluice
