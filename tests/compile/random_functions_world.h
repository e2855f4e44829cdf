#pragma once

#include <sluice/compile/compile.h>
#include <sluice/nn/carried_state.h>
#include <sluice/nn/rnn.h>
#include <sluice/optim/optimizer.h>

#include <memory>
#include <optional>

#include "compile/random_functions.h"

namespace sluice::test {

/// What a random function reads and changes. Made anew for every run, with the same values.
class World {
 public:
  /// How values are moved in their last bits, one way or another; not at all where it is empty.
  using Nudge = std::optional<unsigned>;

  explicit World(const RandomFunction& function, const Nudge& nudge = {});
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  /// Numbers of several shapes, the first ones like the last.
  std::vector<Variable> numbers;
  std::vector<Variable> integers;  ///< a counter, and ids i32[4]
  Variable mask;
  Variable key;
  std::vector<std::unique_ptr<optim::Optimizer>> optimizers;  ///< two, which share some of the numbers
  nn::RNN layer;                                              ///< of sequences [steps, 2, 3]
  nn::CarriedState carried;
  std::vector<Compiled<TensorFunction>> called;

  /// All that can change.
  std::vector<Variable> variables() const;

  static constexpr std::size_t number_count = 7;
  static constexpr std::size_t integer_count = 2;
};

/// The arguments to call the function with.
Tensors arguments_of(const RandomFunction& function, const World::Nudge& nudge = {});

}  // namespace sluice::test
