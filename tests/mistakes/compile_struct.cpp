// first error: a struct has up to 8 members, all of these kinds but numbers
#include <sluice/sluice.h>

struct Batch {
  sluice::Tensor x;
  double rate;
};

void mistake() {
  const auto loss = sluice::compile([](const Batch& batch) { return batch.rate * sluice::sum(batch.x); });
  const double value = loss(Batch{sluice::ones({2}), 0.5}).item();
  static_cast<void>(value);
}
