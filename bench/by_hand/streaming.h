#pragma once
// A streaming step with sizes known at compile time.

namespace bench::by_hand {

/// Weights as x W with the columns of the gates forget, input, candidate, output side by side: weight_x and
/// bias [4 hidden], weight_h [hidden, 4 hidden], head [hidden].
struct StreamingWeights {
  const float *weight_x, *weight_h, *bias, *head;
  float head_bias;
};

/// An LSTM of one input with a linear output, and its state.
class StreamingStep {
 public:
  virtual ~StreamingStep() = default;
  virtual float run(float x) = 0;
};

/// For hidden = 16, 20, 64, 128 and 256, null for others. The caller deletes it.
__attribute__((visibility("default"))) StreamingStep* make_streaming(int hidden,
                                                                     const StreamingWeights& weights);

}  // namespace bench::by_hand
