// first error: compile: results are nothing, a Tensor, a std::vector<Tensor>, or a std::pair, std::tuple or
// std::array of Tensors
#include <sluice/sluice.h>

void mistake() {
  const auto step = sluice::compile([](const sluice::Tensor& x) {
    return std::pair{sluice::sum(x), sluice::Tensors{x, x}};
  });
  step(sluice::ones({2}));
}
