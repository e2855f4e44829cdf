#pragma once
// The matrix products of a recurrent layer alone: what benchmarks of cells compare with.

#include "layers.h"

#include <sluice/kernels/buffer.h>
#include <sluice/kernels/gemm.h>
#include <sluice/kernels/threads.h>

#include <algorithm>
#include <utility>
#include <vector>

namespace bench {

/// The products of one layer, forward and backward, and nothing else. Weights are stored transposed for the
/// backward pass, so that the loop has plain products only. Threads own rows of the batch.
class Products {
 public:
  /// A product in the loop: [batch, from] times [from, to].
  struct InLoop {
    Index from, to;
  };

  Products(Index length, Index batch, Index inputs, Index gates, std::vector<InLoop> in_loop)
      : length_(length), batch_(batch), inputs_(inputs), gates_(gates), in_loop_(std::move(in_loop)) {
    Index widest = std::max(inputs, gates);
    for (const InLoop& p : in_loop_) widest = std::max({widest, p.from, p.to});
    const auto sequence = static_cast<std::size_t>(length * batch * widest);
    const auto square = static_cast<std::size_t>(widest * widest);
    for (std::vector<float>* values : {&a_, &b_, &c_}) values->resize(sequence);
    for (std::vector<float>* values : {&weight_, &d_weight_}) values->resize(square);
    for (std::vector<float>* values : {&a_, &b_, &weight_}) fill(*values, 0.1F);
  }

  void run() {
    const Index rows = length_ * batch_;
    multiply(false, false, rows, gates_, inputs_, a_, weight_, c_);
    loop(false);
    loop(true);
    for (const InLoop& p : in_loop_) multiply(true, false, p.from, p.to, rows, a_, b_, d_weight_);
    multiply(true, false, inputs_, gates_, rows, a_, b_, d_weight_);
    multiply(false, true, rows, inputs_, gates_, a_, weight_, c_);
  }

  double flops() const {
    Index result = inputs_ * gates_;
    for (const InLoop& p : in_loop_) result += p.from * p.to;
    return 6.0 * static_cast<double>(length_ * batch_ * result);
  }

 private:
  /// Memory for a product on this many threads; allocated in the first run.
  float* memory(bool transpose_a, bool transpose_b, Index m, Index n, Index k, int workers) {
    const Index elements =
        sluice::kernels::gemm_workspace<float>(transpose_a, transpose_b, m, n, k) * workers;
    const std::size_t bytes = static_cast<std::size_t>(elements) * sizeof(float);
    if (memory_.size() < bytes) memory_ = sluice::kernels::Buffer(bytes);
    return reinterpret_cast<float*>(memory_.data());
  }

  void multiply(bool transpose_a, bool transpose_b, Index m, Index n, Index k, const std::vector<float>& a,
                const std::vector<float>& b, std::vector<float>& c) {
    const int workers = sluice::kernels::threads();
    sluice::kernels::gemm(transpose_a, transpose_b, m, n, k, a.data(), transpose_a ? m : k, b.data(),
                          transpose_b ? k : n, 0.0F, c.data(), n,
                          {memory(transpose_a, transpose_b, m, n, k, workers), workers});
  }

  void loop(bool backward) {
    const Index threads = sluice::kernels::threads();
    const Index rows = (batch_ + threads - 1) / threads;
    Index each = 0;
    for (const InLoop& p : in_loop_)
      each = std::max({each, sluice::kernels::gemm_workspace<float>(false, false, rows, p.to, p.from),
                       sluice::kernels::gemm_workspace<float>(false, false, rows, p.from, p.to)});
    loop_memory_.resize(static_cast<std::size_t>(each * threads));
    sluice::kernels::parallel_for(batch_, rows, [&](Index begin, Index end) {
      float* const own = loop_memory_.data() + begin / rows * each;
      for (Index t = 0; t < length_; ++t) {
        for (const InLoop& p : in_loop_) {
          const Index k = backward ? p.to : p.from, n = backward ? p.from : p.to;
          const Index row = t * batch_ + begin;
          sluice::kernels::gemm(false, false, end - begin, n, k, a_.data() + row * k, k, weight_.data(), n,
                                0.0F, c_.data() + row * n, n, {own, 1});
        }
      }
    });
  }

  Index length_, batch_, inputs_, gates_;
  std::vector<InLoop> in_loop_;
  std::vector<float> a_, b_, c_, weight_, d_weight_, loop_memory_;
  sluice::kernels::Buffer memory_;
};

}  // namespace bench
