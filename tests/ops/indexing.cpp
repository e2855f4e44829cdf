// Ops that go by ids.

#include <sluice/graph/evaluate.h>
#include <sluice/kernels/threads.h>
#include <sluice/ops/index_add.h>
#include <sluice/ops/inspect.h>
#include <sluice/ops/one_hot.h>
#include <sluice/ops/reshape.h>
#include <sluice/ops/scatter_add.h>
#include <sluice/ops/take.h>
#include <sluice/ops/take_along_axis.h>

#include "support/catch.h"
#include "support/check_op.h"

using namespace sluice;
using namespace sluice::test;

namespace {

using Position = std::vector<Index>;
using Numbers = std::vector<std::int32_t>;

Tensor ids(const Numbers& values, const Shape& shape) { return tensor(values, shape); }
Tensor ids(const Numbers& values) { return tensor(values, Shape{static_cast<Index>(values.size())}); }

Numbers numbers(const Tensor& x) { return evaluate(x).to_vector<std::int32_t>(); }

Index id_at(const Values& v, const Position& at) { return static_cast<Index>(v.at(at)); }

/// The position with `count` axes from `axis` on replaced by one place.
Position with_place(Position at, std::size_t axis, Index count, Index place) {
  const auto first = at.begin() + static_cast<std::ptrdiff_t>(axis);
  const auto next = at.erase(first, first + count);
  at.insert(next, place);
  return at;
}

Position part(const Position& at, std::size_t axis, Index count) {
  const auto first = at.begin() + static_cast<std::ptrdiff_t>(axis);
  return {first, first + count};
}

}  // namespace

TEST_CASE("take picks parts of an axis by id") {
  const auto along = [](Index axis) { return [axis](const Tensors& x) { return take(x[0], x[1], axis); }; };
  const auto reference = [](std::size_t axis) {
    return [axis](const std::vector<Values>& x) {
      const Index count = x[1].shape.rank();
      Shape shape = x[0].shape.erased(static_cast<Index>(axis));
      for (Index i = 0; i < count; ++i) shape = shape.inserted(static_cast<Index>(axis) + i, x[1].shape[i]);
      return filled(shape, [&](const Position& at) {
        return x[0].at(with_place(at, axis, count, id_at(x[1], part(at, axis, count))));
      });
    };
  };
  check_op("take", along(0),
           {Sample({{4}}, {ids({3, 0, 3})}), Sample({{4, 3}}, {ids({1, 1, 2, 0}, {2, 2})}),
            Sample({{4, 3}}, {ids({2}, {})}), Sample({{2, 0}}, {ids({1, 0})}),
            Sample({{2, 3}}, {ids({}, {0})}), Sample({{5, 2, 3}}, {ids({4, 2})})},
           {.reference = reference(0)});
  check_op("take", along(-1), {Sample({{2, 3}}, {ids({2, 0, 1, 2})}), Sample({{2, 3}}, {ids({0}, {1, 1})})},
           {.reference = reference(1)});
  check_op("take", along(1), {Sample({{2, 3, 2}}, {ids({2, 2})})}, {.reference = reference(1)});
  CHECK(numbers(take(arange(5), ids({4, 0}))) == Numbers{4, 0});

  const auto rows = along(0);
  check_error(rows, Tensors{ones({3, 2}), ids({0, 1, 3, 2}, {2, 2})},
              "[take] ids must lie in 0..2: got 3 at [1, 0] of the ids [2, 2]");
  check_error(rows, Tensors{ones({3, 2}), ids({-1})}, "[take] ids must lie in 0..2: got -1 at [0]");
  check_error(rows, {f32({3}), f32({2})}, "[take] ids must be i32: got f32[2]; cast them");
  check_error(along(2), {f32({3, 2}), i32({2})}, "[take] axis must lie in -2..1");
}

TEST_CASE("index_sum and index_add add rows where their ids say") {
  const auto reference = [](std::size_t axis, Index length) {
    return [=](const std::vector<Values>& x) {
      // By definition: each element is the sum of all updates that are meant for it.
      const Index count = x[1].shape.rank();
      Shape shape = x[0].shape;
      for (Index i = 0; i < count; ++i) shape = shape.erased(static_cast<Index>(axis));
      shape = shape.inserted(static_cast<Index>(axis), length);
      return filled(shape, [&](const Position& at) {
        double sum = 0;
        std::size_t k = 0;
        filled(x[0].shape, [&](const Position& from) {
          if (with_place(from, axis, count, id_at(x[1], part(from, axis, count))) == at) sum += x[0].data[k];
          ++k;
          return 0.0;
        });
        return sum;
      });
    };
  };
  check_op("index_sum", [](const Tensors& x) { return index_sum(x[1], x[0], 0, 4); },
           {Sample({{3}}, {ids({3, 0, 3})}), Sample({{2, 2, 3}}, {ids({1, 1, 2, 0}, {2, 2})}),
            Sample({{3}}, {ids({2}, {})}), Sample({{2, 0}}, {ids({1, 0})}), Sample({{0, 3}}, {ids({}, {0})}),
            Sample({{2, 2, 3}}, {ids({3, 3})})},
           {.reference = reference(0, 4)});
  check_op("index_sum", [](const Tensors& x) { return index_sum(x[1], x[0], -1, 3); },
           {Sample({{2, 4}}, {ids({2, 0, 1, 2})}), Sample({{1, 2}}, {ids({1, 1})})},
           {.reference = reference(1, 3)});
  check_op("index_add", [](const Tensors& x) { return index_add(x[0], x[2], x[1], 1); },
           {Sample({{2, 3}, {2, 2}}, {ids({2, 2})}), Sample({{2, 3, 2}, {2, 1, 2}}, {ids({0})})},
           {.composite = true});
  CHECK(numbers(index_add(arange(3), ids({1, 1}), ids({5, 6}))) == Numbers{0, 12, 2});

  const auto sum4 = [](const Tensors& x) { return index_sum(x[0], x[1], 0, 4); };
  check_error(sum4, Tensors{ids({0, 4}), ones({2, 3})},
              "[index_sum] ids must lie in 0..3: got 4 at [1] of the ids [2]");
  check_error(sum4, {i32({2}), f32({3, 2})},
              "[index_sum] the updates must be numbers and have the axes of the ids");
  check_error(sum4, {f32({2}), f32({2})}, "[index_sum] ids must be i32");
  const auto add = [](const Tensors& x) { return index_add(x[0], x[1], x[2]); };
  check_error(add, {f32({4, 2}), i32({3}), f32({3, 1})},
              "[index_add] the updates must be numbers, with the dtype and shape of take(x");
  check_error(add, {f32({4, 2}), i32({3}), f64({3, 2})}, "updates f64[3, 2]");
}

TEST_CASE("take_along_axis picks single elements by id") {
  const auto along = [](Index axis) {
    return [axis](const Tensors& x) { return take_along_axis(x[0], x[1], axis); };
  };
  const auto reference = [](std::size_t axis) {
    return [axis](const std::vector<Values>& x) {
      return filled(x[1].shape,
                    [&](const Position& at) { return x[0].at(with_place(at, axis, 1, id_at(x[1], at))); });
    };
  };
  check_op("take_along_axis", along(-1),
           {Sample({{2, 3}}, {ids({2, 0}, {2, 1})}),
            Sample({{2, 3}}, {ids({2, 2, 0, 1, 1, 1, 0, 2}, {2, 4})}), Sample({{0, 3}}, {ids({}, {0, 1})}),
            Sample({{2, 3}}, {ids({}, {2, 0})}), Sample({{1, 1}}, {ids({0}, {1, 1})})},
           {.reference = reference(1)});
  check_op("take_along_axis", along(0),
           {Sample({{4}}, {ids({3, 3})}), Sample({{3, 2}}, {ids({2, 0}, {1, 2})})},
           {.reference = reference(0)});
  check_op("take_along_axis", along(1), {Sample({{2, 3, 2}}, {ids({2, 0, 1, 1}, {2, 1, 2})})},
           {.reference = reference(1)});
  const auto last = along(-1);
  check_error(last, Tensors{ones({2, 3}), ids({0, 3}, {2, 1})},
              "[take_along_axis] ids must lie in 0..2: got 3 at [1, 0] of the ids [2, 1]");
  check_error(last, {f32({2, 3}), i32({2})},
              "[take_along_axis] the ids must have the shape of the tensor, but for axis 1: "
              "got [2] for [2, 3]");
  check_error(last, {f32({2, 3}), i32({3, 1})}, "got [3, 1] for [2, 3]");
  check_error(last, {f32({2, 3}), f64({2, 1})}, "[take_along_axis] ids must be i32");
}

TEST_CASE("what a law leaves of a sum of scattered updates still checks the ids") {
  const auto left = [](const Tensors& x) {
    return detail::checked_updates(scatter_sum(x[1], x[0], 0, 3).node());
  };
  Samples samples;
  for (const Sample& sample : unary_samples()) {
    const Shape& shape = sample.shapes[0];
    if (shape.rank() > 0) samples.push_back(Sample({shape}, {zeros(shape, DType::int32)}));
  }
  for (const Index rows : {1, 2, 5})
    samples.push_back(Sample({{rows, 2}}, {full({rows, 2}, 2, DType::int32)}));
  check_op("checked_updates", left, samples,
           {.reference = [](const std::vector<Values>& x) { return x[0].data; }});
  check_error(left, Tensors{ones({2}), ids({0, 3})}, "[scatter_sum] ids must lie in 0..2: got 3 at [1]");
}

TEST_CASE("scatter_sum and scatter_add add single elements where their ids say") {
  const auto reference = [](std::size_t axis, Index length) {
    return [=](const std::vector<Values>& x) {
      return filled(x[0].shape.with(static_cast<Index>(axis), length), [&](const Position& at) {
        double sum = 0;
        std::size_t k = 0;
        filled(x[0].shape, [&](const Position& from) {
          if (with_place(from, axis, 1, id_at(x[1], from)) == at) sum += x[0].data[k];
          ++k;
          return 0.0;
        });
        return sum;
      });
    };
  };
  check_op("scatter_sum", [](const Tensors& x) { return scatter_sum(x[1], x[0], -1, 3); },
           {Sample({{2, 1}}, {ids({2, 0}, {2, 1})}),
            Sample({{2, 4}}, {ids({2, 2, 0, 1, 1, 1, 0, 2}, {2, 4})}), Sample({{0, 1}}, {ids({}, {0, 1})}),
            Sample({{2, 0}}, {ids({}, {2, 0})}), Sample({{1, 1}}, {ids({0}, {1, 1})})},
           {.reference = reference(1, 3)});
  check_op("scatter_sum", [](const Tensors& x) { return scatter_sum(x[1], x[0], 0, 4); },
           {Sample({{2}}, {ids({3, 3})}), Sample({{1, 2}}, {ids({2, 0}, {1, 2})}),
            Sample({{2, 1, 2}}, {ids({2, 0, 1, 0}, {2, 1, 2})})},
           {.reference = reference(0, 4)});
  check_op("scatter_add", [](const Tensors& x) { return scatter_add(x[0], x[2], x[1]); },
           {Sample({{2, 3}, {2, 2}}, {ids({2, 2, 0, 1}, {2, 2})})}, {.composite = true});
  CHECK(numbers(scatter_add(arange(3), ids({1, 1}), ids({5, 6}))) == Numbers{0, 12, 2});
  const auto sum3 = [](const Tensors& x) { return scatter_sum(x[0], x[1], -1, 3); };
  check_error(sum3, Tensors{ids({0, 3}), ones({2})},
              "[scatter_sum] ids must lie in 0..2: got 3 at [1] of the ids [2]");
  check_error(sum3, {i32({2}), f32({3})},
              "[scatter_sum] the updates must be numbers of the shape of the ids");
  check_error(sum3, {boolean({2}), f32({2})}, "[scatter_sum] ids must be i32");
  const auto add = [](const Tensors& x) { return scatter_add(x[0], x[1], x[2]); };
  check_error(add, {f32({2, 3}), i32({2}), f32({2})}, "[scatter_add] the updates must have the dtype");
  check_error(add, {f32({2, 3}), i32({2, 1}), f64({2, 1})}, "got f64[2, 1] for f32[2, 3]");
}

TEST_CASE("adding by ids gives the same bits for any number of threads") {
  const Index count = 4000;
  const Index width = 96;
  std::vector<float> values;
  Numbers rows;
  for (Index i = 0; i < count * width; ++i) values.push_back(1.f / static_cast<float>(1 + (i * 7919) % 1009));
  for (Index i = 0; i < count; ++i) rows.push_back(static_cast<std::int32_t>((i * 31) % 13));
  const Tensor updates = tensor(values, {count, width});
  const auto run = [&](int threads) {
    kernels::set_threads(threads);
    const std::vector<float> sums = evaluate(index_sum(ids(rows), updates, 0, 13)).to_vector();
    kernels::set_threads(0);
    return sums;
  };
  const std::vector<float> one = run(1);
  for (const int threads : {2, 3, 8}) CHECK(run(threads) == one);
}

TEST_CASE("one_hot has a 1 at the place of each id") {
  const auto depth = [](Index n) { return [n](const Tensors& x) { return one_hot(x[0], n); }; };
  check_op(
      "one_hot", depth(3),
      {Sample({}, {ids({2}, {})}), Sample({}, {ids({0, 2, 1})}), Sample({}, {ids({}, {0})}),
       Sample({}, {ids({1, 1, 0, 2}, {2, 2})}), Sample({}, {ids({0}, {1})}), Sample({}, {ids({}, {2, 0})}),
       Sample({}, {ids({2, 2}, {1, 2})}), Sample({}, {ids({0, 1}, {2, 1, 1})})},
      {.reference =
           [](const std::vector<Values>& x) {
             return filled(x[0].shape.inserted(x[0].shape.rank(), 3), [&](const Position& at) {
               return id_at(x[0], part(at, 0, x[0].shape.rank())) == at.back() ? 1.0 : 0.0;
             });
           },
       .gradient = false});
  CHECK(one_hot(ids({0}), 2, DType::boolean).spec() == boolean({1, 2}));
  CHECK(one_hot(ids({}, {0}), 0).shape() == Shape{0, 0});
  check_error(depth(2), Tensors{ids({0, 2})}, "[one_hot] ids must lie in 0..1: got 2 at [1] of the ids [2]");
  check_error(depth(2), {f32({2})}, "[one_hot] ids must be i32: got f32[2]");
  check_error(depth(-1), {i32({2})}, "[one_hot] the depth cannot be negative: got -1");
}
