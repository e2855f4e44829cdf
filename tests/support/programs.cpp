#include "support/programs.h"

#include "support/close.h"

#include <sluice/compile/program.h>
#include <sluice/graph/evaluate.h>

#include <cmath>

namespace sluice::test {

Tensor numbers(const Shape& shape, double seed) {
  std::vector<float> values(static_cast<std::size_t>(shape.size()));
  for (std::size_t i = 0; i < values.size(); ++i)
    values[i] = static_cast<float>(std::sin(seed + 1.7 * static_cast<double>(i)));
  return tensor(values, shape);
}

std::size_t count(const std::string& text, const std::string& word) {
  std::size_t found = 0;
  for (std::size_t at = text.find(word); at != std::string::npos; at = text.find(word, at + 1)) ++found;
  return found;
}

std::string printed(const TensorFunction& function, const Tensors& arguments, const PassSet& set) {
  Specs specs;
  for (const Tensor& argument : arguments) specs.push_back(argument.spec());
  const Graph graph = trace(function, specs);
  Program program(graph, set);
  const Tensors results = program.run(arguments);
  const Tensors expected = evaluate(graph, arguments);
  for (std::size_t i = 0; i < results.size(); ++i) check_close(results[i], numbers(expected[i]), 1e-5);
  return program.print();
}

}  // namespace sluice::test
