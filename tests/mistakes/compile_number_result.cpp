// first error: compile: results are nothing, or Tensors
#include <sluice/sluice.h>

void mistake() {
  sluice::compile([](const sluice::Tensor& x) { return static_cast<double>(x.rank()); })(sluice::ones({2}));
}
