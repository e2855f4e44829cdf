#pragma once

#include <sluice/graph/trace.h>

#include <string>
#include <vector>

namespace sluice::test {

/// A traced function of float64 arguments with the values (outputs, then what is written) for arguments with
/// fixed, different elements: what tests of passes compare before and after.
struct Traced {
  Graph graph;
  Tensors arguments;
};
Traced traced(const TensorFunction& function, const std::vector<Shape>& shapes);

/// Verifies `after` and fails the test where it computes anything else than `before`, apart from rounding.
void require_same_values(const Graph& before, const Graph& after, const Tensors& arguments);

/// What a pass leaves of a function, which must have the same values: "%0 = tanh(a0); %0".
std::string left_of(Graph (*pass)(const Graph&), const TensorFunction& function,
                    const std::vector<Shape>& shapes);

/// How many times a word such as "matmul" occurs in a printed graph.
int occurrences(const Graph& graph, const std::string& word);

}  // namespace sluice::test
