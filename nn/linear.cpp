#include <sluice/graph/arithmetic.h>
#include <sluice/nn/linear.h>
#include <sluice/ops/matmul.h>
#include <sluice/ops/random.h>

#include <fmt/format.h>

#include <cmath>

namespace sluice::nn {

Linear::Linear(Index in, Index out, const Tensor& key, const LinearOptions& options, Location where) {
  if (in < 1 || out < 1) {
    throw Error(
        fmt::format("[linear] sizes are at least 1: got {} in and {} out; pass positive sizes", in, out),
        where);
  }
  const double bound = 1 / std::sqrt(static_cast<double>(in));
  const auto first = [&](const init::Initializer& init, const Shape& shape, int use) {
    const Tensor own = random::fold_in(Operand(key, where), use);
    return Variable((init ? init : init::uniform(-bound, bound))(shape, own, options.dtype), where);
  };
  weight = first(options.init, {in, out}, 0);
  if (options.bias) bias = first(options.bias_init, {out}, 1);
}

Tensor Linear::operator()(const Tensor& x, Location where) const {
  if (!x.defined() || x.rank() < 1 || x.shape().back() != in() || x.dtype() != weight.dtype()) {
    throw ShapeError(
        fmt::format("[linear] takes x {}[..., {}], for its weight {}: got {}; make the layer with {} inputs, "
                    "or give it x of that width and dtype",
                    name_of(weight.dtype()), in(), weight.spec().text(),
                    x.defined() ? x.spec().text() : "an undefined tensor",
                    x.defined() && x.rank() > 0 ? x.shape().back() : in()),
        where);
  }
  const Tensor y = matmul(Operand(x, where), Operand(weight, where));
  return bias.defined() ? Operand(y, where) + Operand(bias, where) : y;
}

void Linear::members(const Members& m) const {
  m("weight", weight);
  if (bias.defined()) m("bias", bias);
}

}  // namespace sluice::nn
