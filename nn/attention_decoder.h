#pragma once

#include <sluice/nn/attention.h>
#include <sluice/nn/context_cell.h>
#include <sluice/nn/linear.h>

#include <concepts>
#include <memory>
#include <optional>
#include <vector>

namespace sluice::nn {

struct AttentionDecoderOptions {
  AttentionOptions attention = {};  ///< its dtype is that of all weights here
  /// The output is Luong's attentional vector tanh([h, context] W_o + b_o), as long as h; otherwise it is
  /// [h, context] itself, as long as both.
  bool attentional = true;
  bool bias = true;  ///< whether there is a b_o
};

/// A decoder that attends to what an encoder said, around a cell of any kind:
///
///   h' = cell([x, fed], h)                              fed: the part of the last output that is fed back
///   context = attention of h' to the memory
///   output = tanh([h', context] W_o + b_o), fed' = output         attentional, otherwise
///   output = [h', context],                 fed' = context
///
/// Input feeding, so that a step knows what the last one looked at, and the attentional vector: Luong, Pham
/// and Manning, "Effective approaches to attention-based neural machine translation", 2015; a context that is
/// fed to the cell: Bahdanau, Cho and Bengio, 2015.
///
/// It is a cell like others: in RecurrentLayers it runs over a whole sequence, which is teacher forcing, and
/// step by step with the same parameters. The memory goes to each step as the first of the extra tensors:
///
///     nn::AttentionDecoder attends(nn::LSTMCell(embed + hidden, hidden, key), encoded, key2);
///     nn::Recurrent<nn::AttentionDecoder> decoder({attends});
///
///     const Tensors memory = attends.prepare(said, {.lengths = n});       // said [time, batch, encoded]
///     auto all = decoder(x, {.extra = memory});                           // x [time, batch, embed]
///     auto one = decoder.step(x[0], decoder.initial(batch), {.extra = memory});
///
/// The state is {output, then the parts of the cell's}.
class AttentionDecoder : public ContextCell {
 public:
  /// Attends to keys of `key_size`. The cell takes x and what is fed: its inputs are those of the decoder and,
  /// attentional, its hidden size, otherwise `key_size`. Throws Error for a null pointer or a cell of too few
  /// inputs, and what Attention throws.
  AttentionDecoder(Part<Cell> inner, Index key_size, const Tensor& key,
                   const AttentionDecoderOptions& options = {}, Location where = Location::current());
  template <std::derived_from<Cell> C>
  AttentionDecoder(const C& inner, Index key_size, const Tensor& key,
                   const AttentionDecoderOptions& options = {}, Location where = Location::current())
      : AttentionDecoder(Part<Cell>(std::make_shared<const C>(inner)), key_size, key, options, where) {}

  /// The memory for a batch of sequences, [time, batch, key_size]: Attention::prepare with them as keys and
  /// values. Pass it as `extra`.
  Tensors prepare(const Tensor& keys, const AttentionCall& call = {},
                  Location where = Location::current()) const;

  /// The first state of the decoder for a first state of its cell, such as the last one of an encoder of
  /// equal sizes: with an output of zeros. Throws ShapeError for other parts than the cell's.
  State begin(const State& cell_state, Location where = Location::current()) const;

  /// Zeros, and the first state of the cell.
  State start(Index batch, DType dtype) const override;

  /// Throws ShapeError for a context without a memory of this batch.
  State step_in(const Tensor& x, const State& s, const StepContext& context) const override;
  std::vector<RecurrentWeight> recurrent_weights() const override;  ///< the cell's

  /// Names the cell "inner", besides "attention" and "combine".
  void members(const Members& m) const override;

  const Cell& inner(Location where = Location::current()) const;

  Attention attention;
  std::optional<Linear> combine;  ///< W_o [h + context, h] and b_o; none unless attentional

 private:
  Part<Cell> inner_;
  Index fed_;
};

}  // namespace sluice::nn
