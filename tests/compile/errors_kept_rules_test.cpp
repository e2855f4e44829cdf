// Each rule of the compiler that leaves out, goes round or merges nodes, on a function in which one of them
// throws for some ids: where the interpreter throws, so does what the rule has made of it. Rules that do
// leave out what throws, and must keep it, are in errors_kept_test.cpp.

#include "compile/errors_kept.h"

#include <sluice/compile/chunk_rows.h>
#include <sluice/graph/arithmetic.h>
#include <sluice/graph/grad.h>
#include <sluice/graph/print.h>
#include <sluice/ops/broadcast_to.h>
#include <sluice/ops/concat.h>
#include <sluice/ops/expand_dims.h>
#include <sluice/ops/index_add.h>
#include <sluice/ops/matmul.h>
#include <sluice/ops/pad.h>
#include <sluice/ops/reshape.h>
#include <sluice/ops/scan.h>
#include <sluice/ops/scatter_add.h>
#include <sluice/ops/slice.h>
#include <sluice/ops/stop_gradient.h>
#include <sluice/ops/sum.h>
#include <sluice/ops/take.h>
#include <sluice/ops/take_along_axis.h>
#include <sluice/ops/tanh.h>
#include <sluice/ops/transpose.h>

#include <cmath>

using namespace sluice;
using test::require_kept;

namespace {

/// Six ids of the two rows of `table`.
const Tensor good_six = tensor<std::int32_t>({0, 1, 1, 0, 0, 1}, {6});
const Tensor bad_six = tensor<std::int32_t>({0, 1, 1, 0, 2, 1}, {6});

Tensor numbers(const Shape& shape) {
  std::vector<float> values(static_cast<std::size_t>(shape.size()));
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = std::sin(static_cast<float>(i + 1));
  return tensor(values, shape);
}

const Tensor table = numbers({2, 3});
const Tensor weight = numbers({3, 4});

/// The rows that the ids choose: [6, 3], and an Error for an id that is none.
Tensor rows(const Tensor& ids) { return take(table, ids); }

Carried loop(const ScanBody& body, const Tensors& carry, const Tensors& xs) { return scan(body, carry, xs); }

struct Case {
  const char* rule;
  const char* pass;  ///< which changes the function
  std::function<Tensor(const Tensor& ids)> function;
};

const Case laws[] = {
    {"of constants a constant", "simplify", [](const Tensor& x) { return rows(x) * (full({}, 2) + 1); }},
    {"stop_gradient(x) = x", "simplify", [](const Tensor& x) { return stop_gradient(rows(x)); }},
    {"x * 1 = x", "simplify", [](const Tensor& x) { return rows(x) * 1; }},
    {"1 / x of integers", "simplify",
     [](const Tensor& x) { return full({6}, 1, DType::int32) / (2 - x * 1); }},
    {"-(-x) = x", "simplify", [](const Tensor& x) { return -(-rows(x)); }},
    {"a - (-b) = a + b", "simplify", [](const Tensor& x) { return 1 - (-rows(x)); }},
    {"f(broadcast(x), broadcast(y)) = broadcast(f(x, y))", "simplify",
     [](const Tensor& x) {
       return broadcast_to(rows(x), {2, 6, 3}) * broadcast_to(rows(x), {2, 6, 3});
     }},
    {"f(broadcast(x), y) = f(x, y)", "simplify",
     [](const Tensor& x) {
       return broadcast_to(rows(x), {2, 6, 3}) * numbers({2, 6, 3});
     }},
    {"f([c, c, ...], y) = f(c, y)", "simplify",
     [](const Tensor& x) {
       return rows(x) * ones({6, 3}) * full({6, 3}, 2);
     }},
    {"transpose(transpose(x))", "simplify", [](const Tensor& x) { return transpose(transpose(rows(x))); }},
    {"matmul(transpose(a), b)", "simplify",
     [](const Tensor& x) { return matmul(transpose(rows(x)), rows(x)); }},
    {"reshape(reshape(x))", "simplify",
     [](const Tensor& x) {
       return reshape(reshape(rows(x), {18}), {3, 6});
     }},
    {"reshape(concat(x, y))", "simplify",
     [](const Tensor& x) {
       return reshape(concat({rows(x), numbers({6, 1})}, 1), {2, 3, 4});
     }},
    {"reshape(broadcast_to(x))", "simplify",
     [](const Tensor& x) {
       return reshape(broadcast_to(sum(rows(x)), {2, 3}), {6});
     }},
    {"broadcast_to(broadcast_to(x))", "simplify",
     [](const Tensor& x) {
       return broadcast_to(broadcast_to(rows(x), {2, 6, 3}), {2, 2, 6, 3});
     }},
    {"slice(slice(x))", "simplify", [](const Tensor& x) { return slice(slice(rows(x), 0, 1), 0, 0, 2); }},
    {"slice(pad(x))", "simplify",
     [](const Tensor& x) {
       return slice(pad(rows(x), {{2, 2}}), 0, 2, 4);
     }},
    {"a slice of no rows of a pad", "simplify",
     [](const Tensor& x) {
       return slice(pad(rows(x), {{2, 2}}), 0, 2, 2);
     }},
    {"concat(x[0:2], x[2:4]) = x[0:4]", "simplify",
     [](const Tensor& x) {
       const Tensor all = rows(x);
       return concat({slice(all, 0, 0, 2), slice(all, 0, 2, 4)}, 0);
     }},
    {"pad(x) + pad(y) = concat(x, y)", "simplify",
     [](const Tensor& x) {
       return pad(rows(x), {{0, 1}}) + pad(numbers({1, 3}), {{6, 0}});
     }},
    {"sum(x) = x along axes of length 1", "simplify",
     [](const Tensor& x) { return sum(expand_dims(rows(x), 0), 0); }},
    {"sum(sum(x)) = sum(x)", "simplify", [](const Tensor& x) { return sum(sum(rows(x), 0), 0); }},
    {"sum(reshape(x)) = sum(x)", "simplify",
     [](const Tensor& x) {
       return sum(reshape(take(numbers({2, 2, 3}), x), {12, 3}), 0);
     }},
    {"sum(scatter_sum(ids, x)) = sum(x)", "simplify",
     [](const Tensor& x) { return sum(scatter_sum(x, numbers({6}), 0, 2), 0); }},
    {"sum over t of a[t]^T b[t]", "simplify",
     [](const Tensor& x) {
       const Tensor a = reshape(rows(x), {2, 3, 3});
       return sum(matmul(a, a, {true, false}), 0);
     }},
};

const Case rules[] = {
    {"a loop's y is an x", "scan_form",
     [](const Tensor& x) {
       const auto body = [](const Tensors& c, const Tensors& at) { return Carried{{c[0] + at[0]}, {at[0]}}; };
       return loop(body, {zeros({3})}, {rows(x)}).ys[0];
     }},
    {"a carry that stays the same", "scan_form",
     [](const Tensor& x) {
       const auto body = [](const Tensors& c, const Tensors& at) {
         return Carried{{c[0], c[1] + at[0] * c[0]}, {}};
       };
       return loop(body, {rows(x), zeros({6, 3})}, {numbers({4, 3})}).carry[1];
     }},
    {"what is computed twice", "share", [](const Tensor& x) { return rows(x) * rows(x); }},
    {"concat(x, h) W = x W_x + h W_h", "split_concats",
     [](const Tensor& x) {
       const auto body = [](const Tensors& c, const Tensors& at) {
         return Carried{{matmul(concat({at[0], c[0]}, -1), numbers({7, 4}))}, {}};
       };
       return loop(body, {zeros({2, 4})}, {reshape(rows(x), {3, 2, 3})}).carry[0];
     }},
    {"a sum of rows leaves a loop", "sink_accumulators",
     [](const Tensor& x) {
       const auto body = [](const Tensors& c, const Tensors& at) {
         return Carried{{c[0] + take(table, reshape(at[0], Shape{1}))}, {}};
       };
       return loop(body, {zeros({1, 3})}, {x}).carry[0];
     }},
    {"a sum of what is the same at every step", "sink_accumulators",
     [](const Tensor& x) {
       const Tensor same = rows(x);
       const auto body = [&](const Tensors& c, const Tensors&) { return Carried{{c[0] + same}, {}}; };
       return scan(body, {zeros({6, 3})}, {}, {.length = 3}).carry[0];
     }},
    {"rows taken before a loop", "split_scans",
     [](const Tensor& x) {
       const auto body = [](const Tensors& c, const Tensors& at) {
         return Carried{{tanh(c[0] + take(table, reshape(at[0], Shape{1})))}, {}};
       };
       return loop(body, {zeros({1, 3})}, {x}).carry[0];
     }},
    {"a product after a loop", "split_scans",
     [](const Tensor& x) {
       const auto body = [](const Tensors& c, const Tensors& at) {
         const Tensor h = tanh(c[0] + at[0]);
         return Carried{{h}, {matmul(h, weight)}};
       };
       return loop(body, {zeros({2, 3})}, {reshape(rows(x), {3, 2, 3})}).ys[0];
     }},
    {"a concat that is only stacked", "split_stacks",
     [](const Tensor& x) {
       const auto body = [](const Tensors& c, const Tensors& at) {
         const Tensor h = tanh(c[0] + at[0]);
         return Carried{{h}, {concat({at[0], h}, -1)}};
       };
       return loop(body, {zeros({2, 3})}, {reshape(rows(x), {3, 2, 3})}).ys[0];
     }},
    {"products of one left operand", "merge_matmuls",
     [](const Tensor& x) {
       const Tensor left = take(numbers({2, 40}), concat({x, x, x, x}, 0));
       return tanh(matmul(left, numbers({40, 30}))) * matmul(left, numbers({40, 30}) * 2);
     }},
    {"take(E, ids) W = take(E W, ids)", "gather_matmul",
     [](const Tensor& x) { return matmul(rows(x), weight); }},
    {"take(E, ids)^T D = E^T index_sum(ids, D)", "gather_matmul",
     [](const Tensor& x) {
       return matmul(rows(x), numbers({6, 4}), {true, false});
     }},
    {"index_sum(ids, D W) = index_sum(ids, D) W", "gather_matmul",
     [](const Tensor& x) {
       return index_sum(x, matmul(numbers({6, 3}), weight), 0, 2);
     }},
    {"a b + c begins with c", "add_to_products",
     [](const Tensor& x) {
       return matmul(numbers({6, 2}), numbers({2, 3})) + rows(x);
     }},
};

void require_rule(const Case& each) {
  CAPTURE(each.rule);
  const auto function = [&](const Tensors& in) { return Tensors{each.function(in[0])}; };
  const Graph graph = trace(function, {good_six.spec()});
  // Where the pass finds nothing to do, the case tests nothing.
  CHECK(to_text(optimize(graph, PassSet::only({each.pass}))) != to_text(optimize(graph, PassSet::none())));
  require_kept(function, good_six, bad_six);
}

}  // namespace

TEST_CASE("every law keeps the error of what it is applied to") {
  for (const Case& each : laws) require_rule(each);
}

TEST_CASE("every pass keeps the error of what it moves or merges") {
  for (const Case& each : rules) require_rule(each);
}

TEST_CASE("a constant that cannot be computed throws when the program runs") {
  const auto function = [](const Tensors& x) {
    return Tensors{x[0] + full({}, 1, DType::int32) / full({}, 0, DType::int32)};
  };
  test::require_alike(function, {good_six}, true);
}

TEST_CASE("rows that are computed in chunks throw for an id in any chunk") {
  const auto function = [](const Tensors& in) {
    const Tensor logits = matmul(numbers({64, 4}), numbers({4, 32}));
    return Tensors{sum(take_along_axis(tanh(logits), expand_dims(in[0], 1), 1))};
  };
  std::vector<std::int32_t> ids(64, 31);
  const Graph graph = trace(function, {Spec{DType::int32, {64}}});
  RowChunks small;
  small.large_bytes = 1024;
  small.chunk_bytes = 1024;
  small.least_rows = 4;
  const Graph chunked = chunk_rows(graph, small);
  CHECK(to_text(chunked).find("scan") != std::string::npos);
  Program program(chunked);
  CHECK_NOTHROW(program.run({tensor(ids, {64})}));
  for (const std::size_t at : {0u, 30u, 63u}) {
    std::vector<std::int32_t> one_bad = ids;
    one_bad[at] = 32;
    CHECK_THROWS_WITH(program.run({tensor(one_bad, {64})}), contains("must lie in 0..31: got 32"));
  }
}
