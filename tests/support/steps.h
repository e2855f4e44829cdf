#pragma once

#include <sluice/compile/program.h>

#include <memory>
#include <string>
#include <vector>

namespace sluice::test {

/// A program with its arguments in place: run() makes one step of it.
struct Step {
  std::string name;
  std::shared_ptr<Program> program;
  std::vector<Variable> variables;  ///< that a run may change

  /// All bits of the outputs and Variables.
  std::string bits() const;
};

/// Products of every kind: float32 and float64, either operand transposed, few and many rows and columns,
/// batches, right operands that are packed and those that are not.
std::vector<Step> product_steps();

/// What a program does: products, a training step of an LSTM, a streaming step, reductions, long elementwise
/// groups. Two calls give programs that do the same.
std::vector<Step> all_steps();

}  // namespace sluice::test
