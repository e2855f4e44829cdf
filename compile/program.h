#pragma once

#include <sluice/compile/pass.h>
#include <sluice/compile/schedule.h>
#include <sluice/graph/hold.h>
#include <sluice/kernels/buffer.h>

#include <atomic>
#include <memory>
#include <optional>
#include <string>

namespace sluice {

/// What a Graph is compiled to: steps in order over one planned arena. Made once, run any number of times; a
/// run allocates nothing, but for the first one after set_threads().
///
/// A run reads the input buffers and the Variables, computes everything, and only then gives the Variables
/// their new values: a run that throws changes none. One run at a time: a call of run() during another throws
/// Error. Several Programs may run at the same time on different threads. Programs that share Variables which
/// none of them writes do not wait for each other; where one writes what another uses, one run waits for the
/// other. Whoever reads, saves or loads the Variables meanwhile waits for the run to end: nobody sees half of
/// a step.
class Program {
 public:
  /// Runs the passes on the graph and makes a schedule of what they return.
  explicit Program(const Graph& graph, const PassSet& passes = PassSet::from_environment(),
                   Location where = Location::current());

  std::size_t input_count() const { return inputs_.size(); }
  std::size_t output_count() const { return outputs_.size(); }
  /// Throw Error for an i that is not there, as input and output do.
  const Spec& input_spec(std::size_t i, Location where = Location::current()) const;
  const Spec& output_spec(std::size_t i, Location where = Location::current()) const;

  /// Where a caller writes the arguments and reads the results. The addresses stay the same for the Program's
  /// life.
  void* input(std::size_t i, Location where = Location::current());
  const void* output(std::size_t i, Location where = Location::current()) const;

  /// Computes the outputs from what the input buffers hold. Errors name the line of the op that throws or, if
  /// it is no op's, the line where the Program was made.
  void run();
  /// Copies the arguments in, runs, and returns copies of the outputs. Throws ShapeError for other specs.
  Tensors run(const Tensors& arguments, Location where = Location::current());

  /// What the passes have made of the graph.
  const Graph& graph() const { return graph_; }
  const std::vector<PassReport>& passes() const { return passes_; }
  std::size_t arena_bytes() const { return schedule_.arena_bytes; }
  /// What the arena holds, the largest first. Values that do not live at the same time share memory.
  std::vector<MemoryUse> memory() const { return schedule_.memory(); }
  /// The steps with their shapes and places in the arena, loops indented; before them a warning where the
  /// function holds a loop that should be a scan.
  std::string print() const;
  /// The passes with the time each took and the nodes it left.
  std::string print_passes() const { return to_text(passes_); }

  /// Runs the program once, Variables and all, and tells where the time went.
  Profile profile();

 private:
  /// Makes the schedule, which divides loops by the number of threads there are.
  void plan();
  void require_memory() const;
  void refresh_lasting();
  void compute();
  void check_arguments(const Tensors& arguments, Location where) const;

  Location made_;
  std::vector<PassReport> passes_;
  Graph graph_;
  PassSet set_;
  std::string warning_;
  int threads_ = 0;
  Schedule once_;      // what lasts while Variables that it only reads do not change
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
