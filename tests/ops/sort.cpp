// Sorting along an axis: values, ids and the k largest.

#include <sluice/graph/evaluate.h>
#include <sluice/graph/grad.h>
#include <sluice/kernels/threads.h>
#include <sluice/ops/cast.h>
#include <sluice/ops/random.h>
#include <sluice/ops/select.h>
#include <sluice/ops/sort.h>
#include <sluice/ops/stack.h>
#include <sluice/ops/sum.h>
#include <sluice/ops/take_along_axis.h>

#include <algorithm>
#include <limits>
#include <numeric>

#include "support/catch.h"
#include "support/check_op.h"
#include "support/close.h"
#include "support/hard_values.h"

using namespace sluice;
using namespace sluice::test;

namespace {

using Ids = std::vector<std::int32_t>;

constexpr double nan_value = std::numeric_limits<double>::quiet_NaN();

Ids ids_of(const Tensor& x) { return evaluate(x).to_vector<std::int32_t>(); }

bool is_after(double a, double b) { return a > b || (std::isnan(a) && !std::isnan(b)); }

/// The ids that sort a row, by insertion: each goes before those that it must precede.
std::vector<std::size_t> order_of(const std::vector<double>& row, bool descending) {
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < row.size(); ++i) {
    auto at = order.end();
    const auto goes_before = [&](std::size_t other) {
      return descending ? is_after(row[i], row[other]) : is_after(row[other], row[i]);
    };
    while (at != order.begin() && goes_before(*std::prev(at))) --at;
    order.insert(at, i);
  }
  return order;
}

/// Values or ids of the first `count` along an axis; all if it is -1.
auto sorted(std::size_t axis, bool descending, bool ids, Index count = -1) {
  return [=](const std::vector<Values>& x) {
    const auto place = static_cast<Index>(axis);
    const Index length = x[0].shape[place];
    return filled(x[0].shape.with(place, count < 0 ? length : count), [&](std::vector<Index> at) {
      const auto want = static_cast<std::size_t>(at[axis]);
      std::vector<double> row;
      for (at[axis] = 0; at[axis] < length; ++at[axis]) row.push_back(x[0].at(at));
      const std::size_t id = order_of(row, descending)[want];
      return ids ? static_cast<double>(id) : row[id];
    });
  };
}

}  // namespace

TEST_CASE("sort puts an axis in order") {
  const Samples samples{{{4}}, {{1}}, {{0}}, {{3, 2}}, {{2, 0}}, {{5, 1}}, {{2, 3, 2}}, {{7}}};
  const auto by = [](Index axis, bool descending) {
    return [=](const Tensors& x) { return sort(x[0], axis, {.descending = descending}); };
  };
  check_op("argsort", by(0, false), samples, {.reference = sorted(0, false, false)});
  check_op("argsort", by(0, true), samples, {.reference = sorted(0, true, false)});
  check_op("argsort", by(-1, false), {{{2, 3}}, {{3, 0}}, {{0, 3}}}, {.reference = sorted(1, false, false)});
  check_op("argsort", by(1, true), {{{2, 3, 2}}}, {.reference = sorted(1, true, false)});
}

TEST_CASE("argsort gives the ids that sort") {
  const auto by = [](Index axis, bool descending) {
    return [=](const Tensors& x) { return argsort(x[0], axis, {.descending = descending}); };
  };
  check_op("argsort", by(-1, false), {{{2, 5}}, {{3, 1}}, {{2, 0}}},
           {.reference = sorted(1, false, true), .gradient = false});
  check_op("argsort", by(0, true), {{{5, 2}}, {{4}}},
           {.reference = sorted(0, true, true), .gradient = false});
  CHECK(argsort(ones({2, 3})).spec() == i32({2, 3}));
  CHECK(numbers(grad(sum(cast(argsort(ones({3})), DType::float32)), ones({3}))) == Elements{0, 0, 0});
}

TEST_CASE("sorting is stable, also descending, and takes NaN for the largest") {
  const Tensor x = tensor({1., 0., nan_value, -0., 1., nan_value, 0.});
  CHECK(ids_of(argsort(x)) == Ids{1, 3, 6, 0, 4, 2, 5});
  CHECK(ids_of(argsort(x, 0, {.descending = true})) == Ids{2, 5, 0, 4, 1, 3, 6});
  CHECK(ids_of(top_k(x, 4).ids) == Ids{2, 5, 0, 4});
  CHECK(ids_of(sort(tensor({3, -2147483647, 3, 0}))) == Ids{-2147483647, 0, 3, 3});

  // Long enough for the sort of the standard library to divide and to exchange.
  const Index count = 5000;
  std::vector<std::int32_t> values;
  for (Index i = 0; i < count; ++i) values.push_back(static_cast<std::int32_t>(i * 7919 % 10));
  for (const bool descending : {false, true}) {
    Ids expected(static_cast<std::size_t>(count));
    std::iota(expected.begin(), expected.end(), 0);
    std::stable_sort(expected.begin(), expected.end(), [&](std::int32_t a, std::int32_t b) {
      const auto of = [&](std::int32_t i) { return values[static_cast<std::size_t>(i)]; };
      return descending ? of(a) > of(b) : of(a) < of(b);
    });
    CHECK(ids_of(argsort(tensor(values, {count}), 0, {.descending = descending})) == expected);
    if (!descending) continue;
    expected.resize(700);
    CHECK(ids_of(top_k(tensor(values, {count}), 700).ids) == expected);
  }
}

TEST_CASE("sorting gives the same ids for any number of threads") {
  const Tensor x = evaluate(random::normal(random::key(3), {300, 70, 2}));
  kernels::set_threads(1);
  const Ids one = ids_of(argsort(x, 1));
  kernels::set_threads(3);
  CHECK(ids_of(argsort(x, 1)) == one);
  kernels::set_threads(0);
}

TEST_CASE("top_k gives the largest values and their ids") {
  const auto values = [](Index k, Index axis) {
    return [=](const Tensors& x) { return top_k(x[0], k, axis).values; };
  };
  check_op("argsort", values(2, -1), {{{2, 4}}, {{3, 2}}, {{0, 3}}, {{2, 2, 3}}},
           {.reference = [](const std::vector<Values>& x) {
             return sorted(static_cast<std::size_t>(x[0].shape.rank()) - 1, true, false, 2)(x);
           }});
  check_op("argsort", values(3, 0), {{{5, 2}}, {{3}}}, {.reference = sorted(0, true, false, 3)});
  check_op("argsort", values(0, 0), {{{4, 2}}}, {.reference = sorted(0, true, false, 0)});
  check_op("argsort", TensorFunction([](const Tensors& x) {
             const TopK top = top_k(x[0], 2, 0);
             return Tensors{top.values * 2, take_along_axis(x[0], top.ids, 0)};
           }),
           {{{4}}, {{3, 2}}});
  CHECK(top_k(ones({2, 5}), 3).ids.spec() == i32({2, 3}));
}

TEST_CASE("sorting refuses what has no order or no such axis") {
  for (const bool descending : {false, true}) {
    const auto last = [=](const Tensors& x) { return sort(x[0], -1, {.descending = descending}); };
    check_error(last, {f32({})}, "[sort] a scalar has no axes");
    check_error(last, {boolean({3})}, "[sort] in argsort: needs numbers: got bool[3]; cast it to i32");
  }
  check_error([](const Tensors& x) { return argsort(x[0], 2); }, {f32({3, 2})},
              "[argsort] axis must lie in -2..1");
  const auto top = [](Index k) { return [k](const Tensors& x) { return top_k(x[0], k).values; }; };
  check_error(top(4), {f32({2, 3})},
              "[top_k] in argsort: k must lie in 0..3, the length of axis 1: got 4 for f32[2, 3]");
  check_error(top(-1), {f32({3})}, "got -1");
  check_error(top(1), {boolean({3})}, "[top_k] in argsort: needs numbers: got bool[3]");
}

TEST_CASE("sorting of hard values") {
  const auto slope = [](bool descending) {
    return [descending](const Reals& row, const Reals& weights) {
      const auto order = order_of({row.begin(), row.end()}, descending);
      Reals slopes(row.size());
      for (std::size_t i = 0; i < row.size(); ++i) slopes[order[i]] = weights[i];
      return slopes;
    };
  };
  const auto value = [](bool descending) {
    return [descending](const Reals& row) {
      Reals values;
      for (const std::size_t id : order_of({row.begin(), row.end()}, descending)) values.push_back(row[id]);
      return values;
    };
  };
  for (const bool descending : {false, true}) {
    check_hard_rows({"argsort",
                     [=](const Tensor& x, Index axis) { return sort(x, axis, {.descending = descending}); },
                     value(descending), slope(descending)});
  }
  check_hard_integers({"argsort", 2,
                       [](const Tensors& x) {
                         return select(sort(stack({x[0], x[1]}, 0), 0), 0, 0);
                       },
                       [](const std::vector<std::int64_t>& x) { return std::min(x[0], x[1]); }});
}
