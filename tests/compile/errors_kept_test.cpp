// A compiled function throws exactly where the interpreter does: a pass may drop what no result needs, but
// not the Error of an op that evaluate computes.

#include "compile/errors_kept.h"

#include <sluice/compile/compile.h>
#include <sluice/graph/arithmetic.h>
#include <sluice/graph/evaluate.h>
#include <sluice/graph/grad.h>
#include <sluice/ops/broadcast_to.h>
#include <sluice/ops/concat.h>
#include <sluice/ops/elementwise.h>
#include <sluice/ops/scan.h>
#include <sluice/ops/scatter_add.h>
#include <sluice/ops/slice.h>
#include <sluice/ops/stack.h>
#include <sluice/ops/sum.h>
#include <sluice/ops/take.h>
#include <sluice/ops/take_along_axis.h>
#include <sluice/ops/tanh.h>

using namespace sluice;
using test::require_alike;
using test::require_kept;

namespace {

/// Of an author: x as it is, and an Error for negative numbers.
struct Positive final : Elementwise<Positive, 1> {
  static constexpr std::string_view id = "positive";
  static auto value(auto x) {
    if (x < 0) throw Error("[positive] got a negative number");
    return x;
  }
  bool only_moves() const override { return true; }
  Tensors gradient(const Tensor&, const Tensor& dy) const override { return {dy}; }
};

Tensor ids(std::initializer_list<std::int32_t> values) { return tensor(values); }

const Tensor table = tensor({1.f, 2.f, 3.f});
const Tensor good_ids = ids({2, 0});
const Tensor bad_ids = ids({7, -3});

}  // namespace

TEST_CASE("an error in what a loop stacks is thrown where what it stacks has no elements") {
  const auto function = [](const Tensors& in) {
    const auto body = [&](const Tensors& c, const Tensors&) {
      return Carried{{c[0] + 1}, {slice(take(in[0], c[0], 0), 0, 3)}};  // of three columns
    };
    return Tensors{sum(scan(body, {in[1]}, {}, {.length = 4}).ys[0])};
  };
  require_alike(function, {zeros({5, 3}), full({}, 1, DType::int32)}, false);
  require_alike(function, {zeros({5, 3}), full({}, 2, DType::int32)}, true);
}

TEST_CASE("a sum of scattered updates still checks the ids") {
  const Tensor updates = tensor({1.f, 2.f});
  require_kept([&](const Tensors& x) { return Tensors{sum(scatter_sum(x[0], updates, 0, 3), 0)}; }, good_ids,
               bad_ids);
  const Tensor rows = ones({2, 3});
  const auto gradient = [&](const Tensors& x) {
    const Tensor picked = take_along_axis(rows, x[0], 1);
    return Tensors{sum(grad(sum(picked), rows), 1)};
  };
  require_kept(gradient, tensor({2, 0}, {2, 1}), tensor({2, 3}, {2, 1}));
}

TEST_CASE("what is cut away from a concat still throws") {
  const auto first_of_two = [](const Tensors& x) {
    return Tensors{slice(concat({tanh(table), take(table, x[0])}, 0), 0, 0, 2)};
  };
  require_kept(first_of_two, good_ids, bad_ids);
  const auto empty_part = [](const Tensors& x) {
    return Tensors{concat({tanh(table), slice(take(table, x[0]), 0, 1, 1), table}, 0)};
  };
  require_kept(empty_part, good_ids, bad_ids);
  // What the rest depends on as well may go.
  const auto covered = [](const Tensors& x) {
    const Tensor taken = take(table, x[0]);
    return Tensors{slice(concat({taken, tanh(taken)}, 0), 0, 0, 2)};
  };
  require_kept(covered, good_ids, bad_ids);
  const Graph graph = trace(covered, {good_ids.spec()});
  CHECK(node_count(optimize(graph, PassSet::all())) < node_count(graph));
}

TEST_CASE("an author's op that hands on its input is kept for its Error") {
  require_kept([](const Tensors& x) { return Tensors{make<Positive>(x[0]) + 1}; }, tensor({1.f}),
               tensor({-1.f}));
}

TEST_CASE("carries of a loop that nobody needs still throw") {
  const auto final_unused = [](const Tensors& x) {
    const Carried out = scan(
        [](const Tensors& c, const Tensors&) {
          return Carried{{c[0] * 2, c[1] / (c[1] - 2)}, {c[0]}};
        },
        {ones({2}), x[0]}, {}, {.length = 3});
    return Tensors{out.ys[0]};
  };
  require_kept(final_unused, ids({9, 0}), ids({5, 2}));
  const auto passed_through = [](const Tensors& x) {
    const Carried out = scan(
        [](const Tensors& c, const Tensors& xs) {
          return Carried{{c[0] / (c[0] - 2)}, {xs[0]}};
        },
        {x[0]}, {ones({3, 2})});
    return Tensors{out.ys[0]};
  };
  require_kept(passed_through, ids({9, 0}), ids({5, 2}));
  const auto in_a_loop = [&](const Tensors& x) {
    const Carried out = scan(
        [&](const Tensors& c, const Tensors&) {
          return Carried{{c[0] + final_unused({x[0]})[0]}, {}};
        },
        {zeros({3, 2})}, {}, {.length = 2});
    return Tensors{out.carry[0]};
  };
  require_kept(in_a_loop, ids({9, 0}), ids({5, 2}));
}

TEST_CASE("inputs of a loop that it does not use still throw") {
  const auto unused_x = [](const Tensors& x) {
    const Carried out = scan(
        [](const Tensors& c, const Tensors&) {
          return Carried{{c[0] * 2}, {}};
        },
        {ones({2})}, {take(table, x[0])});
    return Tensors{out.carry[0]};
  };
  require_kept(unused_x, good_ids, bad_ids);
  const auto unused_carry = [](const Tensors& x) {
    const Carried out = scan(
        [](const Tensors& c, const Tensors&) {
          return Carried{{c[0] * 2, c[1]}, {}};
        },
        {ones({2}), take(table, x[0])}, {}, {.length = 3});
    return Tensors{out.carry[0]};
  };
  require_kept(unused_carry, good_ids, bad_ids);
}

TEST_CASE("an unused op that would throw does not run") {
  const auto unused = [](const Tensors& x) {
    const Tensor never = take(table, x[0]) + make<Positive>(full({}, -1));
    static_cast<void>(never);
    return Tensors{x[0] + 1};
  };
  require_alike(unused, {bad_ids}, false);
  const auto unused_y = [](const Tensors& x) {
    const Carried out = scan(
        [&](const Tensors& c, const Tensors&) {
          return Carried{{c[0] * 2, c[1] + 0}, {take(table, c[1])}};
        },
        {ones({2}), x[0]}, {}, {.length = 3});
    return Tensors{out.carry[0]};
  };
  require_alike(unused_y, {bad_ids}, false);
  // A body takes what depends on none of its arguments from outside: that is an input of the loop.
  const auto captured = [](const Tensors& x) {
    const Carried out = scan(
        [&](const Tensors& c, const Tensors&) {
          return Carried{{c[0] * 2}, {take(table, x[0])}};
        },
        {ones({2})}, {}, {.length = 3});
    return Tensors{out.carry[0]};
  };
  require_kept(captured, good_ids, bad_ids);
}

TEST_CASE("no pass computes what evaluate does not") {
  // Nothing is divided where there are no elements, and no step is done where there is none.
  const auto empty = [](const Tensors& x) {
    return Tensors{broadcast_to(x[0], {0}) / broadcast_to(x[0] - x[0], {0})};
  };
  require_alike(empty, {full({1}, 3, DType::int32)}, false);
  const auto no_steps = [](const Tensors& x) {
    const Carried out = scan(
        [](const Tensors& c, const Tensors&) {
          return Carried{{c[0] + take(table, c[1]), c[1]}, {take(table, c[1])}};
        },
        {ones({2}), x[0]}, {}, {.length = 0});
    return Tensors{out.carry[0], out.ys[0]};
  };
  require_alike(no_steps, {bad_ids}, false);
}

TEST_CASE("what is computed once per Variable throws at every run") {
  const Variable chosen(bad_ids);
  const auto f = compile([&](const Tensor& x) { return x + take(table, chosen); });
  for (int run = 0; run < 3; ++run) CHECK_THROWS_WITH(f(ones({2})), contains("ids must lie in 0..2: got 7"));
  chosen.assign(good_ids);
  CHECK(f(ones({2})).to_vector() == std::vector<float>{4, 2});
  chosen.assign(bad_ids);
  for (int run = 0; run < 3; ++run) CHECK_THROWS_AS(f(ones({2})), Error);
}

TEST_CASE("a run that throws in an elementwise group changes no Variable") {
  const Variable a(ones({5}));
  const Variable b(ones({3}));
  const auto f = compile([&](const Tensor& i, const Tensor& x) {
    a.assign(a + 1);
    b.assign(make<Positive>(x) * b);
    return i / (i - 2);
  });
  f(ids({1}), ones({3}));
  CHECK_THROWS_AS(f(ids({2}), ones({3})), Error);
  CHECK_THROWS_AS(f(ids({1}), -ones({3})), Error);
  CHECK(a.value().to_vector() == std::vector<float>(5, 2));
  CHECK(b.value().to_vector() == std::vector<float>(3, 1));
}
