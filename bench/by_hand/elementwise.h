#pragma once
// Elementwise work as one loop written by hand.

#include <cstddef>

namespace bench::by_hand {

/// Of `rows` sequences: gates [rows, 4 units] before their functions, forget, input, candidate, output side
/// by side, and c [rows, units] give the next c and h.
__attribute__((visibility("default"))) void lstm_forward(const float* gates, const float* c, float* next_c,
                                                         float* next_h, std::size_t rows, std::size_t units);

/// Adam with the usual betas: `rate` and `correction` hold what depends on the step, the learning rate over
/// 1 - beta1^t and 1 / (1 - beta2^t).
__attribute__((visibility("default"))) void adam(float* p, float* m, float* v, const float* gradient,
                                                 std::size_t size, float rate, float correction);

}  // namespace bench::by_hand
