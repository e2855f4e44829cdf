#include "support/passes.h"

#include "support/catch.h"

#include <sluice/graph/evaluate.h>
#include <sluice/graph/print.h>
#include <sluice/graph/verify.h>

#include <cmath>
#include <sstream>

namespace sluice::test {

Traced traced(const TensorFunction& function, const std::vector<Shape>& shapes) {
  Traced result;
  Specs specs;
  double start = 0.3;
  for (const Shape& shape : shapes) {
    std::vector<double> values(static_cast<std::size_t>(shape.size()));
    for (std::size_t i = 0; i < values.size(); ++i)
      values[i] = std::sin(start + 1.7 * static_cast<double>(i));
    start += 1;
    result.arguments.push_back(tensor(values, shape));
    specs.push_back({DType::float64, shape});
  }
  result.graph = trace(function, specs);
  return result;
}

void require_same_values(const Graph& before, const Graph& after, const Tensors& arguments) {
  verify(after);
  Arrays given;
  for (const Tensor& argument : arguments) given.push_back(argument.value());
  const Arrays expected = Interpreter(before).run(given);
  const Arrays found = Interpreter(after).run(given);
  REQUIRE(found.size() == expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) {
    REQUIRE(found[i].spec() == expected[i].spec());
    for (Index k = 0; k < expected[i].shape().size(); ++k) {
      const double value = expected[i].element(k);
      if (std::isnan(value) && std::isnan(found[i].element(k))) continue;
      INFO("result " << i << ", element " << k);
      REQUIRE(found[i].element(k) == Approx(value).epsilon(1e-10).margin(1e-10));
    }
  }
}

std::string left_of(Graph (*pass)(const Graph&), const TensorFunction& function,
                    const std::vector<Shape>& shapes) {
  const Traced before = traced(function, shapes);
  const Graph after = pass(before.graph);
  require_same_values(before.graph, after, before.arguments);
  std::istringstream lines(to_text(after));
  std::string left;
  for (std::string line; std::getline(lines, line);) {
    if (const auto at = line.find(" = "); at != std::string::npos) {
      const auto begin = line.find_first_not_of(' ');
      left += line.substr(begin, line.find("  ", at) - begin) + "; ";
    }
    if (const auto at = line.find("return "); at != std::string::npos) left += line.substr(at + 7);
  }
  return left;
}

int occurrences(const Graph& graph, const std::string& word) {
  const std::string text = to_text(graph);
  int count = 0;
  for (auto at = text.find(word); at != std::string::npos; at = text.find(word, at + 1)) ++count;
  return count;
}

}  // namespace sluice::test
