#pragma once
// One layer of the hand-scheduled LSTM, behind plain functions.

namespace bench::by_hand {

class Layer;

__attribute__((visibility("default"))) void set_threads(int count);
__attribute__((visibility("default"))) Layer* make_layer(int length, int batch, int inputs, int hidden);
__attribute__((visibility("default"))) void free_layer(Layer* layer);

/// Memory of the layer. Weights have the gates' columns side by side, forget, input, candidate, output:
/// weight_x [inputs, 4 hidden], weight_h [hidden, 4 hidden], bias [4 hidden]; y and its gradient are
/// [length, batch, hidden], d_x [length, batch, inputs].
struct Memory {
  float *weight_x, *weight_h, *bias;
  const float *y, *d_x, *d_weight_x, *d_weight_h, *d_bias;
};
__attribute__((visibility("default"))) Memory memory_of(Layer* layer);

__attribute__((visibility("default"))) void forward(Layer* layer, const float* x);
__attribute__((visibility("default"))) void backward(Layer* layer, const float* x, const float* d_y);

}  // namespace bench::by_hand
