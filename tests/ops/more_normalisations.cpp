#include <sluice/ops/group_norm.h>
#include <sluice/ops/rms_norm.h>

#include <cmath>
#include <vector>

#include "support/catch.h"
#include "support/check_op.h"

using namespace sluice;
using namespace sluice::test;

namespace {

using Position = std::vector<Index>;

/// Each element normalised with the mean, and the mean of the squares, of its group along the last axis.
template <class F>
auto of_neighbours(Index groups, F f) {
  return [=](const std::vector<Values>& x) {
    return filled(x[0].shape, [&](Position at) {
      const double mine = x[0].at(at);
      const Index size = x[0].shape.back() / groups;
      const Index begin = at.back() / size * size;
      double mean = 0;
      double square = 0;
      for (at.back() = begin; at.back() < begin + size; ++at.back()) {
        mean += x[0].at(at) / static_cast<double>(size);
        square += x[0].at(at) * x[0].at(at) / static_cast<double>(size);
      }
      return f(mine, mean, square);
    });
  };
}

}  // namespace

TEST_CASE("rms_norm divides the last axis by its root mean square") {
  check_op("rms_norm", [](const Tensors& x) { return rms_norm(x[0]); },
           {{{3}}, {{1}}, {{0}}, {{9}}, {{2, 3}}, {{0, 3}}, {{3, 1}}, {{2, 1, 2}}},
           {.reference = of_neighbours(
                1, [](double x, double, double square) { return x / std::sqrt(square + 1e-5); })});
  check_op("rms_norm", [](const Tensors& x) { return rms_norm(x[0], x[1], 1e-3); }, {{{2, 1, 2}, {2}}});
  check_error([](const Tensors& x) { return rms_norm(x[0]); }, {f32({})},
              "[rms_norm] normalises the last axis: got a scalar");
  check_error([](const Tensors& x) { return rms_norm(x[0]); }, {i32({2})}, "[rms_norm]");
  check_error([](const Tensors& x) { return rms_norm(x[0], -1); }, {f32({2})},
              "[rms_norm] epsilon cannot be negative or infinite: got -1");
  check_error([](const Tensors& x) { return rms_norm(x[0], x[1]); }, {f32({2, 3}), f32({2})},
              "[rms_norm] the weight must be a vector as long as the last axis: got [2] for [2, 3]");
}

TEST_CASE("group_norm normalises the groups of each step") {
  const auto formula = [](double x, double mean, double square) {
    return (x - mean) / std::sqrt(square - mean * mean + 1e-5);
  };
  for (const Index groups : {1, 2}) {
    check_op("group_norm", [=](const Tensors& x) { return group_norm(x[0], groups); },
             {{{2, 4}}, {{0, 2}}, {{2, 1, 2}}},
             {.reference = of_neighbours(groups, formula), .value_tolerance = 1e-10, .composite = true});
  }
  check_op("group_norm", [](const Tensors& x) { return group_norm(x[0], 2, x[1], x[2], 1e-3); },
           {{{2, 4}, {4}, {4}}}, {.composite = true});
  check_error([](const Tensors& x) { return group_norm(x[0], 1); }, {f32({})},
              "[group_norm] normalises parts of the last axis: got a scalar");
  check_error([](const Tensors& x) { return group_norm(x[0], 4); }, {f32({2, 6})},
              "[group_norm] the groups, one at least, divide the channels, the last axis: got 4 groups for "
              "f32[2, 6]; choose a divisor of 6");
  check_error([](const Tensors& x) { return group_norm(x[0], 0); }, {f32({2, 6})}, "got 0 groups");
  check_error([](const Tensors& x) { return group_norm(x[0], 2); }, {i32({2, 6})}, "[group_norm]");
  check_error([](const Tensors& x) { return group_norm(x[0], 2, -1); }, {f32({2, 6})},
              "[group_norm] in layer_norm: epsilon cannot be negative or infinite: got -1");
  check_error(
      [](const Tensors& x) { return group_norm(x[0], 3, x[1], x[2]); }, {f32({2, 6}), f32({3}), f32({6})},
      "[group_norm] weight and bias must be vectors as long as the last axis: got [3] and [6] for [2, 6]");
}
