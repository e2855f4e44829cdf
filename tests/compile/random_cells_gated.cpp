#include "compile/random_cells_author.h"

#include <sluice/ops/ops.h>

#include <algorithm>

namespace sluice::test {

namespace {

/// The weights of a shape, in order.
Tensors of_shape(const Tensors& weights, const Shape& shape) {
  Tensors same;
  std::copy_if(weights.begin(), weights.end(), std::back_inserter(same),
               [&](const Tensor& w) { return w.shape() == shape; });
  return same;
}

}  // namespace

ScanBody CellAuthor::gated_body(std::size_t gates) {
  const auto seed = static_cast<unsigned>(random_());
  return [seed, gates, weights = weights_, table = table_, jumps = jumps_](const Tensors& carry,
                                                                           const Tensors& xs) {
    CellAuthor author(seed, weights, table, jumps);
    const Tensor& x = xs[0];
    const Tensor& h = carry[0];
    const Tensor& c = carry[1];
    const Index hidden = h.dim(-1);
    const Tensors joined = of_shape(weights, {x.dim(-1) + hidden, hidden});
    const Tensors of_x = of_shape(weights, {x.dim(-1), hidden});
    const Tensors of_h = of_shape(weights, {hidden, hidden});
    const Tensors biases = of_shape(weights, {hidden});
    const bool normalise = author.chance(5);
    const bool peep = author.chance(5);
    const bool reset = author.chance(3);  // the last gate sees h through the first one
    const auto nth = [](const Tensors& list, std::size_t i) { return list[i % list.size()]; };

    Tensors made;
    for (std::size_t gate = 0; gate < gates; ++gate) {
      const Tensor seen = reset && gate + 1 == gates ? made[0] * h : h;
      Tensor z = joined.empty() ? matmul(x, nth(of_x, gate)) + matmul(seen, nth(of_h, gate))
                                : matmul(concat({x, seen}, -1), nth(joined, gate));
      if (normalise) z = layer_norm(z, 0.1);
      if (!biases.empty()) z = z + nth(biases, gate);
      if (peep && !biases.empty()) z = z + c * nth(biases, gate + 1);
      made.push_back(gate + 1 == gates || author.chance(4) ? tanh(z) : sigmoid(z));
    }
    const Tensor& n = made.back();
    Tensor next_c;
    switch (author.below(4)) {
      case 0:
        next_c = made[0] * h + (1 - made[0]) * n;
        break;
      case 1:
        next_c = tanh(c * made[0] + n * made[1]);
        break;
      case 2: {
        Pool pool{{c, 2}, {h, 2}};
        for (const Tensor& gate : made) pool.push_back({gate, 1});
        for (std::size_t i = 2 + author.below(6); i > 0; --i) {
          const Bounded& a = author.pick(pool);
          const Bounded& b = author.pick(pool);
          pool.push_back(author.tamed(author.chance(3) ? author.unary(a) : author.binary(a, b), 4));
        }
        next_c = author.tamed(pool.back(), 2).tensor;
        break;
      }
      default:
        next_c = made[0] * c * 0.9 + made[1] * n;
    }
    const Tensor next_h = author.chance(3) ? next_c * 0.8 : nth(made, 2) * tanh(next_c);
    Carried step{{next_h, next_c}, {next_h}};
    if (author.chance(4)) step.ys.push_back(author.chance(2) ? nth(made, 1) : h);
    return step;
  };
}

}  // namespace sluice::test
