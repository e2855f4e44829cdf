#pragma once
// Elementwise work as one hand-written loop.

#include <cstddef>

namespace bench::by_hand {

/// For `rows` sequences: computes the next c and h from gates [rows, 4 units] before activation, forget,
/// input, candidate, output side by side, and c [rows, units].
__attribute__((visibility("default"))) void lstm_forward(const float* gates, const float* c, float* next_c,
                                                         float* next_h, std::size_t rows, std::size_t units);

/// Adam with the usual betas: `rate` and `correction` are the step-dependent factors, the learning rate over
/// 1 - beta1^t and 1 / (1 - beta2^t).
__attribute__((visibility("default"))) void adam(float* p, float* m, float* v, const float* gradient,
                                                 std::size_t size, float rate, float correction);

}  // namespace bench::by_hand
