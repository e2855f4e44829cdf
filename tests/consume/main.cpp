#include <sluice/sluice.h>

#include <cmath>
#include <iostream>

// Fits y = x W to data made with W = (2, -1): graph, gradient, optimiser, compiler and matrix products in one
// run.
int main() {
  namespace sl = sluice;
  const sl::Variable w(sl::zeros({2, 1}));
  sl::optim::SGD sgd({{"w", w}}, {.learning_rate = 0.1});
  auto step = sl::compile([&](const sl::Tensor& x, const sl::Tensor& y) {
    auto loss = sl::sum(sl::square(sl::matmul(x, w) - y));
    sgd.update(loss);
    return loss;
  });
  const auto x = sl::tensor({1.f, 0.f, 0.f, 1.f, 1.f, 1.f}, {3, 2});
  const auto y = sl::tensor({2.f, -1.f, 1.f}, {3, 1});
  double loss = 1;
  for (int i = 0; i < 200; ++i) loss = step(x, y).item();
  std::cout << "sluice " << sl::version << ", loss " << loss << '\n';
  return loss < 1e-6 ? 0 : 1;
}
