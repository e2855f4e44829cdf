#pragma once

#include <sluice/graph/trace.h>

#include <unordered_map>
#include <vector>

namespace sluice {

/// The plain interpreter: computes tensors one node at a time, in topological order, each into its own
/// memory, which is freed after its last use, also for the process. Deliberately simple and slow: it is the
/// oracle that compiled programs are tested against. Throws Error for a placeholder (a tensor of a function
/// being traced has no value), and what the ops throw, with the line that built the node.
Tensor evaluate(const Tensor& tensor, Location where = Location::current());
Tensors evaluate(const Tensors& tensors, Location where = Location::current());

/// A Graph prepared to be interpreted any number of times.
class Interpreter {
 public:
  explicit Interpreter(const Graph& graph);

  /// The graph's results (outputs, then values written) for these arguments. Changes no Variable. Throws
  /// Error for a wrong number of arguments, ShapeError for wrong specs.
  Arrays run(const Arrays& arguments, Location where = Location::current()) const;

 private:
  struct Step;
  struct Source {
    std::size_t step;
    std::size_t output;
  };
  Arrays compute(const Step& step, std::vector<Arrays>& values) const;
  void check(const Arrays& arguments) const;
  void copy_variables(std::vector<Arrays>& values) const;

  struct Step {
    const Node* node;
    std::vector<Source> inputs;
    std::vector<bool> used;             // outputs that are read
    std::vector<std::size_t> finished;  // steps whose values are last used by this one
  };
  Tensors inputs_;
  Tensors roots_;  // keeps the nodes alive
  std::vector<Step> steps_;
  std::vector<std::size_t> argument_steps_;
  std::vector<Source> results_;
};

/// Interprets a graph: returns its outputs and, once everything is computed, assigns its Variables.
Tensors evaluate(const Graph& graph, const Tensors& arguments, Location where = Location::current());

}  // namespace sluice
