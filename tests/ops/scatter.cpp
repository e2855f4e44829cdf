// Slices replaced by id.

#include <sluice/graph/arithmetic.h>
#include <sluice/graph/evaluate.h>
#include <sluice/graph/grad.h>
#include <sluice/kernels/threads.h>
#include <sluice/ops/reshape.h>
#include <sluice/ops/scatter.h>
#include <sluice/ops/sqrt.h>
#include <sluice/ops/sum.h>

#include "support/catch.h"
#include "support/check_op.h"
#include "support/close.h"
#include "support/hard_values.h"

using namespace sluice;
using namespace sluice::test;

namespace {

Tensor some_ids(const std::vector<std::int32_t>& values, const Shape& shape) { return tensor(values, shape); }
Tensor some_ids(const std::vector<std::int32_t>& values) {
  return tensor(values, Shape{static_cast<Index>(values.size())});
}

}  // namespace

TEST_CASE("scatter replaces slices where their ids say") {
  const auto along = [](Index axis) {
    return [axis](const Tensors& x) { return scatter(x[0], x[2], x[1], axis); };
  };
  const auto reference = [](std::size_t axis) {
    return [axis](const std::vector<Values>& x) {
      // By definition: each element of the values in turn goes to its place.
      std::vector<double> result = x[0].data;
      std::size_t k = 0;
      filled(x[1].shape, [&](const std::vector<Index>& from) {
        const auto first = from.begin() + static_cast<std::ptrdiff_t>(axis);
        const auto end = first + static_cast<std::ptrdiff_t>(x[2].shape.rank());
        std::vector<Index> to(from.begin(), first);
        to.push_back(static_cast<Index>(x[2].at({first, end})));
        to.insert(to.end(), end, from.end());
        Index place = 0;
        for (std::size_t i = 0; i < to.size(); ++i) place = place * x[0].shape[static_cast<Index>(i)] + to[i];
        result[static_cast<std::size_t>(place)] = x[1].data[k++];
        return 0.0;
      });
      return result;
    };
  };
  check_op("scatter", along(0),
           {Sample({{4}, {2}}, {some_ids({3, 0})}), Sample({{4}, {3}}, {some_ids({3, 0, 3})}),
            Sample({{4, 2}, {2, 2, 2}}, {some_ids({1, 1, 2, 1}, {2, 2})}),
            Sample({{4, 3}, {3}}, {some_ids({2}, {})}), Sample({{2, 0}, {2, 0}}, {some_ids({1, 0})}),
            Sample({{2, 3}, {0, 3}}, {some_ids({}, {0})}), Sample({{0, 3}, {0, 3}}, {some_ids({}, {0})}),
            Sample({{3}, {3}}, {some_ids({2, 2, 2})}), Sample({{1, 2}, {1, 2}}, {some_ids({0})})},
           {.reference = reference(0)});
  check_op("scatter", along(-1),
           {Sample({{2, 3}, {2, 2}}, {some_ids({2, 0})}), Sample({{2, 3}, {2, 3}}, {some_ids({1, 2, 1})})},
           {.reference = reference(1)});
  check_op("scatter", along(1),
           {Sample({{2, 3, 2}, {2, 2, 1, 2}}, {some_ids({2, 2}, {2, 1})}),
            Sample({{0, 3, 2}, {0, 1, 2}}, {some_ids({2})})},
           {.reference = reference(1)});
}

TEST_CASE("scatter takes any dtype, and the last of several values for one id") {
  CHECK(numbers(scatter(arange(4), some_ids({1, 3, 1}), some_ids({5, 6, 7}))) == Elements{0, 7, 2, 6});
  const Tensor mask = scatter(ones({3}, DType::boolean), some_ids({2}), zeros({1}, DType::boolean));
  CHECK(numbers(mask) == Elements{1, 1, 0});

  // Of a repeated id, only the last value has a gradient.
  const Tensor x = ones({3});
  const Tensor values = tensor({2.f, 3.f, 4.f});
  const Tensor y = scatter(x, some_ids({1, 0, 1}), values);
  const Tensors d = grad(sum(y * tensor({1.f, 10.f, 100.f})), Tensors{x, values});
  CHECK(numbers(d[0]) == Elements{0, 0, 100});
  CHECK(numbers(d[1]) == Elements{0, 1, 10});

  // An infinite slope of what was replaced stays without effect.
  const Tensor zero = zeros({2});
  CHECK(numbers(grad(sum(scatter(sqrt(zero), some_ids({0, 1}), ones({2}))), zero)) == Elements{0, 0});
}

TEST_CASE("scatter gives the same result for any number of threads") {
  const Index count = 3000;
  std::vector<std::int32_t> places;
  for (Index i = 0; i < count; ++i) places.push_back(static_cast<std::int32_t>(i * 31 % 1009));
  const Tensor values = reshape(arange(count * 40, DType::float32), {count, 40});
  const auto run = [&](int threads) {
    kernels::set_threads(threads);
    return numbers(scatter(zeros({1009, 40}), some_ids(places), values));
  };
  const Elements one = run(1);
  CHECK(run(3) == one);
  kernels::set_threads(0);
}

TEST_CASE("scatter refuses ids and values that do not fit") {
  const auto rows = [](const Tensors& x) { return scatter(x[0], x[1], x[2]); };
  check_error(rows, Tensors{ones({3, 2}), some_ids({0, 3}), ones({2, 2})},
              "[scatter] ids must lie in 0..2: got 3 at [1] of the ids [2]");
  check_error(rows, Tensors{ones({3}), some_ids({-1}), ones({1})}, "got -1 at [0]");
  check_error(rows, {f32({3}), f32({2}), f32({2})}, "[scatter] ids must be i32: got f32[2]");
  check_error(rows, {f32({3, 2}), i32({2}), f32({2})},
              "[scatter] the values must have the dtype and shape of take(x, ids, 0): got x f32[3, 2], ids "
              "i32[2], values f32[2]");
  check_error(rows, {f32({3}), i32({2}), f64({2})}, "values f64[2]");
  check_error([](const Tensors& x) { return scatter(x[0], x[1], x[2], 1); }, {f32({3}), i32({2}), f32({2})},
              "[scatter] axis must lie in -1..0");
}

TEST_CASE("scatter of hard values") {
  const Tensor ids = some_ids({2, 0, 2});
  check_hard_linear({"scatter", {4, 2}, [&](const Tensor& x) {
                       return scatter(x, ids, ones({3, 2}, x.dtype()));
                     }});
  check_hard_linear({"scatter", {3, 2}, [&](const Tensor& x) {
                       return scatter(ones({4, 2}, x.dtype()), ids, x);
                     }});
}
