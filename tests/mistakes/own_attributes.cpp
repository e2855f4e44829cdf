// first error: final
#include <sluice/sluice.h>

struct Scale : sluice::Elementwise<Scale, 1> {
  static constexpr std::string_view id = "scale";
  explicit Scale(double by) : by(by) {}
  auto value(auto x) const { return by * x; }
  std::string attributes() const { return std::to_string(by); }  // 0.000000 for many
  double by;
};

void mistake() { sluice::make(std::make_shared<Scale>(2.), {sluice::ones({2})}); }
