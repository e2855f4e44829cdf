// Wraps the class of the hand-scheduled LSTM, whose source file the build names.

#include "lstm_layers.h"

#include SLUICE_HAND_LSTM  // NOLINT(bugprone-suspicious-include): it is a whole program, and read as it is

namespace bench::by_hand {

class Layer : public ::Layer {
  using ::Layer::Layer;
};

void set_threads(int count) { omp_set_num_threads(count); }

Layer* make_layer(int length, int batch, int inputs, int hidden) {
  return new Layer(length, batch, inputs, hidden);
}
void free_layer(Layer* layer) { delete layer; }

Memory memory_of(Layer* layer) {
  return {.weight_x = layer->Wx.data(),
          .weight_h = layer->Wh.data(),
          .bias = layer->b.data(),
          .y = layer->h.data() + static_cast<std::size_t>(layer->B) * static_cast<std::size_t>(layer->H),
          .d_x = layer->dX.data(),
          .d_weight_x = layer->dWx.data(),
          .d_weight_h = layer->dWh.data(),
          .d_bias = layer->db.data()};
}

void forward(Layer* layer, const float* x) { layer->forward(x); }
void backward(Layer* layer, const float* x, const float* d_y) { layer->backward(x, d_y); }

}  // namespace bench::by_hand
