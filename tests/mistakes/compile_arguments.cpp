// first error: compile: the function cannot be called with these arguments
#include <sluice/sluice.h>

void mistake() {
  const auto loss = sluice::compile([](const sluice::Tensor& x, const sluice::Tensor& y) { return x - y; });
  const sluice::Tensor difference = loss(sluice::ones({2}));
}
