#pragma once

#include <sluice/graph/walk.h>
#include <sluice/ops/scan_op.h>

#include <optional>

namespace sluice {

/// The tensors of a scan's body whose rows are independent.
struct RowWise {
  TensorMap<bool> cut;  ///< those with a row per example along axis 0
  Index rows = 0;
};

/// Determines, by asking the ops (Op::works_by_rows), whether all steps of a scan treat the rows of carries
/// and xs independently. Then each thread can run the whole loop on its own rows.
std::optional<RowWise> rows_of(const ScanOp& scan, const Tensors& outputs);

}  // namespace sluice
