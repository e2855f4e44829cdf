#pragma once

#include <sluice/nn/cell.h>

#include <utility>

namespace sluice::nn {

/// The result of running layers over a sequence. It is itself the output of the last layer, [time, batch,
/// hidden], or [batch, hidden] for a single step: head(rnn(x)), x + rnn(x), tanh(rnn(x)).
struct Sequence : Tensor {
  Sequence(Tensor output, States state, Tensor lengths = {})
      : Tensor(std::move(output)), state(std::move(state)), lengths(std::move(lengths)) {}

  const Tensor& output() const { return *this; }

  States state;    ///< of every layer after the last step; with lengths, each sequence's after its own last
  Tensor lengths;  ///< of the outputs, i32[batch], if the call had lengths: a stride shortens them
};

/// Options of a run over a sequence.
struct RecurrentCall {
  States initial = {};  ///< as many as the layer's initial() gives, which are taken if there are none here
  /// Steps of each sequence, i32[batch], each in [0, time]; all of them if undefined. After its end a sequence
  /// keeps its state and gives zeros; in reverse it begins there. What stands in the padding, NaN too, changes
  /// nothing, gradients included.
  Tensor lengths = {};
  /// Where another sequence begins, bool[time, batch]: before these steps the state is the layers' initial
  /// one, whatever `initial` holds. In reverse the same steps belong together, so it is the initial one after
  /// these steps; a reset of step 0 then changes nothing, for no step comes after it.
  Tensor resets = {};
  bool reverse = false;  ///< iterates backwards; indices of outputs are unchanged
  /// Whether to draw: dropout between the layers of Recurrent and Bidirectional, VariationalDropout,
  /// WeightDrop, Dropout and Embedding in a Stack, and each ContextCell, such as Zoneout.
  Mode mode = Mode::evaluate;
  Tensor key = {};       ///< random key; needed in Mode::train if a layer draws
  Index checkpoint = 0;  ///< less memory for long sequences: see ScanOptions::checkpoint
  Tensors extra = {};    ///< given to every step of a ContextCell: StepContext::extra
};

/// Layers over sequences, which run over a whole one and, for streaming, step by step: recurrent cells,
/// convolutions over time, both directions, stacks of them. Time is axis 0: x [time, batch, inputs] -> output
/// [time, batch, outputs].
class SequenceLayer : public Module {
 public:
  /// Runs over x. Throws ShapeError if x, the states, lengths or resets do not fit, Error for options that
  /// the layer does not have.
  virtual Sequence operator()(const Tensor& x, const RecurrentCall& call = {},
                              Location where = Location::current()) const = 0;

  /// One step with the same parameters: x [batch, inputs] -> output [batch, outputs]. Throws as the whole
  /// does, and Error if an output depends on later steps.
  virtual Sequence step(const Tensor& x, const States& state, const StepContext& context = {},
                        Location where = Location::current()) const = 0;

  /// Whether the layer takes RecurrentCall::extra; stacks give them to those that do.
  virtual bool takes_extra() const { return false; }

  /// The states before the first step, as many as run and step take and return.
  virtual States initial(Index batch, DType dtype = DType::float32,
                         Location where = Location::current()) const = 0;

  /// What the steps multiply their states with, for WeightDrop. None by default; a layer made of others
  /// returns theirs.
  virtual std::vector<RecurrentWeight> recurrent_weights() const { return {}; }
};

namespace detail {

/// The steps that are there, bool[time, batch, 1, ...] of the rank of x [time, batch, ...]; undefined without
/// lengths. Throws ShapeError, of `who`, for lengths that are not i32[batch].
Tensor present(const char* who, const Tensor& lengths, const Tensor& x);

/// x where it is present, else 0; x itself without lengths.
Tensor only_present(const Tensor& x, const Tensor& present);

/// x where it is present, else what the sequence began with, as a constant; x itself without lengths. Zeros
/// take the place of a sequence without steps. For what is computed of the padding too, and thrown away: so
/// it sees nothing that it would not see elsewhere, as a function that is infinite at 0 would in zeros.
Tensor fill_padding(const Tensor& x, const Tensor& present);

/// Before which steps, in the order in which they are run, the state is the initial one: bool[time, batch, 1],
/// undefined without resets. Those in the padding do not count. x is [time, batch, channels]. Throws
/// ShapeError, of `who`, for resets that are not bool[time, batch].
Tensor restarts(const char* who, const Tensor& resets, const Tensor& present, const Tensor& x, bool reverse);

/// chosen[i] where the condition [batch, 1] holds, else other[i], for each part of a state.
Tensors select(const Tensor& condition, const Tensors& chosen, const Tensors& other);

}  // namespace detail

}  // namespace sluice::nn
