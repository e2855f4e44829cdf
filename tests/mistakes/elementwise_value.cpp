// first error: Elementwise<Self, N> calls value with N numbers, of one type
#include <sluice/sluice.h>

struct Softsign : sluice::Elementwise<Softsign, 1> {
  static constexpr std::string_view id = "softsign";
  auto value(auto x) { return x / (1 + std::abs(x)); }  // not const
};

void mistake() { sluice::make<Softsign>(sluice::ones({2})); }
