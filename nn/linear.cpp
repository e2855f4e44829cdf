#include <sluice/graph/arithmetic.h>
#include <sluice/nn/linear.h>
#include <sluice/ops/matmul.h>
#include <sluice/ops/random.h>

#include <fmt/format.h>

#include <cmath>

namespace sluice::nn {

Linear::Linear(Index in, Index out, const Tensor& key, const LinearOptions& options, Location where) {
  const sluice::detail::Call call("linear", where);
  if (in < 1 || out < 1) {
    throw Error(
        fmt::format("[linear] sizes are at least 1: got {} in and {} out; pass positive sizes", in, out));
  }
  const double bound = 1 / std::sqrt(static_cast<double>(in));
  const auto first = [&](const init::Initializer& init, const Shape& shape, int use) {
    const Tensor own = random::fold_in(key, use);
    return Variable(init::first_value(init ? init : init::uniform(-bound, bound), shape, own, options.dtype));
  };
  weight = first(options.init, Shape({in, out}, where), 0);
  if (options.bias) bias = first(options.bias_init, Shape({out}, where), 1);
}

Tensor Linear::operator()(const Tensor& x, Location where) const {
  const sluice::detail::Call call("linear", where);
  detail::require_made("linear", weight);
  if (!x.defined() || x.rank() < 1 || x.shape().back() != in() || x.dtype() != weight.dtype()) {
    throw ShapeError(
        fmt::format("[linear] takes x {}[..., {}], for its weight {}: got {}; make the layer with {} inputs, "
                    "or give it x of that width and dtype",
                    name_of(weight.dtype()), in(), weight.spec().text(),
                    x.defined() ? x.spec().text() : "an undefined tensor",
                    x.defined() && x.rank() > 0 ? x.shape().back() : in()));
  }
  const Tensor y = matmul(x, weight);
  return bias.defined() ? y + bias : y;
}

void Linear::members(const Members& m) const {
  m("weight", weight);
  if (bias.defined()) m("bias", bias);
}

}  // namespace sluice::nn
