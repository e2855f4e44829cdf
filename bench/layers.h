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

/// The memory of a program's input or output.
inline std::span<float> input_of(sluice::Program& program, std::size_t i) {
  return {static_cast<float*>(program.input(i)),
          static_cast<std::size_t>(program.input_spec(i).shape.size())};
}
inline std::span<const float> output_of(const sluice::Program& program, std::size_t i) {
  return {static_cast<const float*>(program.output(i)),
          static_cast<std::size_t>(program.output_spec(i).shape.size())};
}

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
      : backward_(backward_of(rnn)),
        program_(backward_.program(sluice::zeros({length, batch, rnn.inputs()}),
                                   sluice::zeros({length, batch, rnn.hidden()}))) {
    fill(input_of(*program_, 0));
    fill(input_of(*program_, 1));
  }
  LayersStep(const LayersStep&) = delete;
  LayersStep& operator=(const LayersStep&) = delete;

  void run() { program_->run(); }
  sluice::Program& program() { return *program_; }

 private:
  decltype(backward_of(std::declval<const sluice::nn::RecurrentLayers&>())) backward_;
  std::shared_ptr<sluice::Program> program_;
};

}  // namespace bench
