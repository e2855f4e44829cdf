// Values and gradients of PyTorch, from tests/golden/functions.json, in float64.

#include <sluice/graph/arithmetic.h>
#include <sluice/graph/evaluate.h>
#include <sluice/graph/grad.h>
#include <sluice/ops/argmax.h>
#include <sluice/ops/cumsum.h>
#include <sluice/ops/layer_norm.h>
#include <sluice/ops/log_softmax.h>
#include <sluice/ops/logsumexp.h>
#include <sluice/ops/max.h>
#include <sluice/ops/min.h>
#include <sluice/ops/prod.h>
#include <sluice/ops/softmax.h>
#include <sluice/ops/sum.h>
#include <sluice/ops/take.h>

#include <map>

#include "ops/golden_tensor.h"
#include "support/catch.h"
#include "support/check_op.h"

using namespace sluice;
using sluice::test::Golden;
using sluice::test::Record;
using sluice::test::tensor_of;

namespace {

void require_equal(const Tensor& got, const Record& record, std::string_view entry) {
  INFO(entry);
  const test::Array expected = record.array(entry);
  const std::vector<double> values = evaluate(got).to_vector<double>();
  REQUIRE(values.size() == expected.data.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    CHECK(values[i] == Approx(expected.data[i]).epsilon(1e-10).margin(1e-14));
  }
}

/// Value, and gradients by all inputs of sum(value * seed).
void check(const Record& record, const Tensor& value, const std::map<std::string, Tensor>& inputs) {
  require_equal(value, record, "value");
  const Tensor loss = sum(value * tensor_of(record, "seed"));
  for (const auto& [name, input] : inputs) require_equal(grad(loss, input), record, "grad." + name);
}

Axes axes_of(const Record& record) { return record.has("axis") ? Axes(record.integer("axis")) : Axes(); }

using Function = Tensor (*)(const Tensor& x, const Record& record);
const std::map<std::string, Function>& functions() {
  static const std::map<std::string, Function> all = {
      {"softmax", [](const Tensor& x, const Record& r) { return softmax(x, r.integer("axis")); }},
      {"log_softmax", [](const Tensor& x, const Record& r) { return log_softmax(x, r.integer("axis")); }},
      {"logsumexp", [](const Tensor& x, const Record& r) { return logsumexp(x, r.integer("axis")); }},
      {"cumsum", [](const Tensor& x, const Record& r) { return cumsum(x, r.integer("axis")); }},
      {"prod", [](const Tensor& x, const Record& r) { return prod(x, axes_of(r)); }},
      {"amax", [](const Tensor& x, const Record& r) { return max(x, axes_of(r)); }},
      {"amin", [](const Tensor& x, const Record& r) { return min(x, axes_of(r)); }},
  };
  return all;
}

}  // namespace

TEST_CASE("reductions and normalisations are PyTorch's, value and gradient") {
  const Golden golden = Golden::open("functions.json");
  std::size_t count = 0;
  for (const std::string& name : golden.names()) {
    const Record record = golden.at(name);
    const auto found = functions().find(record.text("function"));
    if (found == functions().end()) continue;
    INFO(name);
    const Tensor x = tensor_of(record, "x");
    check(record, found->second(x, record), {{"x", x}});
    ++count;
  }
  CHECK(count == 25);
}

TEST_CASE("layer_norm is PyTorch's, value and gradient") {
  const Golden golden = Golden::open("functions.json");
  for (const std::string name : {"layer_norm", "layer_norm 3d"}) {
    INFO(name);
    const Record record = golden.at(name);
    const Tensor x = tensor_of(record, "x");
    const Tensor weight = tensor_of(record, "weight");
    const Tensor bias = tensor_of(record, "bias");
    check(record, layer_norm(x, weight, bias, record.number("epsilon")),
          {{"x", x}, {"weight", weight}, {"bias", bias}});
  }
}

TEST_CASE("argmax and argmin find the places that PyTorch finds, ties included") {
  const Golden golden = Golden::open("functions.json");
  for (const std::string name : {"max axis=-1", "max axis=0", "min axis=-1", "min axis=0"}) {
    INFO(name);
    const Record record = golden.at(name);
    const Tensor x = tensor_of(record, "x");
    const bool is_max = record.text("function") == "max";
    const Tensor index = is_max ? argmax(x, record.integer("axis")) : argmin(x, record.integer("axis"));
    CHECK(evaluate(index).to_vector<std::int32_t>() == record.array("index").as<std::int32_t>());
  }
}

TEST_CASE("take is PyTorch's embedding, repeated ids included") {
  const Record record = Golden::open("functions.json").at("embedding");
  const Tensor weight = tensor_of(record, "weight");
  const test::Array ids = record.array("ids");
  const Tensor rows =
      take(weight, tensor(ids.as<std::int32_t>(), Shape(std::span<const Index>(ids.shape))), 0);
  check(record, rows, {{"weight", weight}});
}
