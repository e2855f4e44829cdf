#pragma once

#include <sluice/graph/trace.h>

#include <memory>
#include <string>
#include <vector>

namespace sluice {

class ScanOp;

/// A graph made ready to run: steps in order, over values with planned addresses. The body of a scan is a
/// schedule of its own inside a step, so schedules nest as scans do.
struct Schedule {
  /// Where the bytes of a value are.
  enum class Home {
    arena,  ///< at an offset of the block this schedule is given to work in
    fixed,  ///< in memory of its own for ever: constants and Variables
    bound   ///< wherever the caller of run() has put it: inputs and outputs
  };

  struct Value {
    Spec spec;
    Home home = Home::bound;
    std::size_t offset = 0;  ///< in the arena
    void* fixed = nullptr;
  };

  static constexpr std::size_t none = static_cast<std::size_t>(-1);

  struct Copy {
    std::size_t from;
    std::size_t to;
  };

  /// The loop of a scan. Every index pair is (value outside, value in the body).
  struct Loop {
    struct Binding {
      std::size_t outside;
      std::size_t inside;
    };
    struct Carry {
      std::size_t initial;  ///< outside
      std::size_t final;    ///< outside; holds the carry while the loop runs
      std::size_t inside;
    };

    const ScanOp* scan;
    std::unique_ptr<Schedule> body;
    std::size_t scratch;            ///< outside: the arena of the body
    std::vector<Binding> captures;  ///< same address in every step
    std::vector<Binding> moving;    ///< address advances with time: xs, ys and the trail
    std::vector<Carry> carries;

    /// `outside` are the addresses of the values of the schedule this loop is a step of.
    void run(const std::vector<std::byte*>& outside);
  };

  /// One node: an op on prepared views, or a loop, or (no node) a copy.
  struct Step {
    std::shared_ptr<const Node> node;
    std::vector<std::size_t> inputs;
    std::vector<std::size_t> outputs;  ///< none where nobody reads it
    std::vector<View> input_views;
    std::vector<MutableView> output_views;
    std::unique_ptr<Loop> loop;
  };

  std::vector<Value> values;
  std::vector<Step> steps;
  std::vector<Copy> updates;         ///< done when all steps are: new carries, new values of Variables
  std::vector<Copy> in_place;        ///< `from` is computed in the memory of `to`, which the caller binds
  std::vector<std::size_t> inputs;   ///< values of the graph's inputs, to be bound
  std::vector<std::size_t> outputs;  ///< values of the graph's outputs, to be bound
  std::size_t arena_bytes = 0;
  std::vector<std::byte*> at;  ///< the address of every value

  /// Gives the values that live in the arena their addresses.
  void place(std::byte* arena);
  /// Runs all steps and updates. Allocates nothing. Throws what an op throws, with the line that built its
  /// node; then no update has been done.
  void run();
  /// One line a step.
  std::string text(const std::string& indent = "") const;
};

/// What a schedule is to be made of. An update's target is an input or a Variable's read.
struct ScheduleRequest {
  struct Update {
    Tensor value;
    Tensor target;
  };
  Tensors inputs;
  Tensors outputs;
  std::vector<Update> updates;
  /// Whether a new value may be computed in its target's memory as soon as the old one is not needed any
  /// more. Right for carries; not for Variables, which keep their values when a run fails.
  bool update_in_place = false;
};

/// Orders the nodes, plans memory, and makes steps of them.
Schedule make_schedule(const ScheduleRequest& request);

}  // namespace sluice
