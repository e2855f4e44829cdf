#pragma once

#include <sluice/compile/blocks.h>

#include <optional>
#include <unordered_map>

namespace sluice::detail {

/// A part of a graph that can be computed for some rows at a time: nodes that treat rows apart, and at its
/// end sums over rows. What is large and has rows is made and used up inside.
///
/// Rows lie along axis 0. A reshape may join that axis with others or take it apart, so tensors have
/// different lengths there; all are multiples of `units`, and piece k of a tensor cut in equal pieces depends
/// on piece k of the others.
struct RowRegion {
  std::vector<const Node*> nodes;                                ///< inputs before users
  std::unordered_map<const Node*, std::vector<bool>> by_rows{};  ///< which inputs of a node are cut
  std::unordered_set<const Node*> sums{};  ///< the nodes whose output is a sum over rows
  Tensors xs{};                            ///< what it reads by rows
  Tensors ys{};                            ///< what others read by rows
  Tensors totals{};                        ///< what others read of sums
  Index units = 0;
};

/// The region that `seed`, made by a node that works by rows, lies inside of, together with all that is about
/// as large and connected with it; none where some of that is wanted elsewhere, comes from elsewhere, or
/// depends on other rows.
std::optional<RowRegion> row_region(const Survey& survey, const Tensor& seed);

/// Nodes of the region computed for as many units of rows as there are in `given`, which stands for all
/// inputs. Returns what has become of every tensor made.
TensorMap<Tensor> made_of_rows(const RowRegion& region, const TensorMap<Tensor>& given,
                               const TensorMap<Tensor>& whole, Index units);

}  // namespace sluice::detail
