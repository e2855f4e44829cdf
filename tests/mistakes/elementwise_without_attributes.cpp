// first error: an op with members must override members()
#include <sluice/sluice.h>

struct Power : sluice::Elementwise<Power, 1> {
  static constexpr std::string_view id = "power";
  explicit Power(double exponent) : exponent(exponent) {}
  auto value(auto x) const { return std::pow(x, exponent); }
  double exponent;
};

void mistake() { sluice::make(std::make_shared<Power>(2.), {sluice::ones({2})}); }
