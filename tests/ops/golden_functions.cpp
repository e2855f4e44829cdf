// Values and derivatives of every function in tests/golden/functions.json, made by PyTorch, far out and at
// the edges.

#include <sluice/graph/evaluate.h>
#include <sluice/graph/grad.h>
#include <sluice/ops/ops.h>

#include <cmath>
#include <functional>
#include <map>

#include "support/catch.h"
#include "support/golden.h"

using namespace sluice;

namespace {

using Function = std::function<Tensor(const Tensor&, const test::Record&)>;

const std::map<std::string, Function>& functions() {
  static const std::map<std::string, Function> all = {
      {"exp", [](auto& x, auto&) { return exp(x); }},
      {"expm1", [](auto& x, auto&) { return expm1(x); }},
      {"log", [](auto& x, auto&) { return log(x); }},
      {"log1p", [](auto& x, auto&) { return log1p(x); }},
      {"sqrt", [](auto& x, auto&) { return sqrt(x); }},
      {"rsqrt", [](auto& x, auto&) { return rsqrt(x); }},
      {"sin", [](auto& x, auto&) { return sin(x); }},
      {"cos", [](auto& x, auto&) { return cos(x); }},
      {"tanh", [](auto& x, auto&) { return tanh(x); }},
      {"sigmoid", [](auto& x, auto&) { return sigmoid(x); }},
      {"softplus", [](auto& x, auto&) { return softplus(x); }},
      {"relu", [](auto& x, auto&) { return relu(x); }},
      {"leaky_relu", [](auto& x, auto& golden) { return leaky_relu(x, golden.number("slope")); }},
      {"elu", [](auto& x, auto& golden) { return elu(x, golden.number("alpha")); }},
      {"gelu", [](auto& x, auto&) { return gelu(x); }},
      {"gelu_tanh", [](auto& x, auto&) { return gelu(x, GeluForm::tanh); }},
      {"silu", [](auto& x, auto&) { return silu(x); }},
      {"sign", [](auto& x, auto&) { return sign(x); }},
      {"abs", [](auto& x, auto&) { return abs(x); }},
      {"round", [](auto& x, auto&) { return round(x); }},
      {"square", [](auto& x, auto&) { return square(x); }},
      {"pow", [](auto& x, auto& golden) { return pow(x, golden.number("exponent")); }},
      {"erf", [](auto& x, auto&) { return erf(x); }},
  };
  return all;
}

/// Numbers beyond `largest` overflow in floats.
void require_close(const Tensor& got, const test::Array& expected, double tolerance, double largest) {
  const Tensor values = evaluate(got);
  REQUIRE(static_cast<std::size_t>(values.size()) == expected.data.size());
  for (std::size_t i = 0; i < expected.data.size(); ++i) {
    const double have = values.value().element(static_cast<Index>(i));
    const double want = expected.data[i];
    if (std::isfinite(want) && std::abs(want) > largest) continue;
    CAPTURE(i, have, want);
    CHECK((have == want || (std::isnan(have) && std::isnan(want)) ||
           std::abs(have - want) <= tolerance * std::max(1.0, std::abs(want))));
  }
}

/// Where x is infinite, PyTorch has NaN for these functions, as 0 times infinity, and ours have their limits.
test::Array with_limits(const std::string& function, const test::Array& x, test::Array expected,
                        double at_infinity) {
  if (function != "silu" && function != "gelu" && function != "gelu_tanh") return expected;
  for (std::size_t i = 0; i < x.data.size(); ++i) {
    if (std::isinf(x.data[i])) expected.data[i] = x.data[i] < 0 ? 0 : at_infinity;
  }
  return expected;
}

}  // namespace

TEST_CASE("elementwise functions and their derivatives are PyTorch's, also far out and at the edges") {
  const auto golden = test::Golden::open("functions.json");
  std::size_t checked = 0;
  for (const std::string& name : golden.names()) {
    const auto record = golden.at(name);
    if (!record.has("kind")) continue;
    CAPTURE(name);
    const Function& function = functions().at(record.text("function"));
    const test::Array x = record.array("x");
    const Shape shape{static_cast<Index>(x.data.size())};
    for (const bool single : {false, true}) {
      CAPTURE(single);
      const Tensor input = single ? tensor(x.as<float>(), shape) : tensor(x.data, shape);
      const Tensor y = function(input, record);
      const Tensor slope = vjp({y}, {ones_like(y)}, {input})[0];
      const double largest = single ? 3e38 : INFINITY;
      const std::string called = record.text("function");
      require_close(y, with_limits(called, x, record.array("value"), INFINITY), single ? 2e-6 : 1e-13,
                    largest);
      require_close(slope.defined() ? slope : zeros_like(input),
                    with_limits(called, x, record.array("derivative"), 1), single ? 4e-6 : 1e-12, largest);
    }
    ++checked;
  }
  CHECK(checked == 2 * functions().size());
}

TEST_CASE("maximum and minimum split gradients as PyTorch does") {
  const auto golden = test::Golden::open("functions.json");
  for (const std::string name : {"maximum", "minimum"}) {
    CAPTURE(name);
    const auto record = golden.at(name);
    const auto load = [&](std::string_view field) { return tensor(record.array(field).data, {4, 5}); };
    const Tensor x = load("x");
    const Tensor other = load("other");
    const Tensor y = name == "maximum" ? maximum(x, other) : minimum(x, other);
    const Tensors gradients = vjp({y}, {load("seed")}, {x, other});
    require_close(y, record.array("value"), 0, INFINITY);
    require_close(gradients[0], record.array("grad.x"), 1e-15, INFINITY);
    require_close(gradients[1], record.array("grad.other"), 1e-15, INFINITY);
  }
}
