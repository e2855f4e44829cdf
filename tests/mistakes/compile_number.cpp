// first error: compile: the function cannot be called with these arguments; it takes each as it is
#include <sluice/sluice.h>

void mistake() {
  const auto step = sluice::compile([](const sluice::Tensor& x, double rate) { return rate * x; });
  step(sluice::ones({2}), 0.1);
}
