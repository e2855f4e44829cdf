#pragma once

#include <sluice/data/position.h>
#include <sluice/graph/call.h>
#include <sluice/graph/tensor.h>
#include <sluice/ops/axes.h>

#include <cstdint>
#include <span>
#include <vector>

namespace sluice::data {

/// How Batches are made.
struct BatchOptions {
  Index batch = 32;        ///< examples in a batch
  bool shuffle = true;     ///< another order in each epoch; false: the order of the tensors
  std::uint64_t seed = 0;  ///< the order of an epoch is a function of the seed and of its number
  bool keep_last = true;   ///< keep the last batch of an epoch if it is shorter; false: leave it out
  Axes axis = 0;           ///< the axis that counts the examples; or one for each tensor, as {1, 0}
  Axes batch_axis = {};    ///< the axis that counts them in the results; the default is `axis`
};

/// Batches of examples from tensors in memory.
///
///     // x [N, time, in] and y [N] become [time, 32, in] and [32].
///     data::Batches batches({x, y}, {.batch = 32, .seed = 1, .batch_axis = {1, 0}});
///     while (batches.position().epoch < 10) train(batches.next());
///     io::save("my.ckpt", {{"model", model}, {"batches", batches}});
///
/// The position is in a Variable, which `variables` names, so a checkpoint can hold it: with the same data
/// and options, another process continues with exactly the same batches, on any machine. Copies share it. Not
/// to be used by two threads at once, nor inside a traced function.
class Batches {
 public:
  /// The tensors are constants with the same number of examples. Throws Error for other tensors, none, no
  /// example, a batch below 1, or no batch at all because of keep_last; ShapeError for axes that a tensor
  /// does not have.
  explicit Batches(const Tensors& tensors, const BatchOptions& options = {},
                   Location where = Location::current());

  Index examples() const { return examples_; }
  Index batches_per_epoch() const { return batches_; }

  /// The next batch: one constant for each of the tensors. After the last batch of an epoch the next epoch
  /// begins. Throws Error if a position of other data was loaded.
  Tensors next(Location where = Location::current());

  Position position(Location where = Location::current()) const;
  /// Moves to a position. Throws Error if there is no such batch.
  void seek(Position position, Location where = Location::current());
  /// The position, for checkpoints: "position", i32[2].
  NamedVariables variables() const { return position_.variables(); }

 private:
  struct Source {
    Array values;
    Index axis, batch_axis;
  };
  static Tensor gather(const Source& source, std::span<const Index> examples);
  void arrange(std::int64_t epoch);

  std::vector<Source> sources_;
  BatchOptions options_;
  Index examples_ = 0;
  Index batches_ = 0;
  detail::PositionVariable position_;
  std::vector<Index> order_;  // of the examples in epoch `arranged_`
  std::int64_t arranged_ = -1;
};

}  // namespace sluice::data
