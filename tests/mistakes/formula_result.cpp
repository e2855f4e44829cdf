// first error: and it returns a Tensor, or Tensors
#include <sluice/sluice.h>

struct Twice : sluice::Formula<Twice, 1> {
  static constexpr std::string_view id = "twice";
  static double formula(const sluice::Tensor& x) { return 2.0 * static_cast<double>(x.size()); }
};

void mistake() { sluice::make<Twice>(sluice::ones({2})); }
