// Claim: any cell, ours or a user's, runs forward and backward at 85 % of the speed of its matrix products
// alone, merged as a careful engineer would: one product for x before the loop, as few as possible in it, and
// one for each weight gradient after it.

#include "bench.h"
#include "layers.h"
#include "products_of_cell.h"
#include "user_cells.h"

#include <sluice/nn/four_gate.h>
#include <sluice/nn/gru.h>
#include <sluice/nn/ind_rnn.h>
#include <sluice/nn/irnn.h>
#include <sluice/nn/lstm.h>
#include <sluice/nn/min_gru.h>
#include <sluice/nn/min_lstm.h>
#include <sluice/nn/slstm.h>

namespace {

namespace sl = sluice;
using sl::Index;

using bench::Products;

struct CellSizes {
  Index hidden, batch, length;
};

class Comparison {
 public:
  Comparison(const bench::Settings& settings, std::string only)
      : settings_(settings), only_(std::move(only)) {}

  /// One layer of this cell and its products: that with x has `gates` columns.
  template <class Cell>
  void row(std::string_view name, const CellSizes& s, Index gates, std::vector<Products::InLoop> in_loop,
           const sl::nn::RecurrentOptions<Cell>& options = {}) {
    if (name.find(only_) == std::string_view::npos) return;
    const sl::nn::Recurrent<Cell> rnn(1, s.hidden, s.hidden, sl::random::key(1), options);
    bench::LayersStep step(rnn, s.length, s.batch);
    bench::explain(step.program(), settings_);
    Products products(s.length, s.batch, s.hidden, gates, std::move(in_loop));
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

/// Cells of the library beyond those of every_size.
void library(Comparison& compare, const CellSizes& s) {
  namespace nn = sl::nn;
  const Index h = s.hidden, projection = h / 2, heads = 4;
  compare.row<nn::RNNCell>("RNN, tanh", s, h, {{h, h}});
  compare.row<nn::RNNCell>("RNN, relu", s, h, {{h, h}}, {.cell = {.activation = nn::RNNActivation::relu}});
  compare.row<nn::IRNNCell>("IRNN", s, h, {{h, h}});
  compare.row<nn::IndRNNCell>("IndRNN", s, h, {});
  compare.row<nn::LSTMCell>("LSTM", s, 4 * h, {{h, 4 * h}});
  compare.row<nn::LSTMCell>("LSTM, peepholes", s, 4 * h, {{h, 4 * h}}, {.cell = {.peepholes = true}});
  compare.row<nn::LSTMCell>("LSTM, coupled", s, 3 * h, {{h, 3 * h}}, {.cell = {.coupled = true}});
  compare.row<nn::LSTMCell>("LSTM, projection", s, 4 * h, {{projection, 4 * h}, {h, projection}},
                            {.cell = {.projection = projection}});
  compare.row<nn::LSTMCell>("LSTM, norm of gates", s, 4 * h, {{h, 4 * h}},
                            {.cell = {.norm = nn::LSTMNorm::gates}});
  compare.row<nn::LSTMCell>("LSTM, norm of gates and memory", s, 4 * h, {{h, 4 * h}},
                            {.cell = {.norm = nn::LSTMNorm::gates_and_memory}});
  compare.row<nn::GRUCell>("GRU, reset before", s, 3 * h, {{h, 2 * h}, {h, h}},
                           {.cell = {.reset_after = false}});
  compare.row<nn::GRUCell>("GRU, norm", s, 3 * h, {{h, 3 * h}}, {.cell = {.norm = true}});
  compare.row<nn::GRUCell>("GRU, norm, reset before", s, 3 * h, {{h, 2 * h}, {h, h}},
                           {.cell = {.reset_after = false, .norm = true}});
  compare.row<nn::MinGRUCell>("minGRU", s, 2 * h, {});
  compare.row<nn::MinLSTMCell>("minLSTM", s, 3 * h, {});
  compare.row<nn::SLSTMCell>("sLSTM", s, 4 * h, {{h, 4 * h}});
  const Index size = h / heads;
  compare.row<nn::SLSTMCell>("sLSTM, 4 heads", s, 4 * h,
                             std::vector<Products::InLoop>(heads, {size, 4 * size}),
                             {.cell = {.heads = heads}});
}

/// Cells with the most different shapes of products.
void every_size(Comparison& compare, const CellSizes& s) {
  const Index h = s.hidden;
  compare.row<sl::nn::FourGateCell>("four-gate", s, 4 * h, {{h, 4 * h}, {h, h}});
  compare.row<sl::nn::GRUCell>("GRU", s, 3 * h, {{h, 3 * h}});
  compare.row<bench::LayerNormLSTM>("layer-norm LSTM (user's)", s, 4 * h, {{h, 4 * h}});
  compare.row<bench::PeepholeLSTM>("peephole LSTM (user's)", s, 4 * h, {{h, 4 * h}});
}

void measure(const bench::Settings& settings, const std::string& only) {
  Comparison compare(settings, only);
  const CellSizes small{16, 3, 4};
  for (const Index hidden :
       settings.smoke ? std::vector<Index>{16} : std::vector<Index>{128, 256, 512, 1024}) {
    every_size(compare, settings.smoke ? small : CellSizes{hidden, 32, 32});
  }
  for (const Index hidden : settings.smoke ? std::vector<Index>{16} : std::vector<Index>{128, 512}) {
    library(compare, settings.smoke ? small : CellSizes{hidden, 32, 32});
  }
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Recurrent cells forward and backward, beside their matrix products alone");
  bench::Settings settings;
  std::string only;
  app.add_option("--only", only, "cells with this in their names");
  return bench::run(argc, argv, app, settings, [&] { measure(settings, only); });
}
