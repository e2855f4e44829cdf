// Claim: ops of one's own, written as the pages of examples/ops are, are faster than the usual PyTorch code
// for the same functions. This is our side, forward and backward; custom_ops.py is the other, and controls
// the turns of both (--follow).

#include "bench.h"

#include "examples/ops/causal_conv.h"
#include "examples/ops/crf.h"
#include "examples/ops/fake_quantize.h"
#include "examples/ops/gumbel_softmax.h"
#include "examples/ops/soft_dtw.h"
#include "examples/ops/sparsemax.h"

#include <sluice/compile/compile.h>
#include <sluice/graph/evaluate.h>

namespace {

struct Case {
  std::string name;
  sl::Tensors inputs;  ///< random; the function is differentiated with respect to all of them
  std::function<sl::Tensor(const sl::Tensors&)> function;
};

sl::Tensor some(const sl::Shape& shape, std::uint64_t seed) {
  return evaluate(sl::random::normal(sl::random::key(seed), shape));
}

/// The sizes are those in pytorch/custom_ops.py.
std::vector<Case> cases(bool small) {
  const sl::Index size = small ? 1 : 8;
  return {
      {"sparsemax", {some({128 * size, 64 * size}, 1)}, [](const auto& x) { return sparsemax(x[0]); }},
      {"crf",
       {some({8 * size, 4 * size, 4 * size}, 1), some({4 * size, 4 * size}, 2)},
       [](const auto& x) { return crf_log_partition(x[0], x[1]); }},
      {"soft_dtw", {some({4 * size, 8 * size, 8 * size}, 1)}, [](const auto& x) { return soft_dtw(x[0]); }},
      {"causal_conv",
       {some({2 * size, 64 * size, 8 * size}, 1), some({16 * size, 8 * size}, 2)},
       [](const auto& x) { return causal_conv(x[0], x[1]); }},
      {"gumbel_softmax",
       {some({512 * size, 8 * size}, 1)},
       [](const auto& x) { return gumbel_softmax(sl::random::key(3), x[0], 0.5, true); }},
      {"fake_quantize",
       {some({128 * size, 128 * size}, 1), sl::full({}, 0.02)},
       [](const auto& x) { return fake_quantize(x[0], x[1], 8); }},
  };
}

std::string sizes(const sl::Tensors& inputs) {
  std::string text;
  for (const sl::Tensor& x : inputs) text += (text.empty() ? "" : ", ") + x.shape().text();
  return text;
}

/// The function's value and its gradients, given that of the value.
std::shared_ptr<sl::Program> program(const Case& one) {
  sl::Tensors arguments = one.inputs;
  arguments.push_back(some(one.function(one.inputs).shape(), 4));
  const auto compiled = sl::compile([&](const sl::Tensors& in) {
    const sl::Tensors inputs(in.begin(), in.end() - 1);
    sl::Tensors results = {one.function(inputs)};
    for (const sl::Tensor& gradient : sl::vjp(results, {in.back()}, inputs)) results.push_back(gradient);
    return results;
  });
  compiled(arguments);
  auto made = compiled.program(arguments);
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const auto values = arguments[i].value().values<float>();
    std::copy(values.begin(), values.end(), made->input<float>(i).begin());
  }
  return made;
}

void measure(const std::string& only, bool follow, const bench::Settings& settings) {
  const double before = bench::peak_mib();
  std::optional<bench::Table> table;
  if (!follow) table.emplace(std::vector<std::string>{"op", "sizes", "threads", "forward and backward"});
  for (const Case& one : cases(settings.smoke)) {
    if (!only.empty() && one.name != only) continue;
    const auto made = program(one);
    bench::explain(*made, settings);
    const bench::Work work = [&] { made->run(); };
    if (follow) return bench::follow(work, before);
    table->row({one.name, sizes(one.inputs), std::to_string(settings.threads),
                bench::time(bench::medians({work}, settings)[0])});
  }
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Ops of one's own, forward and backward");
  bench::Settings settings;
  std::string only;
  bool follow = false;
  app.add_option("--op", only, "one of them, such as crf; otherwise all");
  app.add_flag("--follow", follow, "run it for each line read, and answer with its seconds and peak MiB");
  return bench::run(argc, argv, app, settings, [&] { measure(only, follow, settings); });
}
