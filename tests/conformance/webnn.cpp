// The LSTM and GRU cases of the WebNN reference implementation, run on our cells. Arrays there: input [steps,
// batch, inputs], weight [directions, gates * hidden, inputs], recurrentWeight [directions, gates * hidden,
// hidden], biases [directions, gates * hidden]; single cells have no axis of directions.

#include <sluice/graph/arithmetic.h>
#include <sluice/nn/gru.h>
#include <sluice/nn/lstm.h>
#include <sluice/ops/concat.h>
#include <sluice/ops/random.h>
#include <sluice/ops/relu.h>
#include <sluice/ops/sigmoid.h>
#include <sluice/ops/stack.h>
#include <sluice/ops/tanh.h>

#include <memory>

#include "support/catch.h"
#include "support/close.h"
#include "support/golden.h"

using namespace sluice;
using namespace sluice::test;

namespace {

using Activation = Tensor (*)(const Operand&);

Activation activation_of(const std::string& name) {
  if (name == "relu") return relu;
  if (name == "tanh") return tanh;
  REQUIRE(name == "sigmoid");
  return sigmoid;
}

// The LSTM with functions of the case's choice, and with peepholes.
struct AnyLSTM : nn::LSTMCell {
  using LSTMCell::LSTMCell;
  std::vector<Activation> f{sigmoid, tanh, tanh};
  Tensor p_i, p_o, p_f;  // [hidden]

  nn::State step(const Tensor& x, const nn::State& s) const override {
    const auto [h, c] = s.pair();
    const Tensor xh = concat({x, h}, -1);
    const Tensor keep = f[0](forget(xh) + p_f * c);
    const Tensor write = f[0](input(xh) + p_i * c);
    const Tensor next = keep * c + write * f[1](candidate(xh));
    const Tensor show = f[0](output(xh) + p_o * next);
    return {show * f[2](next), next};
  }
};

// The GRU with functions of the case's choice.
struct AnyGRU : nn::GRUCell {
  AnyGRU(Index inputs, Index hidden, const Tensor& key, const nn::GRUOptions& options)
      : GRUCell(inputs, hidden, key, options), reset_after(options.reset_after) {}
  std::vector<Activation> f{sigmoid, tanh};
  bool reset_after;

  nn::State step(const Tensor& x, const nn::State& s) const override {
    const Tensor& h = s.output();
    const Tensor xh = concat({x, h}, -1);
    const Tensor r = f[0](reset(xh));
    const Tensor z = f[0](update(xh));
    const Tensor n = f[1](candidate(x) + (reset_after ? r * candidate_hidden(h) : candidate_hidden(r * h)));
    return {(1 - z) * n + z * h};
  }
};

// One case of a file.
struct Case {
  Record record;
  DType dtype;
  Index hidden;
  Index inputs;

  Case(const Record& r, DType type)
      : record(r), dtype(type), hidden(r.integer("hiddenSize")), inputs(r.array("input").shape.back()) {}

  bool has(const std::string& option) const { return record.has("options/" + option); }
  std::string text(const std::string& option, const std::string& otherwise) const {
    return has(option) ? record.text("options/" + option) : otherwise;
  }
  bool flag(const std::string& option, bool otherwise) const {
    return has(option) ? record.flag("options/" + option) : otherwise;
  }
  std::vector<Activation> activations(std::vector<Activation> otherwise) const {
    if (!has("activations")) return otherwise;
    std::vector<Activation> result;
    for (const std::string& name : record.texts("options/activations")) result.push_back(activation_of(name));
    return result;
  }

  // Block `block` of `hidden` rows of one direction of an array [directions, blocks * hidden, width],
  // transposed.
  std::vector<double> columns(const std::string& entry, std::size_t direction, std::size_t blocks,
                              std::size_t block, Index width) const {
    const test::Array all = record.array(entry);
    const auto h = static_cast<std::size_t>(hidden), w = static_cast<std::size_t>(width);
    std::vector<double> result;
    for (std::size_t in = 0; in < w; ++in) {
      for (std::size_t out = 0; out < h; ++out) {
        result.push_back(all.data[((direction * blocks + block) * h + out) * w + in]);
      }
    }
    return result;
  }

  Tensor values(const std::vector<double>& data, const Shape& shape) const {
    return constant(test::Array{{shape.begin(), shape.end()}, data}, dtype);
  }

  // An array of one direction of [directions, batch, hidden], or zeros where it is absent.
  Tensor state(const std::string& entry, std::size_t direction, Index batch) const {
    if (!record.has(entry)) return zeros({batch, hidden}, dtype);
    const test::Array all = record.array(entry);
    const auto size = static_cast<std::ptrdiff_t>(batch * hidden);
    const auto begin = all.data.begin() + static_cast<std::ptrdiff_t>(direction) * size;
    return values({begin, begin + size}, {batch, hidden});
  }

  // Loads a gate from its block of the weights and biases; `x` and `h`: whether it has a part for either.
  void load(const nn::Linear& gate, std::size_t direction, std::size_t blocks, std::size_t block,
            bool x = true, bool h = true) const {
    std::vector<double> weight, bias(static_cast<std::size_t>(hidden));
    const auto take = [&](const std::string& weights, const std::string& biases, Index width) {
      const auto part = columns(weights, direction, blocks, block, width);
      weight.insert(weight.end(), part.begin(), part.end());
      if (!has(biases)) return;
      const auto more = columns("options/" + biases, direction, blocks, block, 1);
      for (std::size_t i = 0; i < bias.size(); ++i) bias[i] += more[i];
    };
    if (x) take("weight", "bias", inputs);
    if (h) take("recurrentWeight", "recurrentBias", hidden);
    gate.weight.assign(values(weight, gate.weight.shape()));
    gate.bias.assign(values(bias, {hidden}));
  }
};

std::shared_ptr<const nn::Cell> lstm_cell(const Case& c, std::size_t direction) {
  const std::string layout = c.text("layout", "iofg");
  const auto load = [&](const nn::LSTMCell& cell) {
    const auto gate = [&](const nn::Linear& linear, char letter) {
      c.load(linear, direction, 4, layout.find(letter));
    };
    gate(cell.input, 'i');
    gate(cell.output, 'o');
    gate(cell.forget, 'f');
    gate(cell.candidate, 'g');
  };
  nn::LSTMOptions options;
  options.dtype = c.dtype;
  if (!c.has("activations") && !c.has("peepholeWeight")) {
    auto cell = std::make_shared<nn::LSTMCell>(c.inputs, c.hidden, random::key(1), options);
    load(*cell);
    return cell;
  }
  auto cell = std::make_shared<AnyLSTM>(c.inputs, c.hidden, random::key(1), options);
  load(*cell);
  cell->f = c.activations(cell->f);
  const auto peephole = [&](std::size_t block) {
    if (!c.has("peepholeWeight")) return zeros({c.hidden}, c.dtype);
    return c.values(c.columns("options/peepholeWeight", direction, 3, block, 1), {c.hidden});
  };
  cell->p_i = peephole(0);
  cell->p_o = peephole(1);
  cell->p_f = peephole(2);
  return cell;
}

std::shared_ptr<const nn::Cell> gru_cell(const Case& c, std::size_t direction) {
  const std::string layout = c.text("layout", "zrn");
  const auto load = [&](const nn::GRUCell& cell) {
    c.load(cell.update, direction, 3, layout.find('z'));
    c.load(cell.reset, direction, 3, layout.find('r'));
    c.load(cell.candidate, direction, 3, layout.find('n'), true, false);
    c.load(cell.candidate_hidden, direction, 3, layout.find('n'), false, true);
  };
  nn::GRUOptions options;
  options.dtype = c.dtype;
  options.reset_after = c.flag("resetAfter", true);
  if (!c.has("activations")) {
    auto cell = std::make_shared<nn::GRUCell>(c.inputs, c.hidden, random::key(1), options);
    load(*cell);
    return cell;
  }
  auto cell = std::make_shared<AnyGRU>(c.inputs, c.hidden, random::key(1), options);
  load(*cell);
  cell->f = c.activations(cell->f);
  return cell;
}

std::shared_ptr<const nn::Cell> cell_of(const Case& c, std::size_t direction) {
  const std::string op = c.record.text("op");
  return op == "lstm" || op == "lstmCell" ? lstm_cell(c, direction) : gru_cell(c, direction);
}

nn::State state_of(const Case& c, const nn::Cell& cell, std::size_t direction, Index batch,
                   const std::string& hidden, const std::string& memory) {
  nn::State state({c.state(hidden, direction, batch)});
  if (cell.state_sizes().size() == 2) state.parts.push_back(c.state(memory, direction, batch));
  return state;
}

// The outputs of a sequence: each part of the final state [directions, batch, hidden], then, where asked for,
// the outputs of all steps [steps, directions, batch, hidden].
Tensors run_sequence(const Case& c) {
  const Tensor x = constant(c.record.array("input"), c.dtype);
  const std::string direction = c.text("direction", "forward");
  Tensors outputs;
  std::vector<Tensors> finals;
  for (std::size_t d = 0; d < (direction == "both" ? 2 : 1); ++d) {
    const auto cell = cell_of(c, d);
    nn::RecurrentCall call;
    call.initial = {
        state_of(c, *cell, d, x.dim(1), "options/initialHiddenState", "options/initialCellState")};
    call.reverse = direction == "backward" || d == 1;
    const nn::Sequence run = nn::RecurrentLayers({cell})(x, call);
    outputs.push_back(run.output());
    finals.push_back(run.state[0].parts);
  }
  Tensors results;
  for (std::size_t part = 0; part < finals[0].size(); ++part) {
    Tensors both;
    for (const Tensors& parts : finals) both.push_back(parts[part]);
    results.push_back(stack(both, 0));
  }
  if (c.flag("returnSequence", false)) results.push_back(stack(outputs, 1));
  return results;
}

Tensors run_cell(const Case& c) {
  const Tensor x = constant(c.record.array("input"), c.dtype);
  const auto cell = cell_of(c, 0);
  return (*cell)(x, state_of(c, *cell, 0, x.dim(0), "hiddenState", "cellState")).parts;
}

// Runs the cases of a file in both dtypes and returns how many there were.
std::size_t run_file(const std::string& file) {
  const auto record = open_vectors("webnn/" + file);
  if (!record) {
    WARN(vectors_absent());
    return 0;
  }
  const std::vector<Record> cases = record->items("tests");
  for (const Record& one : cases) {
    INFO(file << ", " << one.text("name"));
    for (const DType dtype : {DType::float64, DType::float32}) {
      const Case c(one, dtype);
      const Tensors got = one.has("steps") ? run_sequence(c) : run_cell(c);
      const std::vector<Record> expected = one.items("expected");
      REQUIRE(got.size() == expected.size());
      for (std::size_t i = 0; i < got.size(); ++i) {
        CHECK(got[i].shape() == constant(expected[i].array()).shape());
        check_close(got[i], expected[i].array().data, dtype == DType::float64 ? 1e-12 : 1e-5);
      }
    }
  }
  return cases.size();
}

}  // namespace

TEST_CASE("The LSTM cases of WebNN come out") {
  const std::size_t count = run_file("lstm.json") + run_file("lstm_cell.json");
  if (vectors_folder()) CHECK(count == 4);
}

TEST_CASE("The GRU cases of WebNN come out") {
  const std::size_t count = run_file("gru.json") + run_file("gru_cell.json");
  if (vectors_folder()) CHECK(count == 19);
}
