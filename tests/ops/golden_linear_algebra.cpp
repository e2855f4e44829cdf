// Values and gradients of PyTorch's linear algebra, from tests/golden/functions.json, in float64.

#include <sluice/graph/arithmetic.h>
#include <sluice/graph/grad.h>
#include <sluice/ops/ops.h>

#include <map>

#include "support/close.h"
#include "support/golden.h"

using namespace sluice;
using namespace sluice::test;

namespace {

Tensor positive(const Tensor& x) {
  const Tensor row = expand_dims(arange(x.dim(-1)), 1);
  return matmul(x, x, {.transpose_b = true}) + cast(equal(row, arange(x.dim(-1))), x.dtype());
}

using Function = Tensor (*)(const Tensors& x, const Record& record);
const std::map<std::string, Function>& functions() {
  static const std::map<std::string, Function> all = {
      {"cholesky", [](const Tensors& x, const Record&) { return cholesky(positive(x[0])); }},
      {"inverse", [](const Tensors& x, const Record&) { return inverse(x[0]); }},
      {"logdet", [](const Tensors& x, const Record&) { return logdet(x[0]); }},
      {"logdet positive",
       [](const Tensors& x, const Record&) { return logdet(positive(x[0]), {.positive = true}); }},
      {"solve", [](const Tensors& x, const Record&) { return solve(x[0], x[1]); }},
      {"solve positive",
       [](const Tensors& x, const Record&) { return solve(positive(x[0]), x[1], {.positive = true}); }},
      {"solve_triangular",
       [](const Tensors& x, const Record& record) {
         return solve_triangular(x[0], x[1],
                                 {record.flag("lower"), record.flag("transpose"), record.flag("unit")});
       }},
  };
  return all;
}

}  // namespace

TEST_CASE("linear algebra is PyTorch's, value and gradient") {
  const Golden golden = Golden::open("functions.json");
  std::size_t count = 0;
  for (const std::string& name : golden.names()) {
    const Record record = golden.at(name);
    const auto found = functions().find(record.text("function"));
    if (found == functions().end()) continue;
    CAPTURE(name);
    Tensors inputs;
    Tensors gradients;
    for (const char* entry : {"x", "a", "b"}) {
      if (!record.has(entry)) continue;
      inputs.push_back(constant(record.array(entry)));
      gradients.push_back(constant(record.array(std::string("grad.") + entry)));
    }
    const Tensor y = found->second(inputs, record);
    check_close(y, constant(record.array("value")), 1e-11);
    const Tensors slopes = vjp({y}, {constant(record.array("seed"))}, inputs);
    for (std::size_t i = 0; i < inputs.size(); ++i) check_close(slopes[i], gradients[i], 1e-11);
    ++count;
  }
  CHECK(count == 16);
}
