#include <sluice/graph/arithmetic.h>
#include <sluice/nn/gate.h>
#include <sluice/nn/slstm.h>
#include <sluice/ops/concat.h>
#include <sluice/ops/exp.h>
#include <sluice/ops/log_sigmoid.h>
#include <sluice/ops/matmul.h>
#include <sluice/ops/maximum.h>
#include <sluice/ops/random.h>
#include <sluice/ops/sigmoid.h>
#include <sluice/ops/slice.h>
#include <sluice/ops/stack.h>
#include <sluice/ops/tanh.h>

#include <fmt/format.h>

#include <cmath>

namespace sluice::nn {

namespace {

/// The blocks of one gate, [heads, size, size], each with a key of its own.
Variable slstm_blocks(Index hidden, const Tensor& key, int gate, const SLSTMOptions& options) {
  const double bound = 1 / std::sqrt(static_cast<double>(hidden));
  const init::Initializer init = options.init ? options.init : init::uniform(-bound, bound);
  const Tensor own = random::fold_in(key, gate);
  const Index size = hidden / options.heads;
  Tensors blocks;
  for (Index head = 0; head < options.heads; ++head) {
    const Tensor of_head = random::fold_in(own, static_cast<int>(head));
    blocks.push_back(init::first_value(init, {size, size}, of_head, options.dtype));
  }
  return Variable(stack(blocks, 0));
}

/// h R, head by head.
Tensor slstm_recall(const Tensor& h, const Variable& blocks) {
  const Index heads = blocks.shape()[0], size = blocks.shape()[1];
  Tensors parts;
  for (Index head = 0; head < heads; ++head) {
    parts.push_back(matmul(slice(h, 1, head * size, (head + 1) * size), Tensor(blocks)[head]));
  }
  return concat(parts, -1);
}

}  // namespace

SLSTMCell::SLSTMCell(Index inputs, Index hidden, const Tensor& key, const SLSTMOptions& options,
                     Location where)
    : Cell(inputs, {hidden, hidden, hidden, hidden}, where.of_call("slstm_cell")),
      forget(detail::gate("slstm_cell", inputs, hidden, key, 0, options, where, options.forget_bias)),
      input(detail::gate("slstm_cell", inputs, hidden, key, 1, options, where)),
      candidate(detail::gate("slstm_cell", inputs, hidden, key, 2, options, where)),
      output(detail::gate("slstm_cell", inputs, hidden, key, 3, options, where)),
      heads_(options.heads),
      exponential_forget_(options.exponential_forget) {
  const sluice::detail::Call call("slstm_cell", where);
  if (heads_ < 1 || hidden % heads_ != 0) {
    throw Error(
        fmt::format("[slstm_cell] heads are equal parts of the hidden size: got {} heads of {} units; pass a "
                    "number that divides it",
                    heads_, hidden));
  }
  recurrent_forget = slstm_blocks(hidden, key, 4, options);
  recurrent_input = slstm_blocks(hidden, key, 5, options);
  recurrent_candidate = slstm_blocks(hidden, key, 6, options);
  recurrent_output = slstm_blocks(hidden, key, 7, options);
}

State SLSTMCell::step(const Tensor& x, const State& s) const {
  const Tensor &h = s.parts[0], &c = s.parts[1], &n = s.parts[2], &m = s.parts[3];
  const Tensor a_f = forget(x) + slstm_recall(h, recurrent_forget);
  const Tensor a_i = input(x) + slstm_recall(h, recurrent_input);
  const Tensor z = tanh(candidate(x) + slstm_recall(h, recurrent_candidate));
  const Tensor o = sigmoid(output(x) + slstm_recall(h, recurrent_output));
  const Tensor kept = (exponential_forget_ ? a_f : log_sigmoid(a_f)) + m;
  const Tensor scale = maximum(kept, a_i);
  const Tensor f = exp(kept - scale);
  const Tensor i = exp(a_i - scale);
  const Tensor memory = f * c + i * z;
  const Tensor norm = f * n + i;
  return {o * memory / norm, memory, norm, scale};
}

State SLSTMCell::start(Index batch, DType dtype) const {
  State state = Cell::start(batch, dtype);
  state.parts.back() = full({batch, hidden()}, -1e30, dtype);
  return state;
}

std::vector<RecurrentWeight> SLSTMCell::recurrent_weights() const {
  return {{recurrent_forget, 0}, {recurrent_input, 0}, {recurrent_candidate, 0}, {recurrent_output, 0}};
}

void SLSTMCell::members(const Members& m) const {
  m("forget", forget);
  m("input", input);
  m("candidate", candidate);
  m("output", output);
  m("recurrent_forget", recurrent_forget);
  m("recurrent_input", recurrent_input);
  m("recurrent_candidate", recurrent_candidate);
  m("recurrent_output", recurrent_output);
}

}  // namespace sluice::nn
