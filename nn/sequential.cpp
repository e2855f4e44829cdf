#include <sluice/nn/sequential.h>
#include <sluice/ops/random.h>

#include <fmt/format.h>

namespace sluice::nn {

Tensor Sequential::operator()(const Tensor& x, Location where) const {
  return (*this)(x, Mode::evaluate, Tensor(), where);
}

Tensor Sequential::operator()(const Tensor& x, Mode mode, const Tensor& key, Location where) const {
  const sluice::detail::Call call("sequential", where);
  if (layers_.empty()) {
    throw Error(
        "[sequential] there is at least one layer: got none, from the start or since it was moved from; "
        "give it layers, or use the Sequential that it was moved to");
  }
  Tensor y = x;
  for (std::size_t i = 0; i < layers_.size(); ++i) {
    const bool random = layers_[i]->takes_mode() && key.defined();
    try {
      y = (*layers_[i])(y, mode, random ? random::fold_in(key, static_cast<int>(i)) : Tensor());
    } catch (Error& error) {
      error.add(fmt::format("; in layer {} of a Sequential", i));
      throw;
    }
  }
  return y;
}

void Sequential::members(const Members& m) const {
  for (std::size_t i = 0; i < layers_.size(); ++i) {
    if (layers_[i]->is_module()) m(std::to_string(i), layers_[i]);
  }
}

}  // namespace sluice::nn
