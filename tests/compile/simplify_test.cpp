#include "support/catch.h"
#include "support/passes.h"

#include <sluice/compile/passes.h>
#include <sluice/graph/evaluate.h>
#include <sluice/graph/grad.h>
#include <sluice/graph/print.h>
#include <sluice/ops/ops.h>

#include <cmath>
#include <limits>

using namespace sluice;
using test::traced;

namespace {

/// What is left of a function of one result.
std::string left_of(const std::function<Tensor(const Tensors&)>& function, const std::vector<Shape>& shapes) {
  return test::left_of(
      passes::simplify, [&](const Tensors& x) { return Tensors{function(x)}; }, shapes);
}

constexpr double infinity = std::numeric_limits<double>::infinity();

}  // namespace

TEST_CASE("neutral elements vanish") {
  CHECK(left_of([](const Tensors& x) { return x[0] * 1 / 1 - 0; }, {{2, 3}}) == "a0");
  CHECK(left_of([](const Tensors& x) { return 1 * (-0.0 + x[0]); }, {{2, 3}}) == "a0");
  CHECK(left_of([](const Tensors& x) { return ones({2, 3}, DType::float64) * x[0]; }, {{2, 3}}) == "a0");
  CHECK(left_of([](const Tensors& x) { return -(-x[0]); }, {{2}}) == "a0");
  CHECK(left_of([](const Tensors& x) { return x[0] + -x[1]; }, {{2}, {2}}) == "%0 = subtract(a0, a1); %0");
  CHECK(left_of([](const Tensors& x) { return -x[0] + x[1]; }, {{2}, {2}}) == "%0 = subtract(a1, a0); %0");
  CHECK(left_of([](const Tensors& x) { return x[0] - -x[1]; }, {{2}, {2}}) == "%0 = add(a0, a1); %0");
}

TEST_CASE("what is not neutral stays") {
  CHECK(left_of([](const Tensors& x) { return x[0] * 0; }, {{2}}) == "%0 = multiply(a0, 0); %0");
  CHECK(left_of([](const Tensors& x) { return 1 / x[0]; }, {{2}}) == "%0 = divide(1, a0); %0");
  CHECK(left_of([](const Tensors& x) { return 0 - x[0]; }, {{2}}) == "%0 = subtract(0, a0); %0");
  CHECK(left_of([](const Tensors& x) { return x[0] - x[0]; }, {{2}}) == "%0 = subtract(a0, a0); %0");
  // It is the other operand that broadcasts.
  CHECK(left_of(
            [](const Tensors& x) {
              return x[0] + zeros({2, 3}, DType::float64);
            },
            {{3}}) == "%0 = constant(0, 0, 0, 0, 0, 0); %1 = add(a0, %0); %1");
}

TEST_CASE("zero is added where the sum may be of minus zero, and nowhere else") {
  const auto left = [](const std::function<Tensor(const Tensors&)>& f) { return left_of(f, {{2, 3}}); };
  CHECK(left([](const Tensors& x) { return x[0] + 0; }) == "%0 = add(a0, 0); %0");
  CHECK(left([](const Tensors& x) { return 0 + tanh(x[0]); }) == "%0 = tanh(a0); %1 = add(0, %0); %1");
  CHECK(left([](const Tensors& x) { return x[0] - -0.0; }) == "%0 = subtract(a0, -0); %0");
  CHECK(left([](const Tensors& x) { return sum(x[0], 0) + 0; }) == "%0 = sum(a0, axes=[0]); %0");
  CHECK(left([](const Tensors& x) { return (x[0] + 0 + 1) - -0.0; }) ==
        "%0 = add(a0, 0); %1 = add(%0, 1); %1");
  CHECK(left([](const Tensors& x) { return x[0] + 0 + 0 + 0; }) == "%0 = add(a0, 0); %0");
  CHECK(left([](const Tensors& x) {
          return zeros({3, 3}, DType::float64) + matmul(x[0], x[0], {true, false});
        }) == "%0 = matmul(a0, a0, transpose_a=true); %0");
}

TEST_CASE("a law keeps infinities, NaN and the sign of zero") {
  const auto function = [](const Tensors& x) {
    const Tensor one = reshape(x[0], {4, 1});
    return Tensors{x[0] * 1,
                   x[0] - 0,
                   x[0] * 0,
                   -(-x[0]),
                   x[0] + 0,
                   0 + x[0],
                   x[0] - -0.0,
                   x[0] + -0.0,
                   sum(one, 1),
                   sum(sum(one, 1), 0),
                   sum(sum(one, 0), 0),
                   sum(one * 0, 0) + 0,
                   sum(scatter_sum(tensor<std::int32_t>({0, 0, 0, 0}, {4, 1}), one, 1, 2), 1),
                   x[0] + 0 + x[0],
                   matmul(one, ones({1, 1}, DType::float64)) + 0};
  };
  const Graph before = trace(function, {Spec{DType::float64, {4}}});
  const Graph after = passes::simplify(before);
  for (const std::vector<double>& values :
       {std::vector<double>{infinity, -infinity, std::nan(""), -0.0}, std::vector<double>(4, -0.0)}) {
    const Tensors wanted = evaluate(before, {tensor(values, {4})});
    const Tensors found = evaluate(after, {tensor(values, {4})});
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      for (Index k = 0; k < wanted[i].size(); ++k) {
        const double expected = wanted[i].value().element(k);
        const double got = found[i].value().element(k);
        CAPTURE(i, k, expected, got);
        if (std::isnan(expected)) {
          CHECK(std::isnan(got));
        } else {
          CHECK(got == expected);
          CHECK(std::signbit(got) == std::signbit(expected));
        }
      }
    }
  }
}

TEST_CASE("broadcasting and constants that an elementwise op does by itself vanish") {
  CHECK(left_of(
            [](const Tensors& x) {
              return x[0] * broadcast_to(x[1], {2, 3});
            },
            {{2, 3}, {3}}) == "%0 = multiply(a0, a1); %0");
  CHECK(left_of(
            [](const Tensors& x) {
              return x[0] * full({2, 3}, 7, DType::float64);
            },
            {{2, 3}}) == "%0 = multiply(a0, 7); %0");
  CHECK(left_of(
            [](const Tensors& x) {
              return tanh(broadcast_to(x[0], {2, 3}));
            },
            {{3}}) == "%0 = tanh(a0); %1 = broadcast_to(%0, shape=[2, 3]); %1");
  CHECK(left_of(
            [](const Tensors& x) {
              return broadcast_to(broadcast_to(x[0], {2, 3}), {4, 2, 3});
            },
            {{3}}) == "%0 = broadcast_to(a0, shape=[4, 2, 3]); %0");
}

TEST_CASE("what depends on constants only is computed, unless it is large or throws") {
  CHECK(left_of(
            [](const Tensors& x) {
              return x[0] * (tensor({1., 2.}) + 1);
            },
            {{2}}) == "%0 = constant(2, 3); %1 = multiply(a0, %0); %1");
  CHECK(left_of(
            [](const Tensors&) {
              return sum(broadcast_to(tensor({1., 2.}), {400, 2}));
            },
            {}) ==
        "%0 = constant(1, 2); %1 = broadcast_to(%0, shape=[400, 2]); %2 = sum(%1, axes=[0, 1]); %2");
  const Graph fails = passes::simplify(
      trace([](const Tensors&) { return Tensors{take(ones({3}), tensor<std::int32_t>({5}), 0)}; }, {}));
  CHECK_THROWS_WITH(evaluate(fails, {}), contains("5"));
}

TEST_CASE("moves of elements cancel or become one") {
  CHECK(left_of([](const Tensors& x) { return transpose(transpose(x[0])); }, {{2, 3}}) == "a0");
  CHECK(left_of(
            [](const Tensors& x) {
              return transpose(transpose(x[0], {1, 2, 0}), {1, 2, 0});
            },
            {{2, 3, 4}}) == "%0 = transpose(a0, order=[2, 0, 1]); %0");
  CHECK(left_of([](const Tensors& x) { return matmul(transpose(x[0]), transpose(x[1])); },
                {{2, 3}, {4, 2}}) == "%0 = matmul(a0, a1, transpose_a=true, transpose_b=true); %0");
  CHECK(left_of(
            [](const Tensors& x) {
              return matmul(transpose(x[0]), x[1], {true, false});
            },
            {{2, 3}, {3, 2}}) == "%0 = matmul(a0, a1); %0");
  CHECK(left_of(
            [](const Tensors& x) {
              return matmul(transpose(x[0], {1, 0, 2}), x[1]);
            },
            {{2, 3, 4}, {4, 2}}) == "%0 = transpose(a0, order=[1, 0, 2]); %1 = matmul(%0, a1); %1");
  CHECK(left_of(
            [](const Tensors& x) {
              return reshape(reshape(x[0], {6}), {3, 2});
            },
            {{2, 3}}) == "%0 = reshape(a0, shape=[3, 2]); %0");
  CHECK(left_of([](const Tensors& x) { return reshape(reshape(x[0], {6}), {2, 3}); }, {{2, 3}}) == "a0");
}

TEST_CASE("rows are joined before columns are chosen or put side by side") {
  CHECK(left_of(
            [](const Tensors& x) {
              return reshape(concat({x[0], x[1]}, 2), {6, 5});
            },
            {{2, 3, 1}, {2, 3, 4}}) ==
        "%0 = reshape(a0, shape=[6, 1]); %1 = reshape(a1, shape=[6, 4]); %2 = concat(%0, %1, axis=1); %2");
  CHECK(left_of(
            [](const Tensors& x) {
              return reshape(slice(x[0], 2, 1, 3), {6, 2});
            },
            {{2, 3, 4}}) == "%0 = reshape(a0, shape=[6, 4]); %1 = slice(%0, [0:6, 1:3]); %1");
  CHECK(left_of(
            [](const Tensors& x) {
              return reshape(slice(x[0], 1, 1, 3), {4, 4});
            },
            {{2, 3, 4}}) == "%0 = slice(a0, [0:2, 1:3, 0:4]); %1 = reshape(%0, shape=[4, 4]); %1");
  CHECK(left_of(
            [](const Tensors& x) {
              return reshape(concat({x[0], x[1]}, 1), {5, 2});
            },
            {{2, 1}, {2, 4}}) == "%0 = concat(a0, a1, axis=1); %1 = reshape(%0, shape=[5, 2]); %1");
}

TEST_CASE("slices are taken where the elements come from") {
  CHECK(left_of([](const Tensors& x) { return slice(slice(x[0], 0, 1, 8, 2), 0, 1, 3); }, {{9}}) ==
        "%0 = slice(a0, [3:6:2]); %0");
  CHECK(left_of([](const Tensors& x) { return slice(slice(x[0], 0, 1, 8), 1, 1); }, {{9, 3}}) ==
        "%0 = slice(a0, [1:8, 1:3]); %0");
  CHECK(left_of(
            [](const Tensors& x) {
              return slice(concat({x[0], x[1]}, 1), 1, 3, 5);
            },
            {{2, 3}, {2, 2}}) == "a1");
  CHECK(left_of(
            [](const Tensors& x) {
              return slice(concat({x[0], x[1]}, 1), 1, 1, 2);
            },
            {{2, 3}, {2, 2}}) == "%0 = slice(a0, [0:2, 1:2]); %0");
  CHECK(left_of(
            [](const Tensors& x) {
              return slice(concat({x[0], x[1], x[0]}, 0), 0, 2, 6);
            },
            {{2, 3}, {4, 3}}) == "a1");
  CHECK(left_of(
            [](const Tensors& x) {
              return slice(concat({x[0], x[1]}, 1), 1, 2, 4);
            },
            {{2, 3}, {2, 2}}) == "%0 = concat(a0, a1, axis=1); %1 = slice(%0, [0:2, 2:4]); %1");
  CHECK(left_of(
            [](const Tensors& x) {
              return slice(pad(x[0], {{2, 1}}), 0, 2, 4);
            },
            {{3}}) == "%0 = slice(a0, [0:2]); %0");
  CHECK(left_of(
            [](const Tensors& x) {
              return slice(pad(x[0], {{2, 1}}), 0, 1, 4);
            },
            {{3}}) == "%0 = pad(a0, [2+1], value=0); %1 = slice(%0, [1:4]); %1");
}

TEST_CASE("parts that lie side by side are one again") {
  CHECK(left_of([](const Tensors& x) { return concat(split(x[0], {1, 1, 1}, 1), 1); }, {{2, 3}}) == "a0");
  CHECK(left_of(
            [](const Tensors& x) {
              return concat({slice(x[0], 0, 1, 3), slice(x[0], 0, 3, 4), x[1]}, 0);
            },
            {{5}, {2}}) == "%0 = slice(a0, [1:4]); %1 = concat(%0, a1, axis=0); %1");
  CHECK(left_of(
            [](const Tensors& x) {
              return concat({x[0], concat({x[1], x[0]}, 0)}, 0);
            },
            {{2}, {3}}) == "%0 = concat(a0, a1, a0, axis=0); %0");
  CHECK(left_of(
            [](const Tensors& x) {
              return concat({slice(x[0], 0, 2, 3), slice(x[0], 0, 0, 2)}, 0);
            },
            {{3}}) == "%0 = slice(a0, [2:3]); %1 = slice(a0, [0:2]); %2 = concat(%0, %1, axis=0); %2");
  CHECK(left_of(
            [](const Tensors& x) {
              return concat({x[0], x[0]}, 0);
            },
            {{2}}) == "%0 = concat(a0, a0, axis=0); %0");
}

TEST_CASE("the gradient of a tensor that was sliced into parts is a concat") {
  const auto parts = [](const Tensors& x) {
    const Tensors p = split(x[0], {1, 2, 1}, 1);
    return vjp({p[2], p[0], p[1]}, {x[3], x[1], x[2]}, {x[0]})[0];
  };
  CHECK(left_of(parts, {{2, 4}, {2, 1}, {2, 2}, {2, 1}}) == "%0 = concat(a1, a2, a3, axis=1); %0");
  const auto gap = [](const Tensors& x) { return pad(x[0], {{0, 2}}) + pad(x[1], {{2, 0}}); };
  CHECK(left_of(gap, {{1}, {1}}) ==
        "%0 = pad(a0, [0+2], value=0); %1 = pad(a1, [2+0], value=0); %2 = add(%0, %1); %2");
}

TEST_CASE("sums of sums and of products are one") {
  CHECK(left_of([](const Tensors& x) { return sum(sum(x[0], 0), 1); }, {{2, 3, 4}}) ==
        "%0 = sum(a0, axes=[0, 2]); %0");
  CHECK(left_of([](const Tensors& x) { return sum(sum(x[0], 2, true), 1); }, {{2, 3, 4}}) ==
        "%0 = sum(a0, axes=[1, 2]); %1 = reshape(%0, shape=[2, 1]); %1");
  CHECK(left_of([](const Tensors& x) { return sum(x[0], 0); }, {{1, 3}}) ==
        "%0 = reshape(a0, shape=[3]); %0");
  CHECK(left_of(
            [](const Tensors& x) {
              return sum(reshape(x[0], {6, 4}), 0);
            },
            {{2, 3, 4}}) == "%0 = sum(a0, axes=[0, 1]); %0");
  CHECK(left_of(
            [](const Tensors& x) {
              return sum(reshape(x[0], {4, 6}), 0);
            },
            {{2, 3, 4}}) == "%0 = reshape(a0, shape=[4, 6]); %1 = sum(%0, axes=[0]); %1");
  CHECK(left_of(
            [](const Tensors& x) {
              return sum(matmul(x[0], x[1], {true, false}), 0);
            },
            {{5, 2, 3}, {5, 2, 4}}) ==
        "%0 = reshape(a0, shape=[10, 3]); %1 = reshape(a1, shape=[10, 4]); "
        "%2 = matmul(%0, %1, transpose_a=true); %2");
  CHECK(left_of(
            [](const Tensors& x) {
              return sum(matmul(x[0], x[1], {true, false}), 0);
            },
            {{2, 3}, {5, 2, 4}}) == "%0 = matmul(a0, a1, transpose_a=true); %1 = sum(%0, axes=[0]); %1");
}

TEST_CASE("the sum of what is scattered does not depend on where") {
  const Tensor ids = tensor<std::int32_t>({1, 0, 2, 2}, {2, 2});
  const auto scattered = [&](const Tensors& x) {
    return Tensors{sum(scatter_sum(ids, x[0], 1, 4), 1, true), sum(scatter_sum(ids, x[0], 1, 4), 0)};
  };
  CHECK(test::left_of(passes::simplify, scattered, {{2, 2}}) ==
        "%0 = constant(1, 0, 2, 2); %1 = checked_updates(a0, %0, length=4, ids of scatter_sum); %2 = sum(%1, "
        "axes=[1], keep=true); "
        "%3 = scatter_sum(%0, a0, axis=1, length=4, ids of scatter_sum); %4 = sum(%3, axes=[0]); %2, %4");
}

TEST_CASE("laws hold inside of bodies, and a scan whose trail is used is left alone") {
  const auto function = [](const Tensors& x) {
    const Carried run = scan(
        [&](const Tensors& c, const Tensors& step) -> Carried {
          const Tensor twice = tanh(-(-step[0]) * broadcast_to(x[1], {2, 3}) + c[0] * 1);
          return {{twice}, {transpose(transpose(twice))}};
        },
        {zeros({2, 3}, DType::float64)}, {x[0]});
    return Tensors{run.carry[0], sum(run.ys[0])};
  };
  CHECK(test::occurrences(passes::simplify(traced(function, {{4, 2, 3}, {3}}).graph), "transpose") == 0);
  CHECK(test::occurrences(passes::simplify(traced(function, {{4, 2, 3}, {3}}).graph), "negate") == 0);
  const auto trained = [&](const Tensors& x) { return grad(sum(function(x)[0]) + function(x)[1], x); };
  const test::Traced both = traced(trained, {{4, 2, 3}, {3}});
  test::require_same_values(both.graph, passes::simplify(both.graph), both.arguments);
}

TEST_CASE("columns that are none are not reshaped with the columns they were taken from") {
  // [2, 0] is [5, 0], but the [2, 3] that it is a part of is no [5, 3].
  CHECK(left_of(
            [](const Tensors& x) {
              return reshape(slice(x[0], 1, 0, 0), {5, 0});
            },
            {{2, 3}}) == "%0 = slice(a0, [0:2, 0:0]); %1 = reshape(%0, shape=[5, 0]); %1");
  CHECK(left_of(
            [](const Tensors& x) {
              return reshape(slice(x[0], 1, 1, 2), {0, 7, 1});
            },
            {{0, 3}}) == "%0 = reshape(a0, shape=[0, 7, 3]); %1 = slice(%0, [0:0, 0:7, 1:2]); %1");
}

TEST_CASE("what is computed for no element is not computed before it is repeated for none") {
  const Graph graph =
      trace([](const Tensors& x) { return Tensors{broadcast_to(x[0], {0}) / broadcast_to(x[1], {0})}; },
            {Spec{DType::int32, {}}, Spec{DType::int32, {}}});
  const Tensors arguments{tensor({1}, {}), tensor({0}, {})};
  CHECK(evaluate(graph, arguments)[0].size() == 0);
  CHECK(evaluate(passes::simplify(graph), arguments)[0].size() == 0);
}

TEST_CASE("a slice of a slice with steps beyond all axes is one slice") {
  constexpr Index most = std::numeric_limits<Index>::max();
  CHECK(left_of([](const Tensors& x) { return slice(slice(x[0], 0, 0, 7, 4), 0, 0, 2, most); }, {{7}}) ==
        "%0 = slice(a0, [0:1]); %0");
}
