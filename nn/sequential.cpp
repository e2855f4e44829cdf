#include <sluice/nn/sequential.h>
#include <sluice/ops/random.h>

namespace sluice::nn {

Tensor Sequential::operator()(const Tensor& x, Location where) const {
  return (*this)(x, Mode::evaluate, Tensor(), where);
}

Tensor Sequential::operator()(const Tensor& x, Mode mode, const Tensor& key, Location where) const {
  Tensor y = x;
  for (std::size_t i = 0; i < layers_.size(); ++i) {
    const bool random = layers_[i].takes_mode && key.defined();
    y = layers_[i].call(y, mode,
                        random ? random::fold_in(Operand(key, where), static_cast<int>(i)) : Tensor(), where);
  }
  return y;
}

void Sequential::members(const Members& m) const {
  for (std::size_t i = 0; i < layers_.size(); ++i) {
    if (layers_[i].module != nullptr) m(std::to_string(i), layers_[i].module);
  }
}

}  // namespace sluice::nn
