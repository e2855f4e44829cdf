#include <sluice/graph/evaluate.h>
#include <sluice/graph/grad.h>
#include <sluice/ops/layer_norm.h>
#include <sluice/ops/log_softmax.h>
#include <sluice/ops/logsumexp.h>
#include <sluice/ops/softmax.h>
#include <sluice/ops/sum.h>

#include <cmath>
#include <limits>

#include "support/catch.h"
#include "support/check_op.h"

using namespace sluice;
using namespace sluice::test;

namespace {

using Position = std::vector<Index>;
constexpr double infinity = std::numeric_limits<double>::infinity();

/// sum_j exp(x_j) along the axis through a position.
double exponentials(const Values& x, Position at, std::size_t axis) {
  double sum = 0;
  for (at[axis] = 0; at[axis] < x.shape[static_cast<Index>(axis)]; ++at[axis]) sum += std::exp(x.at(at));
  return sum;
}

const Samples last_axis = {{{1}}, {{5}}, {{0}}, {{300}}, {{2, 3}}, {{3, 1}}, {{0, 3}}, {{2, 0}}, {{2, 2, 3}}};

/// Checks along the last and the first axis; `formula` of the element, and of the sum of exponentials.
void check_along(std::string_view name, Tensor (*op)(const Operand&, Index),
                 double (*formula)(double, double)) {
  const auto reference = [formula](bool last) {
    return [=](const std::vector<Values>& x) {
      const auto axis = static_cast<std::size_t>(last ? x[0].shape.rank() - 1 : 0);
      return filled(x[0].shape,
                    [&](const Position& at) { return formula(x[0].at(at), exponentials(x[0], at, axis)); });
    };
  };
  check_op(name, [op](const Tensors& x) { return op(x[0], -1); }, last_axis, {.reference = reference(true)});
  check_op(name, [op](const Tensors& x) { return op(x[0], 0); }, {{{3, 2}}, {{1, 4}}, {{2, 70}}, {{2, 2, 3}}},
           {.reference = reference(false)});
  const std::string who = "[" + std::string(name) + "] ";
  check_error([op](const Tensors& x) { return op(x[0], 1); }, {f32({3})}, who + "axis must lie in -1..0");
  check_error([op](const Tensors& x) { return op(x[0], -1); }, {f32({})}, who + "a scalar has no axes");
  check_error([op](const Tensors& x) { return op(x[0], 0); }, {i32({3})},
              who + "needs a floating tensor: got i32[3]");
}

}  // namespace

TEST_CASE("softmax is the share of each exponential") {
  check_along("softmax", softmax, [](double x, double sum) { return std::exp(x) / sum; });
}

TEST_CASE("log_softmax is the logarithm of softmax") {
  check_along("log_softmax", log_softmax, [](double x, double sum) { return x - std::log(sum); });
}

TEST_CASE("logsumexp is the logarithm of the sum of exponentials") {
  const auto reference = [](bool last) {
    return [=](const std::vector<Values>& x) {
      const auto axis = static_cast<std::size_t>(last ? x[0].shape.rank() - 1 : 0);
      return filled(x[0].shape.with(static_cast<Index>(axis), 1),
                    [&](const Position& at) { return std::log(exponentials(x[0], at, axis)); });
    };
  };
  check_op("logsumexp", [](const Tensors& x) { return logsumexp(x[0]); }, last_axis,
           {.reference = reference(true)});
  check_op("logsumexp", [](const Tensors& x) { return logsumexp(x[0], 0, true); },
           {{{3, 2}}, {{1, 4}}, {{2, 70}}}, {.reference = reference(false)});
  CHECK(logsumexp(ones({2, 3}), 0, true).shape() == Shape{1, 3});
  check_error([](const Tensors& x) { return logsumexp(x[0], 1); }, {f32({3})},
              "[logsumexp] axis must lie in -1..0");
  check_error([](const Tensors& x) { return logsumexp(x[0]); }, {f32({})},
              "[logsumexp] a scalar has no axes");
  check_error([](const Tensors& x) { return logsumexp(x[0]); }, {i32({3})},
              "[logsumexp] needs a floating tensor");
}

TEST_CASE("huge scores neither overflow nor vanish") {
  const Tensor x = tensor({1000.0, 1001.0, -1000.0});
  const double sum = 1 + std::exp(1.0);
  CHECK(evaluate(logsumexp(x)).item() == Approx(1000 + std::log(sum)));
  CHECK(evaluate(softmax(x)).to_vector<double>()[0] == Approx(1 / sum));
  CHECK(evaluate(log_softmax(x)).to_vector<double>()[2] == Approx(-2000 - std::log(sum)));
}

TEST_CASE("infinite scores have their limits") {
  const Tensor none = tensor({-infinity, -infinity});
  CHECK(evaluate(logsumexp(none)).item() == -infinity);
  CHECK(evaluate(grad(logsumexp(none), none)).to_vector<double>() == std::vector<double>{0, 0});
  CHECK(evaluate(logsumexp(tensor({-infinity, 0.0}))).item() == 0);
  CHECK(evaluate(logsumexp(tensor({infinity, 0.0}))).item() == infinity);
  CHECK(evaluate(softmax(tensor({-infinity, 0.0}))).to_vector<double>() == std::vector<double>{0, 1});
  // The same beside a finite column, where columns are computed together.
  const Tensor columns = tensor({-infinity, 0.0, -infinity, 0.0}, {2, 2});
  CHECK(evaluate(logsumexp(columns, 0)).to_vector<double>() == std::vector<double>{-infinity, std::log(2.0)});
  CHECK(std::isnan(evaluate(logsumexp(tensor({std::nan(""), 0.0}))).item()));
}

TEST_CASE("layer_norm normalises the last axis") {
  const auto reference = [](const std::vector<Values>& x) {
    return filled(x[0].shape, [&](Position at) {
      const double mine = x[0].at(at);
      const auto n = static_cast<double>(x[0].shape.back());
      double mean = 0;
      double square = 0;
      for (at.back() = 0; at.back() < x[0].shape.back(); ++at.back()) {
        mean += x[0].at(at) / n;
        square += x[0].at(at) * x[0].at(at) / n;
      }
      return (mine - mean) / std::sqrt(square - mean * mean + 1e-5);
    });
  };
  check_op("layer_norm", [](const Tensors& x) { return layer_norm(x[0]); },
           {{{3}}, {{5}}, {{0}}, {{40}}, {{2, 3}}, {{0, 3}}, {{3, 4}}, {{2, 2, 3}}},
           {.reference = reference, .value_tolerance = 1e-10});
  check_op("layer_norm", [](const Tensors& x) { return layer_norm(x[0], x[1], x[2], 1e-3); },
           {{{2, 3}, {3}, {3}}, {{2, 1, 4}, {4}, {4}}});
  check_error([](const Tensors& x) { return layer_norm(x[0]); }, {f32({})},
              "[layer_norm] normalises the last axis: got a scalar");
  check_error([](const Tensors& x) { return layer_norm(x[0]); }, {i32({2})},
              "[layer_norm] needs a floating tensor");
  check_error([](const Tensors& x) { return layer_norm(x[0], -1); }, {f32({2})},
              "[layer_norm] epsilon cannot be negative or infinite: got -1");
  check_error(
      [](const Tensors& x) { return layer_norm(x[0], x[1], x[2]); }, {f32({2, 3}), f32({3}), f32({2})},
      "[layer_norm] weight and bias must be vectors as long as the last axis: got [3] and [2] for [2, 3]");
}
