#pragma once

#include <sluice/nn/gru.h>
#include <sluice/nn/lstm.h>
#include <sluice/nn/rnn.h>

#include "support/golden.h"

#include <string>
#include <vector>

// Our cells with the parameters of torch.nn.RNN, LSTM and GRU.

namespace sluice::test {

/// Where a parameter of ours lies in those of PyTorch: our weight [inputs + hidden, hidden] of a gate is,
/// transposed, some rows of weight_ih and weight_hh side by side. Its bias is the sum of bias_ih and bias_hh.
struct Gate {
  const nn::Linear* linear;
  std::size_t rows;    ///< which block of `hidden` rows
  bool from_x = true;  ///< has a part in weight_ih, and takes bias_ih
  bool from_h = true;  ///< has a part in weight_hh, and takes bias_hh
};

/// The gates of a cell, with the places PyTorch gives them.
std::vector<Gate> gates(const nn::RNNCell& cell);
std::vector<Gate> gates(const nn::LSTMCell& cell);  ///< i, f, g, o
std::vector<Gate> gates(const nn::GRUCell& cell);   ///< r, z, n

/// Arrays of the shape of a gate's weight and bias, taken from entries prefix + "weight_ih_l0" and so on of a
/// record, the bias by `bias_ih + bias_hh` or, for gradients (which are equal), from one of them. Names of the
/// backward direction end in "_reverse".
Array weight_of(const Record& record, const std::string& prefix, std::size_t layer, const Gate& gate,
                const std::string& ending = "");
Array bias_of(const Record& record, const std::string& prefix, std::size_t layer, const Gate& gate,
              bool gradient, const std::string& ending = "");

/// Gives the gates of a layer PyTorch's values.
void load(const Record& record, std::size_t layer, const std::vector<Gate>& gates,
          const std::string& ending = "");

}  // namespace sluice::test
