// first error: compile: arguments are Tensor or std::vector<Tensor>; make a Tensor of a number, full({},
// number), and hand over the members of a struct one by one
#include <sluice/sluice.h>

struct Batch {
  sluice::Tensor x, y;
};

void mistake() {
  const auto loss = sluice::compile([](const Batch& batch) { return sluice::sum(batch.x - batch.y); });
  const double value = loss(Batch{sluice::ones({2}), sluice::ones({2})}).item();
  static_cast<void>(value);
}
