#include <Eigen/Dense>

#include "elementwise.h"

#include <cmath>

namespace bench::by_hand {

void lstm_forward(const float* gates, const float* c, float* next_c, float* next_h, std::size_t rows,
                  std::size_t units) {
  using Row = Eigen::Map<const Eigen::ArrayXf>;
  const auto n = static_cast<Eigen::Index>(units);
  for (std::size_t row = 0; row < rows; ++row) {
    const float* g = gates + row * 4 * units;
    Eigen::Map<Eigen::ArrayXf> cn(next_c + row * units, n), hn(next_h + row * units, n);
    cn = Row(g, n).logistic() * Row(c + row * units, n) +
         Row(g + units, n).logistic() * Row(g + 2 * units, n).tanh();
    hn = Row(g + 3 * units, n).logistic() * cn.tanh();
  }
}

void adam(float* __restrict p, float* __restrict m, float* __restrict v, const float* __restrict gradient,
          std::size_t size, float rate, float correction) {
  for (std::size_t i = 0; i < size; ++i) {
    const float g = gradient[i];
    m[i] = 0.9F * m[i] + 0.1F * g;
    v[i] = 0.999F * v[i] + 0.001F * g * g;
    p[i] -= rate * m[i] / (std::sqrt(v[i] * correction) + 1e-8F);
  }
}

}  // namespace bench::by_hand
