// first error: compile: results are nothing, a Tensor
#include <sluice/sluice.h>

void mistake() {
  sluice::compile([](const sluice::Tensor& x) { return static_cast<double>(x.rank()); })(sluice::ones({2}));
}
