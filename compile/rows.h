#pragma once

#include <sluice/graph/walk.h>
#include <sluice/ops/scan_op.h>

#include <optional>

namespace sluice {

/// The tensors of a scan's body that are made of independent rows.
struct RowWise {
  TensorMap<bool> cut;  ///< those with a row per example along axis 0
  Index rows = 0;
};

/// Finds out whether all steps of a scan treat the rows of carries and xs apart from each other, by asking
/// the ops (Op::works_by_rows). Then each thread can run the whole loop on rows of its own.
std::optional<RowWise> rows_of(const ScanOp& scan, const Tensors& outputs);

}  // namespace sluice
