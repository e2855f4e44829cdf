// first error: an op with members must override members()
#include <sluice/sluice.h>

struct Leak : sluice::Elementwise<Leak, 1> {
  static constexpr std::string_view id = "leak";
  auto value(auto x) const { return x < 0 ? x * slope : x; }
  double slope = 0.1;
};

void mistake() { sluice::make<Leak>(sluice::ones({2})); }
