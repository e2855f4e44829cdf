#pragma once

#include <sluice/graph/trace.h>

#include <cstddef>

namespace sluice {

/// Sizes for the pass chunk_rows.
struct RowChunks {
  /// Larger values are computed in chunks; smaller ones fit in the last-level cache, more or less.
  std::size_t large_bytes = std::size_t{8} << 20;
  /// The size of a chunk of a large value. Sums over rows are read and written once per chunk, which must
  /// cost less than the products that are added to them.
  std::size_t chunk_bytes = std::size_t{4} << 20;
  Index least_rows = 64;  ///< of a chunk: products of fewer rows are slow
};

/// The pass with explicit sizes instead of the defaults.
Graph chunk_rows(const Graph& graph, const RowChunks& sizes);

}  // namespace sluice
