// Values and gradients of PyTorch, from tests/golden/more_functions.json, in float64.

#include <sluice/graph/arithmetic.h>
#include <sluice/graph/evaluate.h>
#include <sluice/graph/grad.h>
#include <sluice/ops/ops.h>

#include <cmath>
#include <map>

#include "ops/golden_tensor.h"
#include "support/catch.h"

using namespace sluice;
using sluice::test::Golden;
using sluice::test::Record;
using sluice::test::tensor_of;

namespace {

void require_equal(const Tensor& got, const Record& record, std::string_view entry) {
  INFO(entry);
  const Tensor expected = tensor_of(record, entry);
  REQUIRE(got.spec() == expected.spec());
  const auto values = evaluate(got).to_vector<double>();
  const auto wanted = expected.to_vector<double>();
  for (std::size_t i = 0; i < values.size(); ++i) {
    CAPTURE(i, values[i], wanted[i]);
    CHECK((values[i] == wanted[i] || (std::isnan(values[i]) && std::isnan(wanted[i])) ||
           std::abs(values[i] - wanted[i]) <= 1e-13));
  }
}

Axes axes_of(const Record& record) { return record.has("axis") ? Axes(record.integer("axis")) : Axes(); }
VarOptions correction_of(const Record& record) { return {.correction = record.number("correction")}; }

using Function = Tensor (*)(const Tensors& x, const Record& record);
const std::map<std::string, Function>& functions() {
  static const std::map<std::string, Function> all = {
      {"remainder", [](const Tensors& x, const Record&) { return remainder(x[0], x[1]); }},
      {"fmod", [](const Tensors& x, const Record&) { return fmod(x[0], x[1]); }},
      {"log_sigmoid", [](const Tensors& x, const Record&) { return log_sigmoid(x[0]); }},
      {"var", [](const Tensors& x, const Record& r) { return var(x[0], axes_of(r), correction_of(r)); }},
      {"std", [](const Tensors& x, const Record& r) { return stddev(x[0], axes_of(r), correction_of(r)); }},
      {"roll",
       [](const Tensors& x, const Record& r) { return roll(x[0], r.integer("shift"), r.integer("axis")); }},
      {"repeat",
       [](const Tensors& x, const Record& r) { return repeat(x[0], r.integer("times"), r.integer("axis")); }},
      {"tile", [](const Tensors& x, const Record& r) { return tile(x[0], r.array("times").as<Index>()); }},
      {"diag", [](const Tensors& x, const Record&) { return diag(x[0]); }},
      {"diag_embed", [](const Tensors& x, const Record&) { return diag_embed(x[0]); }},
      {"outer", [](const Tensors& x, const Record&) { return outer(x[0], x[1]); }},
  };
  return all;
}

}  // namespace

TEST_CASE("remainders, variances and moves of elements, and their gradients, are PyTorch's") {
  const auto golden = Golden::open("more_functions.json");
  REQUIRE(golden.names().size() == 37);
  for (const std::string& name : golden.names()) {
    CAPTURE(name);
    const Record record = golden.at(name);
    const bool is_binary = record.has("a");
    const Tensors inputs =
        is_binary ? Tensors{tensor_of(record, "a"), tensor_of(record, "b")} : Tensors{tensor_of(record, "x")};
    const Tensor y = functions().at(record.text("function"))(inputs, record);
    require_equal(y, record, "value");
    if (!record.has("seed")) continue;
    const Tensors gradients = vjp({y}, {tensor_of(record, "seed")}, inputs);
    require_equal(gradients[0], record, is_binary ? "grad.a" : "grad.x");
    if (is_binary) require_equal(gradients[1], record, "grad.b");
  }
}
