// Programs of many ops, nested scans, Variables that are assigned, and gradients of first and second order.
// Interpreted, compiled without passes, with some and with all of them, run after run, they compute the same.

#include "agreement.h"
#include "author.h"

#include <sluice/graph/error.h>
#include <sluice/graph/grad.h>
#include <sluice/ops/sum.h>
#include <sluice/ops/tanh.h>

namespace {

using namespace sluice;
using namespace sluice::fuzz;

/// One number that all tensors have a share in.
Tensor weighed(const Tensors& tensors) {
  Tensor total = full({}, 0, DType::float64);
  for (const Tensor& t : tensors) {
    if (t.dtype() == DType::float64) total = total + sum(tanh(t) * 0.7);
  }
  return total;
}

PassSet some_passes(FuzzedDataProvider& data) {
  std::vector<std::string> off;
  for (const Pass& pass : graph_passes()) {
    if (data.ConsumeBool()) off.emplace_back(pass.name);
  }
  for (const std::string_view name : lowering_switches()) {
    if (data.ConsumeBool()) off.emplace_back(name);
  }
  return PassSet::without(off);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Author author(data, size, Style::smooth);
  const PassSet some = some_passes(author.data());
  Tensors arguments;
  Specs specs;
  for (std::size_t n = 1 + author.below(3); n > 0; --n) {
    arguments.push_back(author.constant(DType::float64, author.shape()));
    specs.push_back(arguments.back().spec());
  }
  std::vector<Variable> variables;
  for (std::size_t n = author.below(3); n > 0; --n)
    variables.emplace_back(author.constant(DType::float64, author.shape()));

  const Graph graph = trace(
      [&](const Tensors& inputs) {
        Tensors& pool = author.pool() = inputs;
        pool.insert(pool.end(), variables.begin(), variables.end());
        const std::size_t orders = author.below(3);
        author.write(12, 2);
        for (const Variable& variable : variables) {
          if (author.flag()) variable.assign(author.like(variable));
          author.write(2, 1);
        }
        Tensors outputs = pool;
        Tensors last = pool;
        for (std::size_t order = 0; order < orders; ++order) {
          try {
            last = grad(weighed(last), inputs);
          } catch (const Error&) {
            break;  // an op without a gradient
          }
          outputs.insert(outputs.end(), last.begin(), last.end());
        }
        return outputs;
      },
      specs);
  if (!is_small(graph)) return 0;
  require_agreement(graph, arguments, variables, PassSet::none(), Values::bits);
  require_agreement(graph, arguments, variables, some, Values::rounded);
  require_agreement(graph, arguments, variables, PassSet::all(), Values::rounded);
  return 0;
}
