#pragma once

#include <sluice/nn/module.h>

namespace sluice::nn {

/// What a step of a recurrent cell may know besides its input and its state: see ContextCell.
struct StepContext {
  Mode mode = Mode::evaluate;
  /// A random key, in a cell one of its own for each step and layer; undefined unless the caller gave one.
  Tensor key = {};
  /// The number of the step, its index along the time axis also in reverse: an i32 scalar. Undefined unless
  /// the caller gave one; layers that run over a sequence do.
  Tensor step = {};
  /// The tensors of RecurrentCall::extra, the same in every step, such as what an encoder said.
  Tensors extra = {};
  /// In a cell, a random key that is the same in every step of a sequence, for what is drawn once: the mask
  /// of a VariationalCell. Layers derive it from `key`; who calls layers leaves it undefined.
  Tensor sequence_key = {};
};

}  // namespace sluice::nn
