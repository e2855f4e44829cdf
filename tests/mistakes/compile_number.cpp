// first error: compile: arguments are Tensor or std::vector<Tensor>; make a Tensor of a number
#include <sluice/sluice.h>

void mistake() {
  const auto step = sluice::compile([](const sluice::Tensor& x, double rate) { return rate * x; });
  step(sluice::ones({2}), 0.1);
}
