#include "support/run_compiled.h"

#include <sluice/compile/program.h>

namespace sluice::test {

Tensors run_compiled(const Graph& graph, const Tensors& arguments) { return Program(graph).run(arguments); }

}  // namespace sluice::test
