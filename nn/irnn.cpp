#include <sluice/nn/irnn.h>

namespace sluice::nn {

namespace {

RNNOptions of_irnn(const IRNNOptions& options) {
  RNNOptions result;
  result.bias = options.bias;
  result.activation = RNNActivation::relu;
  result.init = options.init ? options.init : init::normal(0, 0.001);
  result.dtype = options.dtype;
  result.recurrent_init = init::identity(options.scale);
  return result;
}

}  // namespace

IRNNCell::IRNNCell(Index inputs, Index hidden, const Tensor& key, const IRNNOptions& options, Location where)
    : RNNCell(inputs, hidden, key, of_irnn(options), where.of_call("irnn_cell")) {}

}  // namespace sluice::nn
