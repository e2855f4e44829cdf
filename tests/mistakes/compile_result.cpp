// first error: compile: results are nothing, or Tensors, and lists, pairs and structs of Tensors
#include <sluice/sluice.h>

void mistake() {
  const auto step = sluice::compile([](const sluice::Tensor& x) {
    return std::pair{sluice::sum(x), "loss"};
  });
  step(sluice::ones({2}));
}
