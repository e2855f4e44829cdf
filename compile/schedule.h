#pragma once

#include <sluice/compile/kernel.h>
#include <sluice/graph/trace.h>
#include <sluice/graph/walk.h>

#include <string>
#include <vector>

namespace sluice {

/// A value in the memory of a program.
struct MemoryUse {
  std::string name;  ///< the op that computes it and the line that built its node
  Spec spec;
  std::size_t bytes = 0;
  std::size_t offset = 0;  ///< in the arena
};

/// A graph ready to run: kernels in order, over values with planned addresses. The body of a scan is a
/// schedule inside a kernel, so schedules nest as scans do.
struct Schedule {
  struct Copy {
    std::size_t from;
    std::size_t to;
  };

  /// An input that products read in packed form: the caller that binds the inputs packs it once and binds
  /// `packed`.
  struct Pack {
    std::size_t input;  ///< index of the graph's input
    std::size_t packed;
    bool transpose;
    Index inner;
    Index columns;
  };

  std::vector<Value> values;
  Kernels kernels;
  std::vector<Copy> updates;         ///< copied after all kernels: new carries, new values of Variables
  std::vector<Copy> in_place;        ///< `from` is computed in the memory of `to`
  std::vector<std::size_t> inputs;   ///< values of the graph's inputs, to be bound
  std::vector<std::size_t> outputs;  ///< values of the graph's outputs, to be bound
  std::vector<Pack> packs;
  std::size_t arena_bytes = 0;
  Addresses at;

  /// Assigns addresses to the values in the arena.
  void place(std::byte* arena);
  /// To be called when addresses of bound values have changed: updates the values that share their memory.
  void follow_bound();
  /// To be called when no address will change any more.
  void bind();
  /// Runs all kernels and updates. Throws what a kernel throws; then no update has been done, except those
  /// computed in place.
  void run();
  /// Starts or stops measuring the time of every kernel; and adds the times so far, given that the schedule
  /// ran `calls` times.
  void set_profiling(bool on);
  void add_lines(Profile& profile, int depth, double calls) const;
  /// The values that take memory in the arena, largest first; those that do not live at the same time may
  /// share an offset.
  std::vector<MemoryUse> memory() const;
  /// One line per kernel: its outputs, its inputs, the shape of the first output, the bytes of all operands
  /// and its arithmetic operations.
  std::string text(const std::string& indent = "") const;

  std::vector<std::size_t> parts_of_bound;  ///< updated by follow_bound

 private:
  void run_timed();

  std::vector<double> seconds_;  ///< per kernel; empty unless profiling
};

/// The optimisations of lowering, each of which can be switched off.
struct Lowering {
  bool windows = true;  ///< slices, reshapes and concats are views, not copies
  bool fuse = true;     ///< elementwise ops of one shape run together, tile by tile
  bool pack = true;     ///< right operands that a loop reads at every step are prepacked
  bool rows = true;     ///< threads divide the rows of a loop
  bool reuse = true;    ///< outputs of a loop overwrite inputs that it is the last to read
};

/// The part of a scan's body that one thread computes: rows [first, first + count) of the divided tensors.
struct RowRange {
  TensorMap<bool> cut;
  Index first = 0;
  Index count = 0;
};

/// The input of make_schedule. An update's target is an input or a Variable's read.
struct ScheduleRequest {
  struct Update {
    Tensor value;
    Tensor target;
  };
  /// The layout in which the caller binds an input or an output.
  struct Place {
    Index row_stride = 0;  ///< 0: dense
    std::size_t memory = Value::none;
    std::size_t memory_offset = 0;
  };
  Tensors inputs;
  Tensors outputs;
  std::vector<Update> updates;
  /// For each input and each output; may be shorter: the others are dense, in separate memory.
  std::vector<Place> input_places;
  std::vector<Place> output_places;
  /// Inputs from this one on, up to the first cached one, and all outputs have another address in every run.
  std::size_t first_moving_input = Value::none;
  /// Inputs from this one on are cached over many runs, so packing them pays.
  std::size_t first_lasting_input = Value::none;
  /// Products with more rows are left to gemm, which packs by itself.
  Index most_packed_rows = Value::most_rows;
  const RowRange* rows = nullptr;
  /// Updates wait until no kernel can fail any more: required for Variables, unnecessary for carries.
  bool all_or_nothing = false;
  Lowering lowering;
};

/// Orders the nodes, plans memory, and makes kernels of them.
Schedule make_schedule(const ScheduleRequest& request);

}  // namespace sluice
