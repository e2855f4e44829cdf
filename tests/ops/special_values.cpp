// Compiled programs give the bits that the interpreter gives, for every elementwise op at special values:
// alone, in a group, with operands that broadcast, for few elements and for many, on every instruction set.

#include "ops/special_values.h"

#include <sluice/compile/program.h>
#include <sluice/graph/evaluate.h>
#include <sluice/kernels/vector_math.h>
#include <sluice/ops/ops.h>

#include <functional>
#include <string>
#include <vector>

#include "support/catch.h"
#include "support/restart.h"

using namespace sluice;
using test::same_number;

namespace {

struct Named {
  std::string name;
  TensorFunction function;
};

/// f(x) of one operand, as a function of a list.
Named one(std::string name, const std::function<Tensor(const Tensor&)>& f) {
  return {std::move(name), [f](const Tensors& x) { return Tensors{f(x[0])}; }};
}

Named two(std::string name, const std::function<Tensor(const Tensor&, const Tensor&)>& f) {
  return {std::move(name), [f](const Tensors& x) { return Tensors{f(x[0], x[1])}; }};
}

/// Of one operand. `x + 0` is not among them: compiled it is x, also where x is -0, as for all sums with
/// zero.
std::vector<Named> functions() {
  return {
      one("negate", [](const Tensor& x) { return -x; }),
      one("abs", [](const Tensor& x) { return abs(x); }),
      one("sign", [](const Tensor& x) { return sign(x); }),
      one("floor", [](const Tensor& x) { return floor(x); }),
      one("square", [](const Tensor& x) { return square(x); }),
      one("sqrt", [](const Tensor& x) { return sqrt(x); }),
      one("rsqrt", [](const Tensor& x) { return rsqrt(x); }),
      one("exp", [](const Tensor& x) { return exp(x); }),
      one("expm1", [](const Tensor& x) { return expm1(x); }),
      one("log", [](const Tensor& x) { return log(x); }),
      one("log1p", [](const Tensor& x) { return log1p(x); }),
      one("sin", [](const Tensor& x) { return sin(x); }),
      one("cos", [](const Tensor& x) { return cos(x); }),
      one("tanh", [](const Tensor& x) { return tanh(x); }),
      one("sigmoid", [](const Tensor& x) { return sigmoid(x); }),
      one("softplus", [](const Tensor& x) { return softplus(x); }),
      one("erf", [](const Tensor& x) { return erf(x); }),
      one("relu", [](const Tensor& x) { return relu(x); }),
      one("leaky_relu", [](const Tensor& x) { return leaky_relu(x, 0.1); }),
      one("elu", [](const Tensor& x) { return elu(x, 1.5); }),
      one("gelu", [](const Tensor& x) { return gelu(x); }),
      one("gelu by tanh", [](const Tensor& x) { return gelu(x, GeluForm::tanh); }),
      one("silu", [](const Tensor& x) { return silu(x); }),
      one("clamp", [](const Tensor& x) { return clamp(x, -0.75, 1.5); }),
      one("clamp to infinity",
          [](const Tensor& x) { return clamp(x, 0, test::special_values<double>()[11]); }),
      one("cube", [](const Tensor& x) { return pow(x, 3); }),
      one("root", [](const Tensor& x) { return pow(x, 0.5); }),
      one("reciprocal", [](const Tensor& x) { return 1 / x; }),
      one("to bool and back", [](const Tensor& x) { return cast(cast(x, DType::boolean), x.dtype()); }),
      one("to i32 and back", [](const Tensor& x) { return cast(cast(x, DType::int32), x.dtype()); }),
      one("to f64 and back", [](const Tensor& x) { return cast(cast(x, DType::float64), x.dtype()); }),
      one("to f32 and back", [](const Tensor& x) { return cast(cast(x, DType::float32), x.dtype()); }),
      one("x - 0", [](const Tensor& x) { return x - 0; }),
      one("0 - x", [](const Tensor& x) { return 0 - x; }),
      one("x * 1", [](const Tensor& x) { return x * 1; }),
      one("x * -1", [](const Tensor& x) { return x * -1; }),
      one("x * 0", [](const Tensor& x) { return x * 0; }),
      one("x / 1", [](const Tensor& x) { return x / 1; }),
      one("x - x", [](const Tensor& x) { return x - x; }),
      one("x / x", [](const Tensor& x) { return x / x; }),
  };
}

/// Of two operands. Those that give bool choose numbers.
std::vector<Named> functions_of_two() {
  const auto chosen = [](const Tensor& condition, const Tensor& a, const Tensor& b) {
    return where(condition, a, b);
  };
  return {
      two("add", [](const Tensor& a, const Tensor& b) { return a + b; }),
      two("subtract", [](const Tensor& a, const Tensor& b) { return a - b; }),
      two("multiply", [](const Tensor& a, const Tensor& b) { return a * b; }),
      two("divide", [](const Tensor& a, const Tensor& b) { return a / b; }),
      two("maximum", [](const Tensor& a, const Tensor& b) { return maximum(a, b); }),
      two("minimum", [](const Tensor& a, const Tensor& b) { return minimum(a, b); }),
      two("pow", [](const Tensor& a, const Tensor& b) { return pow(a, b); }),
      two("multiply_no_nan", [](const Tensor& a, const Tensor& b) { return multiply_no_nan(a, b); }),
      two("less", [=](const Tensor& a, const Tensor& b) { return chosen(a < b, a, b); }),
      two("less_equal", [=](const Tensor& a, const Tensor& b) { return chosen(a <= b, a, b); }),
      two("greater", [=](const Tensor& a, const Tensor& b) { return chosen(a > b, a, b); }),
      two("greater_equal", [=](const Tensor& a, const Tensor& b) { return chosen(a >= b, a, b); }),
      two("equal", [=](const Tensor& a, const Tensor& b) { return chosen(a == b, a, b); }),
      two("not_equal", [=](const Tensor& a, const Tensor& b) { return chosen(a != b, a, b); }),
      two("logical",
          [=](const Tensor& a, const Tensor& b) {
            const Tensor one = cast(a, DType::boolean);
            const Tensor other = cast(b, DType::boolean);
            const Tensor all = logical_and(logical_or(one, other), logical_not(logical_xor(one, other)));
            return chosen(all, a, b);
          }),
  };
}

/// Compares the function interpreted with what the compiler makes of it, with and without passes.
template <class T>
void check_same_bits(const Named& named, const Tensors& arguments) {
  Specs specs;
  for (const Tensor& argument : arguments) specs.push_back(argument.spec());
  const Graph graph = trace(named.function, specs);
  const std::vector<T> expected = evaluate(graph, arguments)[0].to_vector<T>();
  for (const PassSet& passes : {PassSet::all(), PassSet::none()}) {
    const std::vector<T> got = Program(graph, passes).run(arguments)[0].to_vector<T>();
    REQUIRE(got.size() == expected.size());
    for (std::size_t i = 0; i < got.size(); ++i) {
      if (same_number(got[i], expected[i])) continue;
      INFO(named.name << " of " << arguments[0].spec().text() << (passes.has("fuse") ? "" : ", no passes"));
      FAIL_CHECK("element " << i << " is " << got[i] << " compiled and " << expected[i] << " interpreted");
    }
  }
}

/// Values over and over: `times` of them, for whole registers and tiles.
template <class T>
Tensor repeated(std::size_t times) {
  const std::vector<T> once = test::special_values<T>();
  std::vector<T> all;
  for (std::size_t i = 0; i < times; ++i) all.insert(all.end(), once.begin(), once.end());
  return tensor(all, {static_cast<Index>(all.size())});
}

/// The function between others, so that it runs in a group. Signs change twice.
Named in_group(const Named& named) {
  return {named.name + " in a group", [named](const Tensors& x) {
            Tensors negated;
            for (const Tensor& in : x) negated.push_back(-in);
            return Tensors{abs(maximum(-named.function(negated)[0], named.function(x)[0]))};
          }};
}

template <class T>
void check_all() {
  for (const Named& named : functions()) {
    for (const std::size_t times : {std::size_t{1}, std::size_t{200}}) {
      check_same_bits<T>(named, {repeated<T>(times)});
      check_same_bits<T>(in_group(named), {repeated<T>(times)});
    }
  }
  const Tensor row = repeated<T>(1);
  const Tensor column = evaluate(reshape(row, {-1, 1}));
  const Tensor rows = evaluate(reshape(broadcast_to(row, {row.size(), row.size()}), {-1}));
  const Tensor columns = evaluate(reshape(broadcast_to(column, {row.size(), row.size()}), {-1}));
  for (const Named& named : functions_of_two()) {
    for (const Named& form : {named, in_group(named)}) {
      check_same_bits<T>(form, {row, column});
      check_same_bits<T>(form, {column, row});
      check_same_bits<T>(form, {rows, columns});
      for (const T number : test::special_values<T>())
        check_same_bits<T>(form, {row, full({}, static_cast<double>(number), row.dtype())});
    }
  }
}

}  // namespace

TEMPLATE_TEST_CASE("elementwise ops have the same bits compiled and interpreted at special values",
                   "[special_values]", float, double) {
  check_all<TestType>();
}

TEST_CASE("elementwise ops have the same bits compiled and interpreted with every instruction set") {
  for (const std::string isa : {"baseline", "avx2", "avx512"}) {
    INFO(isa);
    CHECK(test::passes_with("SLUICE_ISA=" + isa, "[special_values]"));
  }
}
