#pragma once

#include <sluice/graph/trace.h>

#include <unordered_map>
#include <vector>

namespace sluice {

/// The plain interpreter: computes tensors one node at a time, in the order they depend on each other, each
/// into memory of its own, freed after its last use: no more values are there at one moment than are still
/// needed, and the process needs no more memory for it. Slow on purpose and for ever: it is the oracle that
/// compiled programs are tested against. Throws Error for a placeholder (a tensor of a function being traced
/// has no value), and what the ops throw, with the line that built the node.
Tensor evaluate(const Tensor& tensor, Location where = Location::current());
Tensors evaluate(const Tensors& tensors, Location where = Location::current());

/// A Graph made ready to be interpreted any number of times.
class Interpreter {
 public:
  explicit Interpreter(const Graph& graph);

  /// The graph's results (outputs, then values written) for these arguments. Changes no Variable. Throws
  /// Error for another number of arguments than inputs, ShapeError for other specs.
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
    std::vector<bool> used;             // outputs somebody reads
    std::vector<std::size_t> finished;  // steps whose values nobody needs after this one
  };
  Tensors inputs_;
  Tensors roots_;  // keep the nodes alive
  std::vector<Step> steps_;
  std::vector<std::size_t> argument_steps_;
  std::vector<Source> results_;
};

/// Interprets a graph: returns its outputs and, when all is computed, gives its Variables their new values.
Tensors evaluate(const Graph& graph, const Tensors& arguments, Location where = Location::current());

}  // namespace sluice
