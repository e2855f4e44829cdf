#pragma once

#include <sluice/nn/init.h>
#include <sluice/nn/sequence_layer.h>
#include <sluice/ops/conv1d.h>

namespace sluice::nn {

struct Conv1dOptions {
  ConvPadding padding = ConvPadding::valid;  ///< causal for streaming
  Index stride = 1;                          ///< steps from one output to the next
  Index dilation = 1;                        ///< steps from one tap to the next
  Index groups = 1;                          ///< independent parts of the channels
  bool bias = true;
  /// Initialiser of the weight; by default U(-b, b) with b = 1 / sqrt(taps in / groups).
  init::Initializer init = {};
  /// Initialiser of the bias; by default with the bounds of the weight's default.
  init::Initializer bias_init = {};
  DType dtype = DType::float32;
};

/// A convolution over time, y = conv1d(x, W) + b (see ops/conv1d.h), with W [taps, in / groups, out] and b
/// [out]. x [time, batch, in] -> y [time', batch, out].
///
/// * Steps past the end of a sequence count as zeros, as those before the first one do, and outputs past the
///   end of its outputs are zero: what is there is what the sequence gives alone. Sequence::lengths are those
///   of the outputs.
/// * A causal convolution carries the last (taps - 1) dilation inputs: its state has one part [batch, (taps -
///   1) dilation in], the oldest input first, initially zeros, which is not the output. So windows of a long
///   sequence, each with the state of the one before as its initial one, give what the whole does; with a
///   stride, if their times are multiples of it. Inputs of before a reset count as zeros. Others have no
///   state.
/// * step() is that of a causal convolution without a stride, for streaming: as the whole sequence, up to
///   rounding.
class Conv1d : public SequenceLayer {
 public:
  /// `key` is a random key. Throws Error for sizes below 1, channels that are not multiples of the groups,
  /// and the options that sluice::conv1d refuses.
  Conv1d(Index in, Index out, Index taps, const Tensor& key, const Conv1dOptions& options = {},
         Location where = Location::current());

  /// Runs over x. Throws ShapeError if x, the state, lengths or resets do not fit, Error for reverse, extra
  /// tensors, and for a state or resets unless the convolution is causal.
  Sequence operator()(const Tensor& x, const RecurrentCall& call = {},
                      Location where = Location::current()) const override;

  /// One step: x [batch, in]. Throws ShapeError if x or the state do not fit, Error unless the convolution is
  /// causal, with a stride of 1.
  Sequence step(const Tensor& x, const States& state, const StepContext& context = {},
                Location where = Location::current()) const override;

  /// One state of zeros if the convolution is causal, else none. Throws Error for a negative batch.
  States initial(Index batch, DType dtype = DType::float32,
                 Location where = Location::current()) const override;

  void members(const Members& m) const override;

  Index in(Location where = Location::current()) const { return weight.shape(where)[1] * options_.groups; }
  Index out(Location where = Location::current()) const { return weight.shape(where)[2]; }
  Index taps(Location where = Location::current()) const { return weight.shape(where)[0]; }
  const sluice::Conv1dOptions& options() const { return options_; }

  Variable weight;  ///< [taps, in / groups, out]
  Variable bias;    ///< [out], undefined if options.bias is false

 private:
  bool is_causal() const { return options_.padding == ConvPadding::causal; }
  Index remembered() const { return (taps() - 1) * options_.dilation; }  // steps
  void require_input(const Tensor& x, Index rank) const;
  void require_call(const Tensor& x, const RecurrentCall& call) const;
  const Tensor& checked_state(const States& states, const Tensor& x, Index batch) const;
  Tensor with_bias(const Tensor& y) const;
  Tensor lengths_of_outputs(const Tensor& lengths) const;

  sluice::Conv1dOptions options_;
};

}  // namespace sluice::nn
