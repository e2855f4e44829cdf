// first error: gpu
#include <sluice/sluice.h>

void mistake() {
  const auto step = sluice::compile([](const auto& x) { return sluice::sum(x.gpu()); });
  step(sluice::ones({2}));
}
