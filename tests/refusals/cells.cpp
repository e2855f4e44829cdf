#include "refusals/refusal.h"
#include "support/catch.h"

#include <sluice/sluice.h>

using namespace sluice;

TEST_CASE("what cells and their options refuse") {
  const Tensor key = random::key(1);
  const Tensor no_key = tensor({1});
  const auto wrong = [](const Shape&, const Tensor&, DType dtype) { return ones({1}, dtype); };
  refuses("lstm_cell", "got -2; pass the size of the output",
          [&] { nn::LSTMCell(3, 4, key, {.projection = -2}); });
  refuses("lstm_cell", "got size 4 and epsilon 0",
          [&] { nn::LSTMCell(3, 4, key, {.norm = nn::LSTMNorm::gates, .norm_epsilon = 0}); });
  refuses("lstm_cell", "got 3 inputs and a state of 0", [&] { nn::LSTMCell(3, 0, key, {.projection = 2}); });
  refuses("gru_cell", "got size 4 and epsilon -1",
          [&] { nn::GRUCell(3, 4, key, {.norm = true, .norm_epsilon = -1}); });
  refuses("rnn_cell", "got f32[1] for f32[4, 4]", [&] { nn::RNNCell(3, 4, key, {.recurrent_init = wrong}); });
  refuses("irnn_cell", "got 0 inputs", [&] { nn::IRNNCell(0, 4, key); });
  refuses("irnn_cell", "a key must be i32[2]", [&] { nn::IRNNCell(3, 4, no_key); });
  refuses("ind_rnn_cell", "got 0 inputs", [&] { nn::IndRNNCell(0, 4, key); });
  refuses("ind_rnn_cell", "a key must be i32[2]", [&] { nn::IndRNNCell(3, 4, no_key); });
  refuses("ind_rnn_cell", "got f32[1] for f32[4]",
          [&] { nn::IndRNNCell(3, 4, key, {.recurrent_init = wrong}); });
  refuses("min_gru_cell", "got 0 inputs", [&] { nn::MinGRUCell(0, 4, key); });
  refuses("min_gru_cell", "a key must be i32[2]", [&] { nn::MinGRUCell(3, 4, no_key); });
  refuses("min_lstm_cell", "got 0 inputs", [&] { nn::MinLSTMCell(0, 4, key); });
  refuses("min_lstm_cell", "a key must be i32[2]", [&] { nn::MinLSTMCell(3, 4, no_key); });
  refuses("slstm_cell", "got 0 inputs", [&] { nn::SLSTMCell(0, 4, key); });
  refuses("slstm_cell", "a key must be i32[2]", [&] { nn::SLSTMCell(3, 4, no_key); });
  refuses("slstm_cell", "got f32[1] for f32[3, 4]", [&] { nn::SLSTMCell(3, 4, key, {.init = wrong}); });
  refuses("slstm_cell", "got 3 heads of 4 units", [&] { nn::SLSTMCell(3, 4, key, {.heads = 3}); });
  refuses("slstm_cell", "got 0 heads of 4 units", [&] { nn::SLSTMCell(3, 4, key, {.heads = 0}); });
  refuses("linear", "is for matrices: got shape [4]",
          [&] { nn::Linear(3, 4, key, {.bias_init = nn::init::identity()}); });
}
