#pragma once
// A language model and its complete training step: embedding, recurrent layers, head, cross entropy,
// gradients, clipping, Adam.

#include "user_cells.h"

#include <sluice/nn/embedding.h>
#include <sluice/nn/four_gate.h>
#include <sluice/nn/linear.h>
#include <sluice/nn/loss.h>
#include <sluice/nn/lstm.h>
#include <sluice/optim/adam.h>

#include <stdexcept>
#include <string>
#include <vector>

namespace bench {

struct ModelSize {
  std::string cell = "lstm";
  sluice::Index layers = 2, hidden = 128, batch = 50, length = 50, vocabulary = 65;
};

inline sluice::nn::RecurrentLayers layers_of(const ModelSize& size) {
  const sluice::Tensor key = sluice::random::key(2);
  if (size.cell == "lstm") return sluice::nn::LSTM(size.layers, size.hidden, size.hidden, key);
  if (size.cell == "four-gate") return sluice::nn::FourGate(size.layers, size.hidden, size.hidden, key);
  if (size.cell == "layer-norm") {
    return sluice::nn::Recurrent<LayerNormLSTM>(size.layers, size.hidden, size.hidden, key);
  }
  throw std::invalid_argument("no cell is called " + size.cell);
}

/// Everything a training step needs except its program.
struct Model {
  explicit Model(const ModelSize& size)
      : size(size),
        embed(size.vocabulary, size.hidden, sluice::random::key(1)),
        rnn(layers_of(size)),
        head(size.hidden, size.vocabulary, sluice::random::key(3)),
        adam(sluice::nn::variables({{"embed", embed}, {"rnn", rnn}, {"head", head}}),
             {.learning_rate = 1e-3, .clip_norm = 5}) {}

  /// One step on ids and the ids that follow them, each i32 [length, batch]; returns the loss before the
  /// update.
  sluice::Tensor train(const sluice::Tensor& ids, const sluice::Tensor& next) {
    const sluice::Tensor loss = sluice::nn::cross_entropy(head(rnn(embed(ids))), next);
    adam.update(loss);
    return loss;
  }

  sluice::Spec ids() const { return {sluice::DType::int32, {size.length, size.batch}}; }

  ModelSize size;
  sluice::nn::Embedding embed;
  sluice::nn::RecurrentLayers rnn;
  sluice::nn::Linear head;
  sluice::optim::Adam adam;
};

}  // namespace bench
