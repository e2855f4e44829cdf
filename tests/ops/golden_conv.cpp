// Convolutions, pools and normalisations of PyTorch, from tests/golden/conv.json, in float64.

#include <sluice/graph/evaluate.h>
#include <sluice/graph/grad.h>
#include <sluice/ops/conv1d.h>
#include <sluice/ops/group_norm.h>
#include <sluice/ops/pool.h>
#include <sluice/ops/rms_norm.h>

#include <map>
#include <string>

#include "ops/golden_tensor.h"
#include "support/catch.h"
#include "support/close.h"

using namespace sluice;
using namespace sluice::test;

namespace {

ConvPadding padding_of(const Record& r) {
  const std::string text = r.text("padding");
  if (text == "valid") return ConvPadding::valid;
  return text == "same" ? ConvPadding::same : ConvPadding::causal;
}

using GoldenFunction = Tensor (*)(const Tensors& in, const Record& r);
const std::map<std::string, GoldenFunction>& golden_functions() {
  static const std::map<std::string, GoldenFunction> all = {
      {"conv1d",
       [](const Tensors& in, const Record& r) {
         return conv1d(in[0], in[1],
                       {padding_of(r), r.integer("stride"), r.integer("dilation"), r.integer("groups")});
       }},
      {"max_pool",
       [](const Tensors& in, const Record& r) {
         return max_pool(in[0], r.integer("window"), {.stride = r.integer("stride")});
       }},
      {"mean_pool",
       [](const Tensors& in, const Record& r) {
         return mean_pool(in[0], r.integer("window"), {.stride = r.integer("stride")});
       }},
      {"rms_norm",
       [](const Tensors& in, const Record& r) {
         const double epsilon = r.number("epsilon");
         return in.size() == 1 ? rms_norm(in[0], epsilon) : rms_norm(in[0], in[1], epsilon);
       }},
      {"group_norm",
       [](const Tensors& in, const Record& r) {
         return group_norm(in[0], r.integer("groups"), in[1], in[2], r.number("epsilon"));
       }},
  };
  return all;
}

}  // namespace

TEST_CASE("convolutions, pools and normalisations, and their gradients, are PyTorch's") {
  const Golden golden = Golden::open("conv.json");
  REQUIRE(golden.names().size() == 52);
  for (const std::string& name : golden.names()) {
    CAPTURE(name);
    const Record record = golden.at(name);
    Tensors inputs;
    std::vector<std::string> names;
    for (const char* entry : {"x", "w", "weight", "bias"}) {
      if (!record.has(entry)) continue;
      inputs.push_back(tensor_of(record, entry));
      names.emplace_back(entry);
    }
    const Tensor y = golden_functions().at(record.text("function"))(inputs, record);
    check_close(y, tensor_of(record, "value"), 1e-13);
    const Tensors slopes = vjp({y}, {tensor_of(record, "seed")}, inputs);
    for (std::size_t i = 0; i < inputs.size(); ++i)
      check_close(slopes[i], tensor_of(record, "grad." + names[i]), 1e-12);
  }
}
