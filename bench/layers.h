#pragma once
// Recurrent layers, forward and backward, as one compiled program: the subject of most benchmarks.

#include <sluice/compile/compile.h>
#include <sluice/graph/arithmetic.h>
#include <sluice/graph/grad.h>
#include <sluice/nn/recurrent.h>
#include <sluice/ops/sum.h>

#include <cstddef>
#include <memory>
#include <span>
#include <utility>

namespace bench {

using sluice::Index;
using sluice::Shape;

/// Varied values around zero, the same in every run.
inline void fill(std::span<float> values, float scale = 1) {
  for (std::size_t i = 0; i < values.size(); ++i) {
    values[i] = scale * (static_cast<float>(i * 7919 % 1009) / 1009 - 0.5F);
  }
}

/// A function of x and dy: the gradients of sum(y * dy), y = rnn(x), with respect to x and then every
/// parameter.
inline auto backward_of(const sluice::nn::RecurrentLayers& rnn) {
  return sluice::compile([rnn](const sluice::Tensor& x, const sluice::Tensor& dy) {
    sluice::Tensors wrt{x};
    for (const sluice::NamedVariable& v : rnn.variables()) wrt.push_back(v.variable);
    return sluice::grad(sluice::sum(rnn(x).output() * dy), wrt);
  });
}

/// Layers with arguments in place, ready to run forward and backward.
class LayersStep {
 public:
  LayersStep(const sluice::nn::RecurrentLayers& rnn, Index length, Index batch)
      : program_(
            backward_of(rnn).prepare(sluice::Spec{sluice::DType::float32, {length, batch, rnn.inputs()}},
                                     sluice::Spec{sluice::DType::float32, {length, batch, rnn.hidden()}})) {
    fill(program_.input<float>(0));
    fill(program_.input<float>(1));
  }
  LayersStep(const LayersStep&) = delete;
  LayersStep& operator=(const LayersStep&) = delete;

  void run() { program_.run(); }
  sluice::Program& program() { return program_; }

 private:
  sluice::Program program_;
};

}  // namespace bench
