#pragma once

#include <sluice/graph/trace.h>

#include <vector>

namespace sluice::test {

/// What a random cell is to be like.
struct CellPlan {
  unsigned seed = 0;
  DType dtype = DType::float64;
  Index most_rows = 5;   ///< of the batch
  Index most_steps = 6;  ///< of the sequence, which may be empty
  Index most_width = 5;  ///< of a value
};

/// Layers of a recurrent cell nobody wrote, being trained: a loss with its gradients by weights, first
/// carries and sequences, and some of the values on the way. The same plan gives the same cell.
struct RandomCell {
  Graph graph;
  Tensors arguments;                ///< constants, one per input of the graph
  std::vector<Variable> variables;  ///< weights that the graph reads and may write
};
RandomCell random_cell(const CellPlan& plan);

/// Replaces some elements of arguments and Variables by NaN and infinities.
void spoil(RandomCell& cell, unsigned seed);

/// Replaces an id among the arguments by one that is out of range. Tells whether there was any.
bool spoil_ids(RandomCell& cell, unsigned seed);

/// Arguments of the same specs, whose floating elements are all NaN.
Tensors all_nan(const Tensors& arguments);

/// Arguments that differ from these in their last bits, one way or another.
Tensors nudged(const Tensors& arguments, unsigned way);

}  // namespace sluice::test
