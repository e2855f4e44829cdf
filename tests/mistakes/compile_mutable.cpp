// first error: and is const (no mutable lambda)
#include <sluice/sluice.h>

void mistake() {
  const auto count = sluice::compile([calls = 0](const sluice::Tensor& x) mutable { return x + ++calls; });
  count(sluice::ones({2}));
}
