// The cross entropy of a linear layer by blocks, against the same made of a product and log_softmax.

#include <sluice/graph/arithmetic.h>
#include <sluice/graph/grad.h>
#include <sluice/kernels/threads.h>
#include <sluice/ops/ops.h>

#include <algorithm>
#include <cmath>

#include "support/check_op.h"
#include "support/close.h"
#include "support/hard_values.h"

using namespace sluice;
using namespace sluice::test;

namespace {

constexpr std::int32_t ignored = 1;

Tensor plain(const Tensors& x) { return linear_cross_entropy(x[0], x[1], x[2]); }
Tensor ignoring(const Tensors& x) {
  return linear_cross_entropy(x[0], x[1], x[2], {.ignore_index = ignored});
}
Tensor biased(const Tensors& x) {
  return linear_cross_entropy(x[0], x[1], x[3], {.bias = x[2], .ignore_index = ignored});
}

/// Row by row, in doubles; a bias may be missing.
std::vector<double> by_rows(const Values& h, const Values& weight, const Values* bias, const Values& classes,
                            bool ignores) {
  const Index width = weight.shape.back();
  std::vector<double> losses;
  for (Index row = 0; row < classes.shape.size(); ++row) {
    const auto id = static_cast<Index>(classes[row]);
    double sum = 0;
    double own = 0;
    for (Index c = 0; c < weight.shape[0]; ++c) {
      double score = bias == nullptr ? 0 : (*bias)[c];
      for (Index j = 0; j < width; ++j) score += h[row * width + j] * weight[c * width + j];
      sum += std::exp(score);
      if (c == id) own = score;
    }
    losses.push_back(ignores && id == ignored ? 0 : std::log(sum) - own);
  }
  return losses;
}

Tensor ids(const std::vector<std::int32_t>& values, const Shape& shape) { return tensor(values, shape); }

const Samples three = {{{{2, 3}, {4, 3}}, {ids({0, 3}, {2})}},
                       {{{3, 2}, {2, 2}}, {ids({1, 0, 1}, {3})}},
                       {{{1, 1}, {1, 1}}, {ids({0}, {1})}},
                       {{{3}, {5, 3}}, {ids({4}, {})}},
                       {{{2, 2, 2}, {3, 2}}, {ids({0, 2, 1, 1}, {2, 2})}},
                       {{{0, 3}, {2, 3}}, {ids({}, {0})}},
                       {{{2, 0}, {3, 0}}, {ids({2, 1}, {2})}},
                       {{{5, 1}, {4, 1}}, {ids({1, 2, 3, 0, 1}, {5})}},
                       {{{2, 3}, {70, 3}}, {ids({1, 69}, {2})}}};

Samples with_bias() {
  Samples samples = three;
  for (Sample& sample : samples) sample.shapes.push_back({sample.shapes[1][0]});
  return samples;
}

/// The gradients of a weighted sum of the losses with respect to the floating inputs, in one tensor.
Tensor slopes(Tensor (*loss)(const Tensors&), const Tensors& x) {
  const Tensor y = loss(x);
  Tensors floating = x;
  floating.pop_back();
  const Tensor dy = reshape(cast(arange(y.size()), x[0].dtype()) * 0.5 - 0.75, y.shape());
  Tensors flat;
  for (const Tensor& dx : vjp({y}, {dy}, floating)) flat.push_back(flatten(dx));
  return concat(flat, 0);
}

/// What the op replaces.
Tensor composed(const Tensors& x) {
  const Tensor log_p = log_softmax(matmul(x[0], x[1], {.transpose_b = true}));
  const Tensor counted = not_equal(x[2], ignored);
  const Tensor picked = squeeze(take_along_axis(log_p, expand_dims(x[2], -1)), -1);
  return where(counted, -picked, 0);
}

/// More rows and classes than a block has.
Tensors large(DType dtype) {
  const Tensor key = random::key(7);
  std::vector<std::int32_t> classes;
  for (std::int32_t i = 0; i < 700; ++i) classes.push_back(i * 7919 % 2500 % (i % 3 == 0 ? 2 : 2500));
  return evaluate(Tensors{random::normal(random::fold_in(key, 1), {700, 9}, 0, 1, dtype),
                          random::normal(random::fold_in(key, 2), {2500, 9}, 0, 1, dtype),
                          tensor(classes, {700})});
}

}  // namespace

TEST_CASE("linear_cross_entropy is the cross entropy of a linear layer") {
  check_op("linear_cross_entropy", plain, three, {.reference = [](const std::vector<Values>& x) {
             return by_rows(x[0], x[1], nullptr, x[2], false);
           }});
  check_op("linear_cross_entropy", ignoring, three, {.reference = [](const std::vector<Values>& x) {
             return by_rows(x[0], x[1], nullptr, x[2], true);
           }});
  check_op("linear_cross_entropy", biased, with_bias(), {.reference = [](const std::vector<Values>& x) {
             return by_rows(x[0], x[1], &x[2], x[3], true);
           }});
}

TEST_CASE("the gradient of linear_cross_entropy can be differentiated again") {
  Samples samples = three;
  samples.erase(samples.begin() + 5, samples.begin() + 7);  // it has no elements
  samples.back() = {{{3, 2}, {2, 2}}, {ids({1, 0, 0}, {3})}};
  samples.push_back({{{2, 2}, {6, 2}}, {ids({5, 1}, {2})}});
  const auto flat = [](const Tensors& x) { return slopes(ignoring, x); };
  check_op("linear_cross_entropy_gradient", flat, samples, {.low = -1, .high = 1});
  for (Sample& sample : samples) sample.shapes.push_back({sample.shapes[1][0]});
  check_op("linear_cross_entropy_gradient", [](const Tensors& x) { return slopes(biased, x); }, samples,
           {.low = -1, .high = 1});
}

TEST_CASE("linear_cross_entropy by many blocks is that of all scores, on any number of threads") {
  for (const DType dtype : {DType::float32, DType::float64}) {
    const Tensors x = large(dtype);
    const double tolerance = dtype == DType::float64 ? 1e-12 : 2e-5;
    const auto both = [](Tensor (*loss)(const Tensors&)) {
      return [loss](const Tensors& in) { return Tensors{loss(in), slopes(loss, in)}; };
    };
    const Tensors right = evaluate(both(composed)(x));
    std::vector<std::vector<double>> first;
    for (const int threads : {1, 2, 3}) {
      kernels::set_threads(threads);
      const auto got = at_edges(both(ignoring), x);  // compiled too, to the bit
      for (std::size_t i = 0; i < got.size(); ++i) check_close(right[i], got[i], tolerance);
      if (first.empty()) first = got;
      CHECK(got == first);
    }
    kernels::set_threads(0);
  }
}

TEST_CASE("rows that linear_cross_entropy ignores have no part in anything") {
  Tensors x = large(DType::float64);
  const Tensor hole = expand_dims(equal(x[2], ignored), -1);
  const auto both = [](const Tensors& in) { return Tensors{ignoring(in), slopes(ignoring, in)}; };
  const auto right = at_edges(both, x);
  x[0] = evaluate(where(hole, full({}, quiet_nan, DType::float64), x[0]));
  CHECK(at_edges(both, x) == right);
  // So have rows with dy = 0 in gradients.
  const Tensor dy = evaluate(cast(not_equal(x[2], ignored), DType::float64));
  const auto seeded = [&](const Tensors& in) { return vjp({plain(in)}, {dy}, {in[0], in[1]}); };
  const auto slope = at_edges(seeded, x);
  CHECK(std::none_of(slope[1].begin(), slope[1].end(), [](double s) { return std::isnan(s); }));
  const Tensors none{x[0], x[1], full({700}, ignored, DType::int32)};
  for (const auto& numbers : at_edges(both, none))
    CHECK(std::all_of(numbers.begin(), numbers.end(), [](double s) { return s == 0; }));
}

TEST_CASE("linear_cross_entropy never has the scores as a whole") {
  const Spec h = f32({2500, 128});
  const Spec weight = f32({200000, 128});
  const Graph graph = trace(
      [](const Tensors& in) {
        const Tensor y = plain(in);
        return Tensors{y, grad(sum(y), in[1])};
      },
      {h, weight, i32({2500})});
  std::size_t most = 0;
  for (const Tensor& output : graph.outputs) {
    Specs specs;
    for (const Tensor& input : output.node().inputs) specs.push_back(input.spec());
    most = std::max(most, output.op().work_bytes(specs, 2));
  }
  CHECK(most > 0);
  CHECK(most < 13 * h.bytes());  // 16 MB; the scores have 2 GB
}

TEST_CASE("linear_cross_entropy keeps what is far below one") {
  const Tensor weight = tensor({20.f, 0.f, 1.f}, {3, 1});
  const Tensors x{ones({1, 1}), weight, tensor({0})};
  const double rest = std::exp(-20.0) + std::exp(-19.0);
  CHECK(numbers(plain(x))[0] == Approx(std::log1p(rest)).epsilon(1e-6));
  CHECK(numbers(grad(sum(plain(x)), weight))[0] == Approx(-rest / (1 + rest)).epsilon(1e-6));
  // The class is in another block than the rest of the sum.
  std::vector<float> many(5000, -35);
  many[0] = 0;
  const Tensor wide = tensor(many, {5000, 1});
  CHECK(numbers(plain({ones({1, 1}), wide, tensor({0})}))[0] ==
        Approx(std::log1p(4999 * std::exp(-35.0))).epsilon(1e-5));
}

TEST_CASE("linear_cross_entropy of hard scores") {
  for (const DType dtype : {DType::float32, DType::float64}) {
    const Reals values = few_hard_values(dtype);
    const Tensor one = evaluate(ones({1, 1}, dtype));
    const auto both = [&](const Tensors& in) {
      const Tensor y = linear_cross_entropy(one, in[0], tensor({0}));
      return Tensors{y, vjp({y}, {ones_like(y)}, {in[0]})[0]};
    };
    for (const Real a : values) {
      for (const Real b : values) {
        const Tensor w =
            evaluate(cast(tensor({static_cast<double>(a), static_cast<double>(b)}, {2, 1}), dtype));
        note_driven("linear_cross_entropy", both({w}));
        note_driven("linear_cross_entropy_gradient", both({w}));
        const auto got = at_edges(both, {w});
        const Real most = std::max(a, b);
        const bool open = std::isnan(a) || std::isnan(b) || most == -real_inf;
        // The share of an infinite score is not determined.
        const auto share = [&](Real x) {
          if (std::isinf(most)) return x == most ? real_nan : Real{0};
          return std::exp(x - most) / (std::exp(a - most) + std::exp(b - most));
        };
        CAPTURE(name_of(dtype), a, b, got[0][0], got[1][0], got[1][1]);
        const Real value = most == real_inf ? (a == most ? real_nan : real_inf)
                                            : most - a + std::log1p(std::exp(std::min(a, b) - most));
        check_hard(got[0][0], open ? real_nan : value, dtype, {});
        check_hard(got[1][0], open ? real_nan : share(a) - 1, dtype, {1e-5, 1e-30});
        check_hard(got[1][1], open ? real_nan : share(b), dtype, {1e-5, 1e-30});
      }
    }
  }
}

TEST_CASE("linear_cross_entropy says what does not fit") {
  const std::string takes = "[linear_cross_entropy] takes h [..., D], a weight [classes, D] of the same";
  check_error(plain, {f32({2, 3}), f32({3, 4}), i32({2})}, takes);
  check_error(plain, {f32({2, 3}), f64({4, 3}), i32({2})}, "got f32[2, 3], f64[4, 3], i32[2] and no bias");
  check_error(plain, {f32({2, 3}), f32({4, 3}), f32({2})}, takes);
  check_error(plain, {f32({2, 3}), f32({4, 3}), i32({3})}, takes);
  check_error(plain, {f32({2, 3}), f32({0, 3}), i32({2})}, takes);
  check_error(plain, {i32({2, 3}), i32({4, 3}), i32({2})}, takes);
  check_error(plain, {f32({}), f32({4, 3}), i32({})}, takes);
  check_error(biased, {f32({2, 3}), f32({4, 3}), f32({3}), i32({2})}, "and f32[3]; transpose, reshape or");
  check_error(plain, {ones({2, 3}), ones({4, 3}), tensor({0, 4})},
              "[linear_cross_entropy] classes must lie in 0..3: got 4 at [1] of the classes [2]; correct it");
  check_error(ignoring, {ones({2, 3}), ones({4, 3}), tensor({-1, 1})}, "got -1 at [0]");
}
