#pragma once

#include <sluice/compile/blocks.h>

#include <optional>
#include <unordered_map>

namespace sluice::detail {

/// A part of a graph that can be computed for some rows at a time: nodes that treat rows independently,
/// ending in sums over rows. Its large values with rows are computed and consumed inside.
///
/// Rows are axis 0. A reshape may join that axis with others or split it, so tensors have different lengths
/// there; all are multiples of `units`, and chunk k of a tensor divided into equal chunks depends on chunk k
/// of the others.
struct RowRegion {
  std::vector<const Node*> nodes;                                ///< inputs before users
  std::unordered_map<const Node*, std::vector<bool>> by_rows{};  ///< which inputs of a node are divided
  std::unordered_set<const Node*> sums{};  ///< the nodes whose output is a sum over rows
  Tensors xs{};                            ///< inputs read by rows
  Tensors ys{};                            ///< outputs by rows
  Tensors totals{};                        ///< outputs that are sums
  Index units = 0;
};

/// The region around `seed`, made by a node that works by rows, with all values about as large and connected
/// with it; none if one of them is needed elsewhere, comes from elsewhere, or depends on other rows.
std::optional<RowRegion> row_region(const Survey& survey, const Tensor& seed);

/// Rebuilds nodes of the region for as many units of rows as there are in `given`, which replaces all inputs.
/// Returns the replacement of every tensor made.
TensorMap<Tensor> made_of_rows(const RowRegion& region, const TensorMap<Tensor>& given,
                               const TensorMap<Tensor>& whole, Index units);

}  // namespace sluice::detail
