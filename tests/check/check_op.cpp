// check_op is content with right ops, says what it compared, and holds a function to what its user says.

#include <sluice/graph/evaluate.h>
#include <sluice/graph/variable.h>
#include <sluice/kernels/threads.h>
#include <sluice/ops/cast.h>
#include <sluice/ops/elementwise.h>
#include <sluice/ops/layer_norm.h>
#include <sluice/ops/matmul.h>
#include <sluice/ops/random.h>
#include <sluice/ops/scan.h>
#include <sluice/ops/sum.h>
#include <sluice/ops/take.h>
#include <sluice/ops/tanh.h>

#include <limits>

#include "check/wrong.h"
#include "support/catch.h"

using namespace sluice;
using namespace sluice::test;

namespace {

/// x^2 by an op whose gradient has none: made of a constant, and saying so.
class Once final : public Doubled {
 public:
  std::string_view name() const override { return "once"; }
  Tensors gradient(const Tensor&, const Tensor& dy) const override;
};

class OnceGradient final : public Doubled {
 public:
  std::string_view name() const override { return "once_gradient"; }
  Tensors gradient(const Tensor&, const Tensor&) const override {
    throw Error("[once] it has no second derivative: got one asked for; use first derivatives only");
  }
};

Tensors Once::gradient(const Tensor&, const Tensor& dy) const { return {make<OnceGradient>(dy)}; }

/// 1e7 x or so: a number that float32 holds badly.
struct Coarse final : Elementwise<Coarse, 1> {
  static constexpr std::string_view id = "coarse";
  static auto value(auto x) { return (x + 1000000) - 1000000; }
  Tensors gradient(const Tensor&, const Tensor& dy) const override { return {dy}; }
};

}  // namespace

TEST_CASE("check_op is content with a right op, and says what it compared") {
  const CheckOpReport report = check_op(called<Doubled>, {rows()}, {.reference = [](const Arrays& x) {
                                          std::vector<double> y;
                                          for (const double v : x[0].values<double>()) y.push_back(2 * v);
                                          return y;
                                        }});
  CHECK(report.values == 6);
  CHECK(report.first == 36);
  CHECK(report.second == 72);
}

TEST_CASE("check_op takes functions of several ops, loops, and integer inputs") {
  const Tensor w = tensor({0.5, -0.25, 0.125, 1.0}, {2, 2});
  const auto cell = [](const Tensors& x) {
    const Carried run = scan(
        [&](const Tensors& h, const Tensors& now) {
          const Tensor next = tanh(matmul(h[0], x[1]) + now[0]);
          return Carried{{next}, {next}};
        },
        {zeros({2}, x[0].dtype())}, {x[0]});
    return run.ys[0];
  };
  CHECK(check_op(cell, {rows(), w}).first == 60);
  const auto picked = [](const Tensors& x) { return layer_norm(take(x[0], x[1], 0)); };
  CHECK(check_op(picked, {rows(), tensor({2, 0})}).first == 24);
}

TEST_CASE("check_op takes functions that a program adds up in another order") {
  const auto some = [](const Shape& shape, int seed) {
    return evaluate(random::uniform(random::key(seed), shape, -1, 1, DType::float64));
  };
  // The product begins with what is added to it: with other rounding, in some elements.
  const auto affine = [](const Tensors& x) { return matmul(x[0], x[1]) + x[2]; };
  const Tensors inputs = {some({16, 20}, 1), some({20, 2}, 2), some({2}, 3)};
  CHECK(check_op(affine, inputs).first == 32 * 362);
}

TEST_CASE("check_op leaves the number of threads as it was") {
  const int before = kernels::threads();
  check_op(called<Doubled>, {rows()});
  CHECK(kernels::threads() == before);
}

TEST_CASE("check_op compares with a reference, of each element") {
  finds<Doubled>("[check_op] the reference gives 7 at [0, 0] of output 0, and the op 1", {rows()},
                 {.reference = [](const Arrays&) { return std::vector<double>(6, 7); }});
  finds<Doubled>("[check_op] the reference gives inf at [0, 0] of output 0, and the op 1", {rows()},
                 {.reference = [](const Arrays&) { return std::vector<double>(6, HUGE_VAL); }});
  finds<Doubled>("a reference gives all elements of all outputs: got 5 numbers for 6", {rows()},
                 {.reference = [](const Arrays& x) {
                   std::vector<double> y;
                   for (const double v : x[0].values<double>().first(5)) y.push_back(2 * v);
                   return y;
                 }});
}

TEST_CASE("check_op knows second derivatives that are refused") {
  CHECK(check_op(called<Once>, {rows()}, {.second_refused = "it has no second derivative"}).second == 0);
  finds<Once>("it has no second derivative");
  finds<Once>("it has no second derivative", {rows()}, {.second_refused = "something else"});
  finds<Doubled>("second derivatives must be refused with \"none\": got 72 that are right", {rows()},
                 {.second_refused = "none"});
}

TEST_CASE("check_op compares float32 with float64") {
  const Tensor x = tensor({0.1, 0.7, -0.3});
  finds<Coarse>("[check_op] float64 gives 0.1 at [0] of value 0 (outputs, then gradients), and float32 0.125",
                {x});
  CHECK(check_op(called<Coarse>, {x}, {.float_tolerance = 0.1}).first == 9);
  CHECK(check_op(called<Coarse>, {x}, {.float32 = false}).first == 9);
}

TEST_CASE("check_op holds integers fixed wherever they are computed") {
  const auto picked = [](const Tensors& x) { return take(x[0], x[1] * 1, 0); };
  CHECK(check_op(picked, {rows(), tensor({2, 0})}).first == 24);
}

TEST_CASE("check_op assigns no Variable") {
  const Variable v(tensor({1.0, 2.0}));
  const auto counting = [&](const Tensors& x) {
    const Tensor y = x[0] * cast(v, x[0].dtype());
    v.assign(v + 1);
    return y;
  };
  CHECK(check_op(counting, {tensor({0.5, 3.0})}).first == 4);
  CHECK(v.value().to_vector<double>() == std::vector{1.0, 2.0});
}

TEST_CASE("check_op takes NaN for NaN, whatever its bits are") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const Tensor x = tensor({nan, -nan, 1.0, nan, 2.0});
  const Tensor y = tensor({-nan, nan, nan, -nan, 3.0});
  check_op([](const Tensors& in) { return in[0] * in[1]; }, {x, y}, {.gradient = false});
}

TEST_CASE("check_op refuses float32 outputs, and loops over its threads") {
  check_refused([&] { check_op([](const Tensors& x) { return cast(x[0], DType::float32); }, {rows()}); },
                "outputs must be float64 to be compared with differences: got f32[3, 2]");
  check_refused(
      [&] { kernels::parallel_for(1, 1, [&](Index, Index) { check_op(called<Doubled>, {rows()}); }); },
      "[check_op]");
}

TEST_CASE("check_op does without gradients, and without another process") {
  CHECK(check_op(called<Once>, {rows()}, {.gradient = false}).first == 0);
  CHECK(check_op(called<Doubled>, {rows()}, {.isolated = false}).first == 36);
}
