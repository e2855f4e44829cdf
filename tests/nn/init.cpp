#include <sluice/nn/init.h>
#include <sluice/ops/matmul.h>
#include <sluice/ops/random.h>
#include <sluice/ops/transpose.h>

#include <cmath>

#include "support/catch.h"
#include "support/close.h"
#include "support/golden.h"

using namespace sluice;
using namespace sluice::test;
namespace init = nn::init;

namespace {

double largest(const std::vector<double>& values) {
  double result = 0;
  for (const double value : values) result = std::max(result, std::abs(value));
  return result;
}

double deviation(const std::vector<double>& values) {
  double sum = 0, squares = 0;
  for (const double value : values) sum += value, squares += value * value;
  const auto n = static_cast<double>(values.size());
  return std::sqrt(squares / n - (sum / n) * (sum / n));
}

const auto f64 = DType::float64;

}  // namespace

TEST_CASE("Xavier and He draw from PyTorch's distributions") {
  const Golden golden = Golden::open("init.json");
  for (const std::string& name : golden.names()) {
    INFO(name);
    const Record c = golden.at(name);
    const test::Array shape = c.array("shape");  // [out, in], where ours is [in, out]
    const Shape ours{static_cast<Index>(shape.data[1]), static_cast<Index>(shape.data[0])};
    const Tensor key = random::key(1);
    init::Initializer uniform, normal;
    if (c.text("method") == "xavier") {
      const double gain = c.text("nonlinearity") == "tanh" ? init::tanh_gain : 1;
      uniform = init::xavier_uniform(gain);
      normal = init::xavier_normal(gain);
    } else {
      const double slope = c.number("negative_slope");
      const double gain = c.text("nonlinearity") == "relu" ? init::relu_gain : init::leaky_relu_gain(slope);
      CHECK(gain == Approx(c.number("gain")).epsilon(1e-15));
      const init::Fan fan = c.text("mode") == "fan_in" ? init::Fan::in : init::Fan::out;
      uniform = init::he_uniform(gain, fan);
      normal = init::he_normal(gain, fan);
    }
    // The same key: the same draws, stretched to the bound or deviation that PyTorch documents.
    const double bound = c.number("bound");
    check_close(uniform(ours, key, f64), init::uniform(-bound, bound)(ours, key, f64), 1e-14);
    check_close(normal(ours, key, f64), init::normal(0, c.number("std"))(ours, key, f64), 1e-14);
  }
}

TEST_CASE("Uniform fills its range and normal has its mean and deviation") {
  const Tensor key = random::key(3);
  const std::vector<double> flat = numbers(init::uniform(2, 6)({100, 100}, key, f64));
  CHECK(*std::min_element(flat.begin(), flat.end()) >= 2);
  CHECK(*std::min_element(flat.begin(), flat.end()) < 2.01);
  CHECK(*std::max_element(flat.begin(), flat.end()) <= 6);
  CHECK(*std::max_element(flat.begin(), flat.end()) > 5.99);
  CHECK(deviation(flat) == Approx(4 / std::sqrt(12.0)).epsilon(0.02));

  const std::vector<double> bell = numbers(init::normal(5, 0.5)({100, 100}, key, f64));
  CHECK(deviation(bell) == Approx(0.5).epsilon(0.03));
  double sum = 0;
  for (const double value : bell) sum += value;
  CHECK(sum / 1e4 == Approx(5).margin(0.02));
  CHECK(largest(bell) < 8);
}

TEST_CASE("Initialisers give the shape and dtype asked for, and the same values for the same key") {
  const Shape shape{3, 4};
  for (const auto& initializer :
       {init::constant(2), init::uniform(-1, 1), init::normal(), init::xavier_uniform(),
        init::xavier_normal(), init::he_uniform(), init::he_normal(), init::orthogonal()}) {
    for (const DType dtype : {DType::float32, f64}) {
      const Tensor w = initializer(shape, random::key(1), dtype);
      CHECK(w.spec() == Spec{dtype, shape});
      check_close(w, initializer(shape, random::key(1), dtype), 0);
    }
  }
  check_close(init::constant(2)(shape, Tensor(), f64), std::vector<double>(12, 2), 0);
}

TEST_CASE("Orthogonal matrices have orthonormal columns, or rows where they are wide") {
  const auto identity = [](Index n, double scale) {
    std::vector<double> values(static_cast<std::size_t>(n * n));
    for (Index i = 0; i < n; ++i) values[static_cast<std::size_t>(i * n + i)] = scale;
    return values;
  };
  const Tensor key = random::key(1);
  const Tensor tall = init::orthogonal()({40, 12}, key, f64);
  check_close(matmul(transpose(tall), tall), identity(12, 1), 1e-13);
  const Tensor wide = init::orthogonal(3)({5, 30}, key, f64);
  check_close(matmul(wide, transpose(wide)), identity(5, 9), 1e-12);
  const Tensor square = init::orthogonal()({64, 64}, key, f64);
  check_close(matmul(transpose(square), square), identity(64, 1), 1e-12);
  CHECK(deviation(numbers(square)) == Approx(1 / 8.0).epsilon(0.05));
  const Tensor folded = init::orthogonal()({2, 3, 4}, key, f64);
  CHECK(folded.shape() == Shape{2, 3, 4});
  CHECK(numbers(folded) == numbers(init::orthogonal()({6, 4}, key, f64)));
}

TEST_CASE("Initialisers say what they cannot do") {
  CHECK_THROWS_WITH(init::uniform(1, -1),
                    contains("[uniform] the lower bound comes first: got 1 and -1; swap them"));
  CHECK_THROWS_WITH(init::normal(0, -1), contains("[normal] a deviation is not negative: got -1"));
  CHECK_THROWS_WITH(
      init::xavier_uniform()({3}, random::key(1), f64),
      contains("[xavier_uniform] is for weights of two or more axes, [in, out]: got shape [3]; for a vector "
               "use constant, uniform or normal"));
  CHECK_THROWS_AS(init::orthogonal()({3}, random::key(1), f64), ShapeError);
  CHECK_THROWS_AS(init::he_normal()({0, 3}, random::key(1), f64), ShapeError);
}
