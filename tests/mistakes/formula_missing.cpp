// first error: Formula<Self, N> calls formula with N Tensors
#include <sluice/sluice.h>

struct Twice : sluice::Formula<Twice, 2> {
  static constexpr std::string_view id = "twice";
  static sluice::Tensor formula(const sluice::Tensor& x) { return x + x; }  // of one operand
};

void mistake() { sluice::make<Twice>(sluice::ones({2}), sluice::ones({2})); }
