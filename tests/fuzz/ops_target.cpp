// A few calls of public ops with any shapes, axes, dtypes and numbers, and their gradients. Only
// sluice::Error may be thrown, and what is accepted computes the same compiled as interpreted.

#include "agreement.h"
#include "author.h"

#include <sluice/graph/error.h>
#include <sluice/graph/grad.h>
#include <sluice/ops/sum.h>

namespace {

using namespace sluice;
using namespace sluice::fuzz;

/// The gradients of the newest tensor of the pool by the arguments, which may have none.
Tensors gradients(const Tensors& pool, const Tensors& arguments) {
  try {
    const Tensor& y = pool.back();
    if (!is_floating(y.dtype())) return {};
    Tensors wrt;
    for (const Tensor& argument : arguments) {
      if (is_floating(argument.dtype())) wrt.push_back(argument);
    }
    return grad(sum(y), wrt);
  } catch (const Error&) {
    return {};
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Author author(data, size, Style::wild);
  Tensors arguments;
  Specs specs;
  const std::size_t calls = 1 + author.below(4);
  for (std::size_t n = 1 + author.below(4); n > 0; --n) {
    try {
      const Tensor argument = author.constant(author.dtype(), author.shape());
      arguments.push_back(argument);
      specs.push_back(argument.spec());
    } catch (const Error&) {
      continue;  // a shape that is refused
    }
  }
  if (arguments.empty()) return 0;
  const Graph graph = trace(
      [&](const Tensors& inputs) {
        author.pool() = inputs;
        author.write(calls, 0);
        Tensors outputs = author.pool();
        const Tensors first = gradients(outputs, inputs);
        outputs.insert(outputs.end(), first.begin(), first.end());
        if (first.empty()) return outputs;
        const Tensors second = gradients(first, inputs);
        outputs.insert(outputs.end(), second.begin(), second.end());
        return outputs;
      },
      specs);
  if (!is_small(graph)) return 0;
  require_agreement(graph, arguments, {}, PassSet::none(), Values::bits);
  require_agreement(graph, arguments, {}, PassSet::all(), Values::any);
  return 0;
}
