#pragma once

#include <sluice/compile/pass.h>
#include <sluice/compile/schedule.h>
#include <sluice/graph/hold.h>
#include <sluice/kernels/buffer.h>

#include <atomic>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace sluice {

/// A compiled Graph: steps in order over one preplanned arena. Made once, run any number of times; a run
/// allocates nothing, except the first one after set_threads(). It stays where it is made.
///
/// A run reads the input buffers and the Variables, computes everything, and only then assigns the Variables:
/// a run that throws changes none. One run at a time: calling run() during another throws Error. Different
/// Programs may run concurrently on different threads. Programs sharing Variables that none of them writes do
/// not wait for each other; if one writes what another uses, one run waits for the other. Reading, saving or
/// loading the Variables waits for the run to end: nobody sees half of a step.
class Program {
 public:
  /// Runs the passes on the graph and makes a schedule of the result.
  explicit Program(const Graph& graph, const PassSet& passes = PassSet::from_environment(),
                   Location where = Location::current());
  /// The same, ready: what only the first run does, which is packing weights, touching memory and starting
  /// threads, is done now. Changes no Variable.
  struct Ready {};
  Program(const Graph& graph, const PassSet& passes, Ready ready, Location where = Location::current());

  std::size_t input_count() const { return inputs_.size(); }
  std::size_t output_count() const { return outputs_.size(); }
  /// Throw Error for an i out of range, as do input and output.
  const Spec& input_spec(std::size_t i, Location where = Location::current()) const;
  const Spec& output_spec(std::size_t i, Location where = Location::current()) const;

  /// Buffers where a caller writes the arguments and reads the results, row-major. The addresses stay the same
  /// for the Program's lifetime. Throw ShapeError if T is not the dtype.
  template <class T>
  std::span<T> input(std::size_t i, Location where = Location::current()) {
    require_dtype(input_spec(i, where), dtype_of<T>, "input", i, where);
    return {static_cast<T*>(input(i, where)), static_cast<std::size_t>(input_spec(i).shape.size())};
  }
  template <class T>
  std::span<const T> output(std::size_t i, Location where = Location::current()) const {
    require_dtype(output_spec(i, where), dtype_of<T>, "output", i, where);
    return {static_cast<const T*>(output(i, where)), static_cast<std::size_t>(output_spec(i).shape.size())};
  }
  /// The same for code that does not know the dtype.
  void* input(std::size_t i, Location where = Location::current());
  const void* output(std::size_t i, Location where = Location::current()) const;

  /// Computes the outputs from the contents of the input buffers. Errors name the line of the op that throws
  /// or, if no op does, the line where the Program was made.
  void run();
  /// Copies the arguments in, runs, and returns copies of the outputs. Throws ShapeError for wrong specs.
  Tensors run(const Tensors& arguments, Location where = Location::current());

  /// The graph as it was traced, before all passes.
  const Graph& traced() const { return traced_; }
  /// The graph after all passes.
  const Graph& graph() const { return graph_; }
  const std::vector<PassReport>& passes() const { return passes_; }
  std::size_t arena_bytes() const { return schedule_.arena_bytes; }
  /// All memory of its own: the arena, buffers of inputs and outputs, and cached values.
  std::size_t bytes() const;
  /// The values in the arena, largest first. Values that do not live at the same time share memory.
  std::vector<MemoryUse> memory() const { return schedule_.memory(); }
  /// The steps with their shapes and offsets in the arena, loops indented; preceded by a warning if the
  /// function contains a loop that should be a scan.
  std::string print() const;
  /// The passes with the time each took and the number of nodes it left.
  std::string print_passes() const { return to_text(passes_); }

  /// Runs the program once, Variables and all, and reports where the time went.
  Profile profile();

 private:
  /// Makes the schedule, which divides loops by the number of threads.
  void plan();
  void require_memory() const;
  void refresh_lasting();
  void compute();
  void get_ready();
  void check_arguments(const Tensors& arguments, Location where) const;
  static void require_dtype(const Spec& spec, DType dtype, std::string_view what, std::size_t i,
                            Location where);

  Location made_;
  std::vector<PassReport> passes_;
  Graph traced_;
  Graph graph_;
  PassSet set_;
  std::string warning_;
  int threads_ = 0;
  Schedule once_;      // cached values, valid while Variables that the program only reads do not change
  Schedule schedule_;  // the rest
  std::vector<kernels::Buffer> inputs_;
  std::vector<kernels::Buffer> outputs_;
  kernels::Buffer once_arena_;
  kernels::Buffer arena_;
  std::vector<kernels::Buffer> lasting_;
  struct Watched {
    Variable variable;
    std::uint64_t version;
  };
  std::vector<Watched> watched_;
  bool lasting_is_made_ = false;
  std::optional<detail::Gate> gate_;
  std::atomic<bool> running_ = false;
};

}  // namespace sluice
