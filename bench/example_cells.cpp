// Claim: the cells of examples/cells, which know nothing of the compiler, and the wrappers of cells and
// layers in training run forward and backward at 85 % of the speed of their matrix products alone.

#include "bench.h"
#include "layers.h"
#include "products_of_cell.h"

#include "examples/cells/cfc.h"
#include "examples/cells/mogrifier.h"
#include "examples/cells/qrnn.h"
#include "examples/cells/sru.h"

#include <sluice/nn/gru.h>
#include <sluice/nn/lstm.h>
#include <sluice/nn/variational.h>
#include <sluice/nn/weight_drop.h>
#include <sluice/nn/zoneout.h>

#include <cmath>
#include <string>
#include <string_view>
#include <vector>

namespace {

using bench::Products;
using sl::Index;

struct ExampleSizes {
  Index hidden, batch, length;
};

/// Gradients of sum(y * dy), y = layers(x, {.mode, .key}), with respect to x and all parameters.
class Step {
 public:
  Step(const sl::nn::SequenceLayer& layers, sl::nn::Mode mode, const ExampleSizes& s, Index inputs)
      : program_(
            sl::compile([&layers, mode](const sl::Tensor& x, const sl::Tensor& dy, const sl::Tensor& key) {
              sl::Tensors wrt{x};
              for (const sl::NamedVariable& v : layers.variables()) wrt.push_back(v.variable);
              return sl::grad(sl::sum(layers(x, {.mode = mode, .key = key}) * dy), wrt);
            })
                .prepare(sl::Spec{sl::DType::float32, {s.length, s.batch, inputs}},
                         sl::Spec{sl::DType::float32, {s.length, s.batch, s.hidden}},
                         sl::Spec{sl::DType::int32, {2}})) {
    bench::fill(program_.input<float>(0));
    for (float& value : program_.input<float>(0)) value = std::abs(value);  // one column of CfC's is a time
    bench::fill(program_.input<float>(1));
    program_.input<std::int32_t>(2)[0] = 7;
  }

  void run() { program_.run(); }
  sl::Program& program() { return program_; }

 private:
  sl::Program program_;
};

class ExampleComparison {
 public:
  ExampleComparison(const bench::Settings& settings, std::string only)
      : settings_(settings), only_(std::move(only)) {}

  /// One layer, in training, and its products: that of `inputs` columns with x has `gates`.
  void row(std::string_view name, const sl::nn::SequenceLayer& layers, const ExampleSizes& s, Index inputs,
           Index gates, std::vector<Products::InLoop> in_loop, Index columns_of_x = 0) {
    if (name.find(only_) == std::string_view::npos) return;
    Step step(layers, sl::nn::Mode::train, s, columns_of_x > 0 ? columns_of_x : inputs);
    bench::explain(step.program(), settings_);
    Products products(s.length, s.batch, inputs, gates, std::move(in_loop));
    const std::vector<double> seconds =
        bench::medians({[&] { step.run(); }, [&] { products.run(); }}, settings_);
    table_.row({std::string(name), std::to_string(s.hidden), std::to_string(settings_.threads),
                bench::time(seconds[0]), fmt::format("{:.0f}", products.flops() / seconds[0] * 1e-9),
                bench::time(seconds[1]), fmt::format("{:.0f} %", 100 * seconds[1] / seconds[0])});
  }

 private:
  const bench::Settings& settings_;
  std::string only_;
  bench::Table table_{
      {"cell", "H", "threads", "sluice", "GFLOP/s", "its products alone", "speed of the products reached"}};
};

void measure_example_cells(const bench::Settings& settings, const std::string& only) {
  namespace nn = sl::nn;
  const sl::Tensor key = sl::random::key(1);
  ExampleComparison compare(settings, only);
  for (const Index h : settings.smoke ? std::vector<Index>{16} : std::vector<Index>{128, 512}) {
    const ExampleSizes s = settings.smoke ? ExampleSizes{h, 3, 4} : ExampleSizes{h, 32, 32};
    const std::vector<Products::InLoop> of_lstm = {{h, 4 * h}};
    const std::vector<Products::InLoop> of_mogrifier = {{2 * h, 4 * h}, {h, h}, {h, h},
                                                        {h, h},         {h, h}, {h, h}};
    compare.row("Mogrifier, 5 rounds", nn::Recurrent<MogrifierCell>(1, h, h, key), s, h, 0, of_mogrifier);
    compare.row("SRU", nn::Recurrent<SRUCell>(1, h, h, key), s, h, 3 * h, {});
    compare.row("QRNN, 2 taps", QRNN(h, h, key), s, 2 * h, 3 * h, {}, h);
    compare.row("CfC", nn::Recurrent<CfCCell>(1, h + 1, h, key), s, h, h, {{h, h}, {h, 3 * h}}, h + 1);

    const nn::LSTMCell cell(h, h, key);
    const nn::LSTM lstm(1, h, h, key);
    compare.row("LSTM", lstm, s, h, 4 * h, of_lstm);
    compare.row("LSTM, zoneout", nn::Recurrent<nn::Zoneout>({nn::Zoneout(cell, {0.05, 0.5})}), s, h, 4 * h,
                of_lstm);
    compare.row("LSTM, variational",
                nn::Recurrent<nn::VariationalCell>({{cell, {.input = 0.3, .output = 0.3}}}), s, h, 4 * h,
                of_lstm);
    compare.row("LSTM, weight drop", nn::WeightDrop(lstm, 0.5), s, h, 4 * h, of_lstm);
  }
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Cells of the examples and wrappers forward and backward, beside their matrix products alone");
  bench::Settings settings;
  std::string only;
  app.add_option("--only", only, "cells with this in their names");
  return bench::run(argc, argv, app, settings, [&] { measure_example_cells(settings, only); });
}
