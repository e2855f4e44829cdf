// first error: compile: arguments are Tensor or std::vector<Tensor>
#include <sluice/sluice.h>

void mistake() {
  const auto step = sluice::compile([](const sluice::Tensor& x, double rate) { return rate * x; });
  step.program(sluice::ones({2}), 0.1)->run();
}
