// The LSTM and GRU cases of TensorFlow Lite, run on our cells. Its weights are [hidden, inputs], one array for
// each gate, which it calls input, forget, cell and output; those of peepholes and norms are vectors. Each
// sequence of a case is a list of its own, [steps, inputs].

#include <sluice/nn/gru.h>
#include <sluice/nn/lstm.h>
#include <sluice/ops/random.h>

#include "support/catch.h"
#include "support/close.h"
#include "support/golden.h"

using namespace sluice;
using namespace sluice::test;

namespace {

using Doubles = std::vector<double>;

/// [rows, columns] in row-major order, transposed.
Doubles turned(const Doubles& from, std::size_t rows, std::size_t columns) {
  Doubles result;
  for (std::size_t j = 0; j < columns; ++j) {
    for (std::size_t i = 0; i < rows; ++i) result.push_back(from[i * columns + j]);
  }
  return result;
}

Tensor as(const Doubles& values, const Shape& shape, DType dtype) {
  return constant(test::Array{{shape.begin(), shape.end()}, values}, dtype);
}

class LiteLSTM {
 public:
  LiteLSTM(const Record& record, DType dtype) : c_(record), dtype_(dtype) {}

  void check(double tolerance) const {
    const nn::LSTMCell cell = loaded();
    const std::vector<Record> xs = c_.items("lstm_input_"), ys = c_.items("lstm_golden_output_");
    REQUIRE(xs.size() == ys.size());
    const nn::RecurrentLayers layer({std::make_shared<const nn::LSTMCell>(cell)});
    for (std::size_t b = 0; b < xs.size(); ++b) {
      const Doubles x = xs[b].array().data;
      const Index steps = static_cast<Index>(x.size()) / cell.inputs();
      check_close(layer(as(x, {steps, 1, cell.inputs()}, dtype_)).output(), ys[b].array().data, tolerance);
    }
  }

 private:
  Doubles data(const std::string& name) const { return c_.array(name).data; }

  nn::LSTMCell loaded() const {
    const auto hidden = static_cast<Index>(data("forget_gate_bias_").size());
    const Index inputs = static_cast<Index>(data("input_to_forget_weights_").size()) / hidden;
    nn::LSTMOptions options;
    options.dtype = dtype_;
    options.coupled = !c_.has("input_to_input_weights_");
    options.peepholes = c_.has("cell_to_forget_weights_");
    if (c_.has("projection_weights_"))
      options.projection = static_cast<Index>(data("projection_weights_").size()) / hidden;
    options.projection_bias = c_.has("projection_bias_");
    if (c_.has("forget_layer_norm_coefficients_")) options.norm = nn::LSTMNorm::gates;
    options.norm_epsilon = 1e-8;
    nn::LSTMCell cell(inputs, hidden, random::key(1), options);

    const auto gate = [&](const std::string& name, const nn::Linear& linear, const Variable& peephole,
                          const std::optional<nn::LayerNorm>& norm) {
      const auto rows = static_cast<std::size_t>(hidden);
      Doubles weight = turned(data("input_to_" + name + "_weights_"), rows, static_cast<std::size_t>(inputs));
      const Doubles of_h =
          turned(data("recurrent_to_" + name + "_weights_"), rows, static_cast<std::size_t>(cell.hidden()));
      weight.insert(weight.end(), of_h.begin(), of_h.end());
      linear.weight.assign(as(weight, linear.weight.shape(), dtype_));
      const Variable& bias = norm ? norm->shift : linear.bias;
      bias.assign(as(data(name + "_gate_bias_"), {hidden}, dtype_));
      if (norm) norm->scale.assign(as(data(name + "_layer_norm_coefficients_"), {hidden}, dtype_));
      if (peephole.defined()) peephole.assign(as(data("cell_to_" + name + "_weights_"), {hidden}, dtype_));
    };
    gate("forget", cell.forget, cell.peephole_forget, cell.norm_forget);
    if (!options.coupled) gate("input", cell.input, cell.peephole_input, cell.norm_input);
    gate("cell", cell.candidate, {}, cell.norm_candidate);
    gate("output", cell.output, cell.peephole_output, cell.norm_output);
    if (cell.projection) {
      const auto size = static_cast<std::size_t>(cell.hidden());
      const Doubles weight = turned(data("projection_weights_"), size, static_cast<std::size_t>(hidden));
      cell.projection->weight.assign(as(weight, {hidden, cell.hidden()}, dtype_));
    }
    if (options.projection_bias) {
      Doubles bias = data("projection_bias_");
      cell.projection->bias.assign(as(bias, {cell.hidden()}, dtype_));
    }
    return cell;
  }

  Record c_;
  DType dtype_;
};

/// Rows `begin` to `end` of a list of rows, transposed, with columns `from` to `to`.
Doubles block(const std::vector<Record>& rows, std::size_t begin, std::size_t end, std::size_t from,
              std::size_t to) {
  Doubles result;
  for (std::size_t k = from; k < to; ++k) {
    for (std::size_t i = begin; i < end; ++i) result.push_back(rows[i].array().data[k]);
  }
  return result;
}

}  // namespace

TEST_CASE("The LSTM cases of TensorFlow Lite come out") {
  const auto record = open_vectors("tflite/unidirectional_sequence_lstm_test.json");
  if (!record) {
    WARN(vectors_absent());
    return;
  }
  const std::vector<std::string> names = record->keys("fixtures");
  CHECK(names.size() == 5);
  for (const std::string& name : names) {
    INFO(name);
    // The figures there are written with seven digits.
    LiteLSTM(record->at("fixtures/" + name), DType::float64).check(1e-6);
    LiteLSTM(record->at("fixtures/" + name), DType::float32).check(2e-6);
  }
}

TEST_CASE("The GRU case of TensorFlow Lite comes out") {
  const auto record = open_vectors("tflite/gru_simple.json");
  if (!record) {
    WARN(vectors_absent());
    return;
  }
  const Record& c = *record;
  const Index steps = c.integer("T"), batch = c.integer("N"), inputs = c.integer("I"),
              hidden = c.integer("H");
  const auto i = static_cast<std::size_t>(inputs), h = static_cast<std::size_t>(hidden), w = i + h;
  for (const DType dtype : {DType::float64, DType::float32}) {
    const nn::GRUCell cell(inputs, hidden, random::key(1), {.reset_after = false, .dtype = dtype});
    const std::vector<Record> gates = c.items("gate_weight_6x5"), candidate = c.items("candidate_weight_3x5");
    const Doubles bias = c.array("gate_bias").data;
    const auto set = [&](const nn::Linear& linear, const Doubles& weight, const Doubles& shift) {
      linear.weight.assign(as(weight, linear.weight.shape(), dtype));
      linear.bias.assign(as(shift, {hidden}, dtype));
    };
    set(cell.reset, block(gates, 0, h, 0, w), {bias.begin(), bias.begin() + hidden});
    set(cell.update, block(gates, h, 2 * h, 0, w), {bias.begin() + hidden, bias.end()});
    set(cell.candidate, block(candidate, 0, h, 0, i), c.array("candidate_bias").data);
    set(cell.candidate_hidden, block(candidate, 0, h, i, w), Doubles(h));
    const nn::RecurrentLayers layer({std::make_shared<const nn::GRUCell>(cell)});
    const Tensor x = as(c.array("input_TNI").data, {steps, batch, inputs}, dtype);
    nn::RecurrentCall call;
    call.initial = {nn::State{as(c.array("h0").data, {batch, hidden}, dtype)}};
    check_close(layer(x, call).output(), c.array("expected_TNH").data, 1e-6);
  }
}
