#include "refusals/refusal.h"
#include "support/catch.h"

#include <sluice/graph/eigen.h>
#include <sluice/sluice.h>

#include <limits>

using namespace sluice;

TEST_CASE("what tensors refuse") {
  const Tensor none;
  const Tensor x = ones({2, 3});
  const Tensor sum_of_x = sum(x + 1);
  std::vector<float> three(3);
  refuses("tensor", "undefined Tensor", [&] { none.spec(); });
  refuses("tensor", "undefined Tensor", [&] { none.shape(); });
  refuses("tensor", "undefined Tensor", [&] { none.dtype(); });
  refuses("tensor", "undefined Tensor", [&] { none.rank(); });
  refuses("tensor", "undefined Tensor", [&] { none.size(); });
  refuses("tensor", "undefined Tensor", [&] { none.node(); });
  refuses("tensor", "undefined Tensor", [&] { none.op(); });
  refuses("tensor", "undefined Tensor", [&] { none.input(0); });
  refuses("tensor", "undefined Tensor", [&] { none.input_count(); });
  refuses("value", "undefined Tensor", [&] { none.value(); });
  refuses("value", "the result of 'sum'", [&] { sum_of_x.value(); });
  refuses("item", "the result of 'sum'", [&] { sum_of_x.item(); });
  refuses("item", "exactly one element: got f32[2, 3]", [&] { x.item(); });
  refuses("to_vector", "the result of 'add'", [&] { (x + 1).to_vector(); });
  refuses("to_vector", "holds f32: got a request for i32", [&] { x.to_vector<std::int32_t>(); });
  refuses("at", "the result of 'add'", [&] { (x + 1).at(0, 0); });
  refuses("at", "one index per axis: got 1 for f32[2, 3]", [&] { x.at(0); });
  refuses("at", "must lie in -3..2 for f32[2, 3]: got 3", [&] { x.at(0, 3); });
  refuses("at", "undefined Tensor", [&] { none.at(0); });
  refuses("row", "must lie in -2..1", [&] { x[2]; });
  refuses("row", "a scalar has no rows: got [0] of f32[]", [&] { full({}, 1)[0]; });
  refuses("row", "undefined Tensor", [&] { none[0]; });
  refuses("dim", "axis must lie in -2..1 for a tensor of rank 2: got 2", [&] { x.dim(2); });
  refuses("dim", "a scalar has no axes: got axis 0", [&] { full({}, 1).dim(0); });
  refuses("input", "got input 2 of 'add', which has 2", [&] { (x + x).input(2); });
  refuses("tensor", "got 3 values for [2, 2], which has 4", [&] { tensor({1.F, 2.F, 3.F}, {2, 2}); });
  refuses("tensor", "got 1 values for [2]", [&] { tensor(std::vector<float>{1}, {2}); });
  refuses("tensor", "got 2 values for [3]", [&] { tensor({1.0, 2.0}, {3}, DType::float32); });
  refuses("tensor", "got 3000000000 at place 1", [&] { tensor(std::vector<std::int64_t>{1, 3000000000}); });
  refuses("tensor", "got 3000000000 at place 0", [&] { tensor(std::vector<std::size_t>{3000000000}, {1}); });
  refuses("tensor", "got [1] in row 1 after [2] in row 0", [&] { tensor({{1, 2}, {3}}); });
  refuses("tensor", "got [2, 1] in row 1 after [1, 1] in row 0", [&] { tensor({{{1}}, {{1}, {2}}}); });
  refuses("tensor", "lie within 3.4e38 of 0", [&] { tensor(std::vector<double>{1e40}, DType::float32); });
  refuses("tensor", "must be a 32-bit integer: got 0.5", [&] { tensor({0.5}, {1}, DType::int32); });
  refuses("eigen_map", "got f32[]", [&] { eigen_map(full({}, 1)); });
  refuses("eigen_map", "got f32[2, 3, 4]", [&] { eigen_map(ones({2, 3, 4})); });
  refuses("eigen_map", "holds f32: got a request for f64", [&] { eigen_map<double>(x); });
  refuses("eigen_map", "the result of 'add'", [&] { eigen_map(x + 1); });
  refuses("eigen_map", "got 3 for [2, 2]", [&] { eigen_map(std::span(three), 2, 2); });
  refuses("array", "got 1 values for [3]", [&] { tensor({1.F}).value().with_shape({3}); });
  refuses("array", "got 1 values for [2]",
          [&] { Array::of(std::span<const int>(std::vector<int>{1}), {2}); });
  refuses("values", "holds f32: got a request for i32", [&] { x.value().values<std::int32_t>(); });
  refuses("memory", "a tensor f32[1099511627776]", [&] { Array(Spec{DType::float32, {Index{1} << 40}}); });
  refuses("values", "got an undefined one", [&] { Array().values<float>(); });
  refuses("shape", "cannot be negative: got [-1]", [&] { Shape{-1}; });
  refuses("shape", "cannot be negative: got [2, -1]", [&] { zeros({2, -1}); });
  refuses("shape", "at most 8 axes: got 9", [&] { ones({1, 1, 1, 1, 1, 1, 1, 1, 1}); });
  refuses("shape", "at most 2^48 elements", [&] { full({Index{1} << 40, 1 << 20}, 0); });
  refuses("full", "must be a 32-bit integer: got 30000000000", [&] { full({2}, 3e10, DType::int32); });
  refuses("arange", "cannot be negative: got -1", [&] { arange(-1); });
  refuses("zeros_like", "undefined Tensor", [&] { zeros_like(none); });
  refuses("ones_like", "undefined Tensor", [&] { ones_like(none); });
  refuses("add", "undefined Tensor", [&] { none + 1; });
  refuses("subtract", "undefined Tensor", [&] { x - none; });
  refuses("negate", "undefined Tensor", [&] { -none; });
  refuses("sum_to", "got [2, 3] for [5]", [&] { sum_to(x, {5}); });
  refuses("evaluate", "undefined Tensor", [&] { evaluate(none); });
  refuses("evaluate", "undefined Tensor", [&] { evaluate(Tensors{x, none}); });
  refuses("outputs_of", "undefined Tensor", [&] { outputs_of(none); });
}

TEST_CASE("what Variables refuse") {
  const Variable none;
  const Variable v(ones({2}));
  refuses("variable", "undefined Tensor", [&] { Variable{Tensor()}; });
  refuses("variable", "never made", [&] { none.spec(); });
  refuses("freeze", "never made", [&] { none.freeze(); });
  refuses("frozen", "never made", [&] { none.frozen(); });
  refuses("variable", "never made", [&] { none.shape(); });
  refuses("variable", "never made", [&] { none.dtype(); });
  refuses("variable", "never made", [&] { none.size(); });
  refuses("variable", "never made", [&] { none.read(); });
  refuses("value", "never made", [&] { none.value(); });
  refuses("variable", "never made", [&] { none + 1; });
  refuses("concat", "undefined Tensor", [&] { concat({v, none}); });
  refuses("variable", "never made", [&] { none[0]; });
  refuses("row", "must lie in -2..1", [&] { v[2]; });
  refuses("assign", "never made", [&] { none.assign(1); });
  refuses("assign", "never made", [&] { none.set(ones({2}).value()); });
  refuses("assign", "got f32[3] for f32[2]", [&] { v.assign(ones({3})); });
  refuses("assign", "got f64[2] for f32[2]", [&] { v.assign(ones({2}, DType::float64)); });
  refuses("assign", "undefined Tensor", [&] { v.assign(Tensor()); });
  refuses("assign", "got f32[] for f32[2]", [&] { v.set(full({}, 1).value()); });
  refuses("variable", "never made", [&] { none.text(); });
  refuses("values_of", "never made", [&] { values_of({v, none}); });
  refuses("set_values", "never made", [&] { set_values({none}, {ones({2}).value()}); });
  refuses("set_values", "got 1 Variables and 0 values", [&] { set_values({v}, {}); });
  refuses("set_values", "got f32[3] for f32[2]", [&] { set_values({v}, {ones({3}).value()}); });
  refuses("variables_of", "undefined Tensor", [&] { variables_of({Tensor()}); });
}

TEST_CASE("what with_values refuses") {
  const Variable v(ones({2}));
  const auto read = [&] { return Tensors{v + 1}; };
  refuses("with_values", "got 1 Variables and 0 values", [&] { with_values({v}, {}, read); });
  refuses("with_values", "an undefined Variable at place 0",
          [&] { with_values({Variable()}, {ones({2})}, read); });
  refuses("with_values", "an undefined Tensor at place 0", [&] { with_values({v}, {Tensor()}, read); });
  refuses("with_values", "got f32[3] for f32[2] at place 0", [&] { with_values({v}, {ones({3})}, read); });
  refuses("with_values", "got an empty one", [&] { with_values({v}, {ones({2})}, {}); });
  refuses("value", "a request for the value of f32[2]",
          [&] { with_values({v}, {ones({2})}, [&] { return Tensors{v.value()}; }); });
  refuses("assign", "an assignment to f32[2]", [&] {
    with_values({v}, {ones({2})}, [&] {
      v.assign(v + 1);
      return Tensors{};
    });
  });
}

namespace {

struct Crooked : Elementwise<Crooked, 1> {
  static constexpr std::string_view id = "crooked";
  static auto value(auto x) { return x; }
  Tensors gradient(const Tensor&, const Tensor&) const override { return {ones({2})}; }
};
struct Many : Elementwise<Many, 1> {
  static constexpr std::string_view id = "many";
  static auto value(auto x) { return x; }
  Tensors gradient(const Tensor&, const Tensor& dy) const override { return {dy, dy}; }
};
struct Final : Elementwise<Final, 1> {
  static constexpr std::string_view id = "final";
  static auto value(auto x) { return x; }
};

}  // namespace

TEST_CASE("what derivatives refuse") {
  const Tensor none;
  const Tensor x = ones({3});
  const auto same = [](const Tensors& xs) { return xs; };
  refuses("grad", "only a floating scalar can be differentiated: got f32[3]", [&] { grad(x * 2, x); });
  refuses("grad", "got i32[2]", [&] { grad(sum(x), tensor({1, 2})); });
  refuses("grad", "undefined Tensor", [&] { grad(none, x); });
  refuses("grad", "undefined Tensor", [&] { grad(sum(x), none); });
  refuses("vjp", "undefined Tensor", [&] { vjp({none}, {x}, {x}); });
  refuses("vjp", "got 1 results and 2 gradients", [&] { vjp({x}, {x, x}, {x}); });
  refuses("vjp", "got f32[2] for f32[3]", [&] { vjp({x}, {ones({2})}, {x}); });
  refuses("jvp", "got 1 arguments and 0 tangents", [&] { jvp(same, {x}, {}); });
  refuses("jvp", "got f32[2] for f32[3]", [&] { jvp(same, {x}, {ones({2})}); });
  refuses("jvp", "undefined Tensor", [&] { jvp(same, {none}, {x}); });
  refuses("value_and_grad", "undefined Tensor",
          [&] { value_and_grad([](const Tensors& xs) { return sum(xs[0]); }, {none}); });
  refuses("value_and_grad", "got an empty one", [&] { value_and_grad({}, {x}); });
  refuses("jvp", "got an empty one", [&] { jvp({}, {x}, {x}); });
  refuses("crooked", "shape and dtype of its input: got f32[2] for input 0, f32[3]",
          [&] { grad(sum(make<Crooked>(x)), x); });
  refuses("many", "got 2 for 1 inputs", [&] { grad(sum(make<Many>(x)), x); });
  refuses("final", "got 'final', which has none", [&] { grad(sum(make<Final>(x)), x); });
}

TEST_CASE("what traces refuse") {
  const auto same = [](const Tensors& xs) { return xs; };
  const Graph graph = trace(same, {{DType::float32, {2}}});
  refuses("trace", "got an empty one", [&] { trace({}, {}); });
  refuses("trace", "undefined Tensor", [&] { trace([](const Tensors&) { return Tensors{Tensor()}; }, {}); });
  refuses("evaluate", "got 0 for 1 inputs", [&] { evaluate(graph, {}); });
  refuses("evaluate", "got 0 for 1 inputs", [&] { Interpreter(graph).run({}); });
  refuses("evaluate", "got an undefined Array for", [&] { Interpreter(graph).run({Array()}); });
  refuses("evaluate", "got f32[3]", [&] { evaluate(graph, {ones({3})}); });
  refuses("add", "got f32[2] and f64[2]", [&] {
    trace([](const Tensors& xs) { return Tensors{xs[0] + ones({2}, DType::float64)}; },
          {{DType::float32, {2}}});
  });
}
