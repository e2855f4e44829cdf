#include "support/edges.h"

#include <sluice/graph/evaluate.h>
#include <sluice/graph/grad.h>

#include <cmath>

#include "support/catch.h"
#include "support/close.h"
#include "support/run_compiled.h"

namespace sluice::test {

std::vector<std::vector<double>> at_edges(const std::function<Tensors(const Tensors&)>& function,
                                          const Tensors& arguments) {
  Specs specs;
  for (const Tensor& argument : arguments) specs.push_back(argument.spec());
  const Tensors eager = evaluate(function(arguments));
  const Tensors compiled = run_compiled(trace(function, specs), arguments);
  REQUIRE(eager.size() == compiled.size());
  std::vector<std::vector<double>> results;
  for (std::size_t i = 0; i < eager.size(); ++i) {
    results.push_back(numbers(eager[i]));
    const std::vector<double> other = numbers(compiled[i]);
    REQUIRE(other.size() == results[i].size());
    for (std::size_t j = 0; j < other.size(); ++j) {
      if (other[j] == results[i][j] || (std::isnan(other[j]) && std::isnan(results[i][j]))) continue;
      CAPTURE(i, j, results[i][j], other[j]);
      CHECK(other[j] == results[i][j]);
    }
  }
  return results;
}

ValueAndSlope value_and_slope(const std::function<Tensor(const Tensor&)>& f, const Tensor& x) {
  const auto both = [&](const Tensors& in) {
    const Tensor y = f(in[0]);
    return Tensors{y, vjp({y}, {ones_like(y)}, {in[0]})[0]};
  };
  const auto results = at_edges(both, {x});
  return {results[0], results[1]};
}

}  // namespace sluice::test
