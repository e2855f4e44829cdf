// Ops that take axes away, each against plain loops over positions.

#include <sluice/graph/arithmetic.h>
#include <sluice/graph/evaluate.h>
#include <sluice/graph/grad.h>
#include <sluice/kernels/threads.h>
#include <sluice/ops/argmax.h>
#include <sluice/ops/cumsum.h>
#include <sluice/ops/max.h>
#include <sluice/ops/mean.h>
#include <sluice/ops/min.h>
#include <sluice/ops/prod.h>
#include <sluice/ops/reshape.h>
#include <sluice/ops/sum.h>

#include <cmath>
#include <limits>

#include "support/catch.h"
#include "support/check_op.h"

using namespace sluice;
using namespace sluice::test;

namespace {

using Position = std::vector<Index>;
using Fold = double (*)(const std::vector<double>&);

/// Collects, for each element of the result, what is reduced to it, and folds that.
auto folded(Fold fold, const std::vector<bool>& taken = {}) {
  return [=](const std::vector<Values>& x) {
    Shape kept = x[0].shape;
    for (Index axis = 0; axis < kept.rank(); ++axis) {
      if (taken.empty() || taken[static_cast<std::size_t>(axis)]) kept = kept.with(axis, 1);
    }
    return filled(kept, [&](const Position& to) {
      std::vector<double> group;
      std::size_t k = 0;
      filled(x[0].shape, [&](Position from) {
        for (Index axis = 0; axis < kept.rank(); ++axis) {
          if (kept[axis] == 1) from[static_cast<std::size_t>(axis)] = 0;
        }
        if (from == to) group.push_back(x[0].data[k]);
        ++k;
        return 0.0;
      });
      return fold(group);
    });
  };
}

double total(const std::vector<double>& v) {
  double sum = 0;
  for (const double x : v) sum += x;
  return sum;
}
double average(const std::vector<double>& v) { return total(v) / static_cast<double>(v.size()); }
double product(const std::vector<double>& v) {
  double result = 1;
  for (const double x : v) result *= x;
  return result;
}
double largest(const std::vector<double>& v) { return *std::max_element(v.begin(), v.end()); }
double smallest(const std::vector<double>& v) { return *std::min_element(v.begin(), v.end()); }

using Reduction = Tensor (*)(const Operand&, const Axes&, bool);

/// All axes, single ones, several, kept or not; with and without empty tensors.
void check_reduction(std::string_view name, Reduction reduce, Fold fold, bool empty, bool composite = false) {
  CheckOptions options{.value_tolerance = 1e-12, .composite = composite};
  options.reference = folded(fold);
  Samples all = {{{}}, {{1}}, {{7}}, {{2, 3}}, {{3, 1, 2}}, {{1, 2, 1, 3}}, {{35}}};
  if (empty) all.insert(all.end(), {Sample({{0}}), Sample({{2, 0, 3}})});
  check_op(
      name, [=](const Tensors& x) { return reduce(x[0], {}, false); }, all, options);
  check_op(
      name, [=](const Tensors& x) { return reduce(x[0], {}, true); }, {{{2, 3}}, {{4}}}, options);

  options.reference = folded(fold, {true, false});
  Samples matrices = {{{2, 3}}, {{1, 4}}, {{3, 1}}, {{5, 20}}, {{2, 0}}};
  if (empty) matrices.push_back({{0, 2}});
  check_op(
      name, [=](const Tensors& x) { return reduce(x[0], 0, false); }, matrices, options);
  options.reference = folded(fold, {false, true});
  matrices = {{{2, 3}}, {{1, 4}}, {{3, 1}}, {{0, 2}}};
  if (empty) matrices.push_back({{2, 0}});
  check_op(
      name, [=](const Tensors& x) { return reduce(x[0], -1, true); }, matrices, options);
  options.reference = folded(fold, {true, false, true});
  check_op(
      name,
      [=](const Tensors& x) {
        return reduce(x[0], {0, -1}, false);
      },
      {{{2, 3, 4}}, {{2, 1, 2}}}, options);
  options.reference = folded(fold, {false, true, false, true});
  check_op(
      name,
      [=](const Tensors& x) {
        return reduce(x[0], {3, 1}, true);
      },
      {{{2, 3, 2, 2}}}, options);
  options.reference = folded(fold, {false, true, false});
  check_op(
      name, [=](const Tensors& x) { return reduce(x[0], 1, false); }, {{{2, 3, 4}}}, options);

  const std::string who = "[" + std::string(name) + "] ";
  check_error([=](const Tensors& x) { return reduce(x[0], 2, false); }, {f32({2, 3})},
              who + "axis must lie in -2..1");
  check_error(
      [=](const Tensors& x) {
        return reduce(x[0], {0, -2}, false);
      },
      {f32({2, 3})}, who + "an axis can be named once only: got axis 0 twice");
  check_error([=](const Tensors& x) { return reduce(x[0], {}, false); }, {boolean({2, 3})}, who + "needs ");
  check_error([=](const Tensors& x) { return reduce(x[0], 0, false); }, {f32({})},
              who + "a scalar has no axes");
}

}  // namespace

TEST_CASE("sum adds over any axes") {
  check_reduction(
      "sum", [](const Operand& x, const Axes& axes, bool keep) { return sum(x, axes, keep); }, total, true);
  CHECK(evaluate(sum(arange(5))).to_vector<std::int32_t>() == std::vector<std::int32_t>{10});
  CHECK(evaluate(sum(ones({0, 2}), 0)).to_vector() == std::vector<float>{0, 0});
  const Tensor x = ones({2, 2});
  CHECK(sum(x, std::vector<Index>{}).is(x));
}

TEST_CASE("mean divides the sum by the count") {
  check_reduction(
      "mean", [](const Operand& x, const Axes& axes, bool keep) { return mean(x, axes, keep); }, average,
      false, true);
  CHECK(std::isnan(evaluate(mean(ones({0}))).item()));
}

TEST_CASE("max takes the largest element") {
  check_reduction(
      "max", [](const Operand& x, const Axes& axes, bool keep) { return max(x, axes, keep); }, largest,
      false);
  CHECK(evaluate(max(tensor({3, -7, 5}))).to_vector<std::int32_t>() == std::vector<std::int32_t>{5});
  const float nan = std::numeric_limits<float>::quiet_NaN();
  CHECK(std::isnan(evaluate(max(tensor({1.f, nan, 2.f}))).item()));
  CHECK(std::isnan(evaluate(sum(max(tensor({1.f, nan, 2.f, 3.f}, {2, 2}), 0))).item()));
  CHECK(evaluate(max(ones({0, 2}), 1)).size() == 0);
  check_error([](const Tensors& x) { return max(x[0], 0); }, {f32({0, 2})},
              "[max] no elements have no largest one: got f32[0, 2] to reduce over axes [0]");
}

TEST_CASE("min takes the smallest element") {
  check_reduction(
      "min", [](const Operand& x, const Axes& axes, bool keep) { return min(x, axes, keep); }, smallest,
      false);
  const float nan = std::numeric_limits<float>::quiet_NaN();
  CHECK(std::isnan(evaluate(min(tensor({1.f, nan, 2.f}))).item()));
  check_error([](const Tensors& x) { return min(x[0]); }, {f32({0})},
              "[min] no elements have no smallest one");
}

TEST_CASE("elements that are equally large share the gradient evenly") {
  const Tensor x = tensor({2.f, 5.f, 5.f, 1.f});
  CHECK(evaluate(grad(max(x), x)).to_vector() == std::vector<float>{0, 0.5f, 0.5f, 0});
  CHECK(evaluate(grad(min(-x), x)).to_vector() == std::vector<float>{0, -0.5f, -0.5f, 0});
}

TEST_CASE("prod multiplies over any axes") {
  check_reduction(
      "prod", [](const Operand& x, const Axes& axes, bool keep) { return prod(x, axes, keep); }, product,
      true);
  CHECK(evaluate(prod(tensor({3, -7, 5}))).to_vector<std::int32_t>() == std::vector<std::int32_t>{-105});
}

TEST_CASE("prod has the right derivatives with zeros among the factors") {
  // One zero, two zeros, no zero in a row.
  const auto draw = [k = 0](std::mt19937&, std::size_t) mutable {
    const double values[] = {2, 0, 3, -1, 0, 4, 0, 5, 1.5, -2, 3, 0.5};
    return values[k++ % 12];
  };
  check_op("prod", [](const Tensors& x) { return prod(x[0], -1); }, {{{3, 4}}},
           {.reference = folded(product, {false, true}), .draw = draw});
}

TEST_CASE("prod_others leaves one factor out") {
  const auto reference = [](const std::vector<Values>& x) {
    return filled(x[0].shape, [&](Position at) {
      const Index mine = at.back();
      double result = 1;
      for (at.back() = 0; at.back() < x[0].shape.back(); ++at.back())
        result *= at.back() == mine ? 1 : x[0].at(at);
      return result;
    });
  };
  check_op("prod_others", [](const Tensors& x) { return prod_others(x[0]); },
           {{{1}}, {{2}}, {{5}}, {{0}}, {{2, 3}}, {{3, 1}}, {{0, 2}}, {{2, 1, 4}}}, {.reference = reference});
  const auto function = [](const Tensors& x) { return prod_others(x[0]); };
  check_error(function, {f32({})}, "[prod_others] needs a floating tensor with an axis: got f32[]");
  check_error(function, {i32({2})}, "got i32[2]");
  check_error(function, {boolean({2})}, "got bool[2]");
}

TEST_CASE("argmax and argmin give the first place of the extreme") {
  const auto reference = [](bool max) {
    return [max](const std::vector<Values>& x) {
      const Index axis = x[0].shape.rank() - 1;
      return filled(x[0].shape.erased(axis), [&](Position at) {
        at.push_back(0);
        Position best = at;
        for (; at.back() < x[0].shape.back(); ++at.back()) {
          if (max ? x[0].at(at) > x[0].at(best) : x[0].at(at) < x[0].at(best)) best = at;
        }
        return static_cast<double>(best.back());
      });
    };
  };
  const Samples samples = {{{1}}, {{5}}, {{70}}, {{2, 3}}, {{3, 1}}, {{0, 3}}, {{2, 3, 4}}, {{1, 1, 2, 3}}};
  check_op("argmax", [](const Tensors& x) { return argmax(x[0]); }, samples,
           {.reference = reference(true), .gradient = false});
  check_op("argmin", [](const Tensors& x) { return argmin(x[0]); }, samples,
           {.reference = reference(false), .gradient = false});
  const Tensor x = tensor({1, 5, 3, 5, 0, 9}, {2, 3});
  CHECK(evaluate(argmax(x)).to_vector<std::int32_t>() == std::vector<std::int32_t>{1, 2});
  CHECK(evaluate(argmax(x, 0)).to_vector<std::int32_t>() == std::vector<std::int32_t>{1, 0, 1});
  CHECK(argmax(x, 0, true).spec() == i32({1, 3}));
  CHECK(evaluate(argmin(tensor({4, 2, 2}))).to_vector<std::int32_t>() == std::vector<std::int32_t>{1});
  const float nan = std::numeric_limits<float>::quiet_NaN();
  CHECK(evaluate(argmax(tensor({1.f, nan, 2.f, nan}))).to_vector<std::int32_t>() ==
        std::vector<std::int32_t>{1});
  for (const bool max : {true, false}) {
    const std::string who = max ? "[argmax] " : "[argmin] ";
    const auto function = [max](const Tensors& t) { return max ? argmax(t[0], 0) : argmin(t[0], 0); };
    check_error(function, {f32({})}, who + "a scalar has no axes");
    check_error(function, {boolean({2})}, who + "needs numbers: got bool[2]");
    check_error(function, {f32({0, 2})}, who + "the axis must have elements to choose from");
  }
}

TEST_CASE("cumsum adds along an axis, forwards or backwards") {
  const auto reference = [](std::size_t axis, bool reverse) {
    return [=](const std::vector<Values>& x) {
      return filled(x[0].shape, [&](Position at) {
        const Index mine = at[axis];
        const Index last = x[0].shape[static_cast<Index>(axis)] - 1;
        double sum = 0;
        for (at[axis] = reverse ? mine : 0; at[axis] <= (reverse ? last : mine); ++at[axis])
          sum += x[0].at(at);
        return sum;
      });
    };
  };
  check_op("cumsum", [](const Tensors& x) { return cumsum(x[0], 0); },
           {{{1}}, {{6}}, {{0}}, {{3, 2}}, {{0, 2}}, {{2, 0}}}, {.reference = reference(0, false)});
  check_op("cumsum", [](const Tensors& x) { return cumsum(x[0], -1, true); }, {{{2, 3}}, {{3, 1}}, {{1, 5}}},
           {.reference = reference(1, true)});
  check_op("cumsum", [](const Tensors& x) { return cumsum(x[0], 1); }, {{{2, 3, 2}}},
           {.reference = reference(1, false)});
  CHECK(evaluate(cumsum(arange(4))).to_vector<std::int32_t>() == std::vector<std::int32_t>{0, 1, 3, 6});
  check_error([](const Tensors& x) { return cumsum(x[0]); }, {f32({})}, "[cumsum] a scalar has no axes");
  check_error([](const Tensors& x) { return cumsum(x[0], 1); }, {f32({3})},
              "[cumsum] axis must lie in -1..0");
  check_error([](const Tensors& x) { return cumsum(x[0], 0); }, {boolean({3})},
              "[cumsum] needs numbers: got bool[3]");
}

TEST_CASE("large reductions are right and give the same bits for any number of threads") {
  const Index rows = 1500;
  const Index columns = 301;
  std::vector<float> values;
  for (Index i = 0; i < rows * columns; ++i)
    values.push_back(static_cast<float>((i * 7919) % 2003) / 64.f - 15.f);
  const Tensor x = tensor(values, {rows, columns});
  const Tensors reduced = {sum(x), sum(x, 0), sum(x, 1),
                           max(x), max(x, 0), max(reshape(x, {columns, 5, -1}), 1)};
  const auto run = [&](int threads) {
    kernels::set_threads(threads);
    const Tensors results = evaluate(reduced);
    kernels::set_threads(0);
    return results;
  };
  const Tensors one = run(1);
  double all = 0;
  for (const float v : values) all += v;
  CHECK(one[0].item() == Approx(all).epsilon(1e-5));
  double column = 0;
  for (Index i = 0; i < rows; ++i) column += values[static_cast<std::size_t>(i * columns + 17)];
  CHECK(one[1].to_vector()[17] == Approx(column).epsilon(1e-5));
  CHECK(one[3].item() == *std::max_element(values.begin(), values.end()));
  for (const int threads : {2, 5}) {
    const Tensors many = run(threads);
    for (std::size_t i = 0; i < one.size(); ++i) CHECK(many[i].to_vector() == one[i].to_vector());
  }
}
