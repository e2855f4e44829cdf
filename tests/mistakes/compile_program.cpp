// first error: compile: arguments are Tensors, numbers, lists, pairs and structs of Tensors
#include <sluice/sluice.h>

void mistake() {
  const auto step = sluice::compile([](const sluice::Tensor& x, const char*) { return x; });
  step.program(sluice::ones({2}), "fast")->run();
}
