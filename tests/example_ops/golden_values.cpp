// The ops of examples/ops beside PyTorch's values and gradients: tests/golden/custom_ops.json.

#include "examples/ops/causal_conv.h"
#include "examples/ops/crf.h"
#include "examples/ops/fake_quantize.h"
#include "examples/ops/soft_dtw.h"
#include "examples/ops/sparsemax.h"

#include "example_ops/both.h"

using namespace sluice;
using namespace sluice::test;

namespace {

/// The function of a case, and the names of its operands.
struct Expected {
  std::vector<std::string> operands;
  example_ops::Function call;
};

Expected of_case(const Record& entry) {
  const std::string name = entry.text("function");
  if (name == "sparsemax") return {{"x"}, [](const Tensors& x) { return sparsemax(x[0]); }};
  if (name == "causal_conv") return {{"x", "w"}, [](const Tensors& x) { return causal_conv(x[0], x[1]); }};
  if (name == "crf") {
    const Tensor tags = constant(entry.array("tags"), DType::int32);
    return {{"emissions", "transitions"},
            [tags](const Tensors& x) { return crf_log_likelihood(x[0], x[1], tags); }};
  }
  if (name == "soft_dtw") {
    const double gamma = entry.number("gamma");
    return {{"costs"}, [gamma](const Tensors& x) { return soft_dtw(x[0], gamma); }};
  }
  const auto bits = static_cast<int>(entry.integer("bits"));
  return {{"x", "step"}, [bits](const Tensors& x) { return fake_quantize(x[0], x[1], bits); }};
}

}  // namespace

TEST_CASE("ops of the examples have PyTorch's values and gradients") {
  const auto golden = Golden::open("custom_ops.json");
  CHECK(golden.names().size() == 10);
  for (const std::string& name : golden.names()) {
    INFO(name);
    const Record entry = golden.at(name);
    const auto [operands, call] = of_case(entry);
    for (const DType dtype : {DType::float64, DType::float32}) {
      const double tolerance = dtype == DType::float64 ? 1e-13 : 2e-6;
      Tensors inputs;
      for (const std::string& operand : operands) inputs.push_back(constant(entry.array(operand), dtype));
      const Tensor y = call(inputs);
      check_close(y, entry.array("value").data, tolerance);
      const Tensors gradients = sluice::grad(sum(y * constant(entry.array("seed"), dtype)), inputs);
      for (std::size_t i = 0; i < inputs.size(); ++i)
        check_close(gradients[i], entry.array("grad." + operands[i]).data, tolerance);
    }
  }
}
