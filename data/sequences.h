#pragma once

#include <sluice/data/position.h>
#include <sluice/graph/call.h>
#include <sluice/graph/tensor.h>

#include <cstdint>
#include <vector>

namespace sluice::data {

/// How Sequences are made.
struct SequenceOptions {
  Index batch = 32;        ///< sequences in a batch
  Index lengths = 8;       ///< sequences are padded to at most so many different lengths
  bool shuffle = true;     ///< another order in each epoch; false: the shortest sequences first
  std::uint64_t seed = 0;  ///< the order of an epoch is a function of the seed and of its number
  /// The places of tensors that have steps of their own, such as the words of a translation or the labels of
  /// an utterance: {1} for examples {x [time, in], labels i32[k]}. They may have none.
  std::vector<Index> own_lengths = {};
};

/// Sequences side by side, padded with zeros at their ends.
struct SequenceBatch {
  Tensors values;  ///< of each tensor of an example: [time, batch, ...], or [batch] of scalars
  Tensor lengths;  ///< i32[batch]: steps of each sequence
  Tensor mask;     ///< bool[time, batch]: true for the steps that are there
  /// The same of the tensors with steps of their own, in the order of SequenceOptions::own_lengths:
  /// i32[batch] and bool[steps, batch], for values of [steps, batch, ...].
  Tensors own_lengths, own_masks;
  std::vector<Index> examples;  ///< which examples they are
};

/// Batches of sequences of different lengths.
///
///     std::vector<Tensors> examples;                    // {x f32[time, in], y i32[time]} each
///     data::Sequences sequences(examples, {.batch = 32, .lengths = 8});
///     const data::SequenceBatch batch = sequences.next();   // values {f32[time, 32, in], i32[time, 32]}
///
/// A compiled function has a program for each shape of its arguments, and padding costs time. So sequences
/// of similar length share a batch, and a batch is padded to one of a few lengths, which are chosen such that
/// an epoch has the fewest steps (to 1%). Few lengths also mix the sequences better: those of one padded
/// length are dealt anew to their batches in each epoch, and the batches of all lengths are shuffled.
///
/// The last batch of an epoch may have fewer sequences; always the same number of them and the greatest
/// length. So there are at most `lengths` + 1 shapes of batches: shapes() says how many.
///
/// `lengths` and `mask` of a batch are what layers and losses take: rnn(x, {.lengths = batch.lengths}),
/// nn::cross_entropy(scores, y, {.mask = batch.mask}). A tensor with steps of its own is padded to the
/// longest of all examples that share a padded length, and to one at least, so there are no more shapes
/// because of it:
///
///     // examples {x f32[time, in], labels i32[k]}
///     data::Sequences sequences(examples, {.own_lengths = {1}});
///     const data::SequenceBatch batch = sequences.next();  // values {f32[time, 32, in], i32[k, 32]}
///     batch.own_lengths[0], batch.own_masks[0];            // of the labels: i32[32], bool[k, 32]
///
/// The position is in a Variable, which `variables` names, so a checkpoint can hold it: with the same
/// examples and options, another process continues with exactly the same batches, on any machine. Copies
/// share it. Not to be used by two threads at once, nor inside a traced function.
class Sequences {
 public:
  /// An example is a list of constants: the first has the sequence, [time, ...]; another one also has `time`
  /// steps along its first axis, or is a scalar, such as the class of the whole sequence, or has steps of its
  /// own, if the options say so. Throws Error for tensors without a value, no examples, a sequence without a
  /// step, options below 1, and own_lengths that are not places after the first, each given once; ShapeError
  /// for examples that differ in more than their number of steps.
  explicit Sequences(std::vector<Tensors> examples, const SequenceOptions& options = {},
                     Location where = Location::current());

  Index examples() const { return static_cast<Index>(examples_.size()); }
  Index batches_per_epoch() const { return static_cast<Index>(batch_length_.size()); }
  /// The numbers of steps that batches have, in ascending order.
  std::vector<Index> padded_lengths() const;
  /// How many shapes batches have, hence how many programs a compiled function needs for them.
  Index shapes() const;
  /// Steps of all sequences together; and with those that pad them, in an epoch. Of the first tensors.
  Index steps() const;
  Index padded_steps() const;

  /// The next batch. After the last batch of an epoch the next epoch begins. Throws Error if a position of
  /// other data was loaded.
  SequenceBatch next(Location where = Location::current());

  Position position(Location where = Location::current()) const;
  /// Moves to a position. Throws Error if there is no such batch.
  void seek(Position position, Location where = Location::current());
  /// The position, for checkpoints: "position", i32[2].
  NamedVariables variables() const { return position_.variables(); }

 private:
  Index length_of(Index example) const { return examples_[static_cast<std::size_t>(example)][0].dim(0); }
  Index end_of(Index batch) const;
  void check_example(std::size_t i) const;
  bool has_own_length(std::size_t tensor) const;
  void choose_lengths();
  void choose_own_lengths();
  void arrange(std::int64_t epoch);

  std::vector<Tensors> examples_;
  SequenceOptions options_;
  std::vector<Index> by_length_;                // the examples; `batch` after `batch` of them share a batch
  std::vector<Index> batch_length_;             // of each of these batches: to how many steps it is padded
  std::vector<std::vector<Index>> own_length_;  // of each of these batches, for each of own_lengths
  detail::PositionVariable position_;
  std::vector<Index> order_;    // of the examples in epoch `arranged_`
  std::vector<Index> batches_;  // order of the batches in epoch `arranged_`
  std::int64_t arranged_ = -1;
};

}  // namespace sluice::data
