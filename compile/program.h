#pragma once

#include <sluice/compile/pass.h>
#include <sluice/compile/schedule.h>
#include <sluice/kernels/buffer.h>

#include <atomic>
#include <memory>
#include <string>

namespace sluice {

/// What a Graph is compiled to: steps in order over one planned arena. Made once, run any number of times; a
/// run allocates nothing, but for the first one after set_threads().
///
/// A run reads the input buffers and the Variables, computes everything, and only then gives the Variables
/// their new values: a run that throws changes none. One run at a time: a call of run() during another throws
/// Error. Several Programs may run at the same time on different threads as long as none writes a Variable
/// that another uses.
class Program {
 public:
  /// Runs the passes on the graph and makes a schedule of what they return.
  explicit Program(const Graph& graph, const PassSet& passes = PassSet::from_environment());

  std::size_t input_count() const { return inputs_.size(); }
  std::size_t output_count() const { return outputs_.size(); }
  const Spec& input_spec(std::size_t i) const { return graph_.inputs[i].spec(); }
  const Spec& output_spec(std::size_t i) const { return graph_.outputs[i].spec(); }

  /// Where a caller writes the arguments and reads the results. The addresses stay the same for the Program's
  /// life.
  void* input(std::size_t i) { return inputs_[i].data(); }
  const void* output(std::size_t i) const { return outputs_[i].data(); }

  /// Computes the outputs from what the input buffers hold.
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
  void refresh_lasting();
  void compute();
  void check_arguments(const Tensors& arguments, Location where) const;

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
  std::atomic<bool> running_ = false;
};

}  // namespace sluice
