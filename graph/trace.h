#pragma once

#include <sluice/graph/variable.h>

#include <functional>
#include <string>
#include <vector>

namespace sluice {

/// A closed traced function: placeholders in, tensors out, and the Variables it assigns. Every leaf reachable
/// from outputs and writes is an input, a constant or a Variable's value.
class Graph {
 public:
  struct Write {
    Variable variable;
    Tensor value;
    Tensor before = {};  ///< the leaf that stands for the Variable's initial value
  };

  struct Asked {
    Variable variable;
    bool frozen;
  };

  Tensors inputs;
  Tensors outputs;
  std::vector<Write> writes;      ///< each Variable at most once, in the order of first assignment
  std::vector<Asked> asked = {};  ///< the answers of Variable::frozen that the function was made by

  /// Outputs, then the values written: everything a run must compute.
  Tensors results() const;
};

using TensorFunction = std::function<Tensors(const Tensors&)>;

/// Runs `function` once on placeholders of these specs and returns what it built as a Graph. Throws what the
/// function throws, and Error if it returns an undefined Tensor, or uses tensors of another traced function
/// or read from a Variable outside. Variables are left untouched either way.
Graph trace(const TensorFunction& function, const Specs& inputs, Location where = Location::current());

/// Whether a function is currently being traced on this thread.
bool is_tracing();

}  // namespace sluice
