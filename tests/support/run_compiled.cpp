#include "support/run_compiled.h"

#include <sluice/graph/evaluate.h>

namespace sluice::test {

Tensors run_compiled(const Graph& graph, const Tensors& arguments) { return evaluate(graph, arguments); }

}  // namespace sluice::test
