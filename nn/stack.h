#pragma once

#include <sluice/nn/sequence_layer.h>
#include <sluice/nn/sequential.h>

#include <memory>
#include <type_traits>
#include <utility>
#include <vector>

namespace sluice::nn {

/// Layers over sequences in order, of different sizes and kinds, with functions of each step between them:
///
///     nn::Stack model(nn::Conv1d(40, 128, 5, key), relu,
///                     nn::Bidirectional<nn::LSTMCell>(1, 128, 256, key2), nn::Dropout(0.3),
///                     nn::Residual(nn::GRU(1, 512, 512, key3)), nn::Dropout(0.1), nn::Linear(512, 9, key4));
///     auto logits = model(x, {.lengths = lengths, .mode = nn::Mode::train, .key = key});
///
/// A part is a SequenceLayer (or a shared_ptr to one), or what a Sequential takes: a module, or any function
/// of a tensor, which must treat each step alone, for it sees [time, batch, channels] of a sequence and
/// [batch, channels] of a step. Modules are copied in, which shares their Variables; they are named by their
/// position: "0.weight", "2.0.forward.forget.weight". The states are those of the parts in their order.
///
/// A function that comes first sees what it is given, [time, batch, ...] and [batch, ...], such as ids:
///
///     nn::Stack words(nn::Embedding(1000, 64, key), nn::LSTM(1, 64, 128, key2), nn::Linear(128, 1000, key3));
///     auto logits = words(ids, {.lengths = lengths});    // ids i32[time, batch]
///
/// In the padding it sees the first step of the sequence again, and zeros if there is none.
class Stack : public SequenceLayer {
 public:
  template <class... Parts, class = std::enable_if_t<detail::are_layers<Stack, Parts...>>>
  explicit Stack(Parts&&... parts) {
    (add(std::forward<Parts>(parts)), ...);
  }

  /// Runs all parts over x. Each gets the options of the call, a key of its own, and the lengths that the
  /// part below gave; `extra` goes to those that take it. Outputs in the padding are zero, and what stands
  /// there changes nothing, with functions too. Throws Error for `extra` if no part takes it, ShapeError for
  /// x of other axes, states that are not as many as those of initial(), resets for a part above one that
  /// shortens the time, and as the parts do.
  Sequence operator()(const Tensor& x, const RecurrentCall& call = {},
                      Location where = Location::current()) const override;

  /// One step through all parts. Functions that take a mode are in Mode::evaluate: no dropout between the
  /// layers, as in Recurrent. Throws as the parts do: Error if one depends on later steps.
  Sequence step(const Tensor& x, const States& state, const StepContext& context = {},
                Location where = Location::current()) const override;

  /// The initial states of all parts.
  States initial(Index batch, DType dtype = DType::float32,
                 Location where = Location::current()) const override;

  /// Whether a part does.
  bool takes_extra() const override;

  /// Those of all parts.
  std::vector<RecurrentWeight> recurrent_weights() const override;

  void members(const Members& m) const override;

 private:
  /// One of the two.
  struct Item {
    Part<SequenceLayer> layer;
    Part<detail::Layer> function;
  };

  template <class F>
  void add(F&& part) {
    using Kind = std::decay_t<F>;
    if constexpr (std::is_convertible_v<F&&, Part<SequenceLayer>>) {
      items_.push_back({Part<SequenceLayer>(std::forward<F>(part)), nullptr});
    } else if constexpr (std::derived_from<Kind, SequenceLayer>) {
      items_.push_back({std::make_shared<const Kind>(std::forward<F>(part)), nullptr});
    } else {
      items_.push_back(
          {nullptr, std::make_shared<detail::LayerOf<Kind>>(std::in_place, std::forward<F>(part))});
    }
  }

  bool begins_with_layer() const;
  bool may_enter(Index rank, Index wanted) const;  // with `wanted` axes; to functions without channels, too
  void require_made() const;                       // throws Error for no parts, or a null pointer
  States states_of(std::size_t item, const States& all, std::size_t& taken, Index batch, DType dtype) const;
  void require_all_taken(const States& all, std::size_t taken) const;
  void require_extra_taken(const Tensors& extra) const;

  std::vector<Item> items_;
};

}  // namespace sluice::nn
