// Activation functions with a kink or a parameter, against their definitions.

#include <sluice/graph/evaluate.h>
#include <sluice/graph/grad.h>
#include <sluice/graph/print.h>
#include <sluice/ops/ops.h>

#include <cmath>

#include "support/catch.h"
#include "support/check_op.h"

using namespace sluice;
using namespace sluice::test;

namespace {

using Elements = std::vector<double>;
using Call = std::function<Tensor(const Tensors&)>;

void check_activation(const std::string& name, const Call& call,
                      const std::function<double(double)>& formula) {
  check_op(name, call, unary_samples(), {.scalar = [formula](const Elements& x) { return formula(x[0]); }});
  check_error(call, {i32({2})},
              "[" + name + "] the operand must be a floating tensor (f32 or f64): got i32[2]");
  check_error(call, {boolean({2, 1})},
              "[" + name + "] the operand must be a floating tensor (f32 or f64): got bool[2, 1]");
  check_error([&](const Tensors&) { return call({Tensor()}); }, {f32({})},
              "got an undefined Tensor; assign it first");
}

std::vector<double> derivative(const Call& call, const std::vector<double>& at) {
  const Tensor x = tensor(at, {static_cast<Index>(at.size())});
  return evaluate(vjp({call({x})}, {ones_like(x)}, {x})[0]).to_vector<double>();
}

}  // namespace

TEST_CASE("relu keeps what is positive") {
  const Call call = [](const Tensors& x) { return relu(x[0]); };
  check_activation("relu", call, [](double x) { return x > 0 ? x : 0; });
  CHECK(derivative(call, {-1, -0., 0, 1}) == Elements{0, 0, 0, 1});
  CHECK(std::isnan(evaluate(relu(tensor({NAN}))).to_vector()[0]));
}

TEST_CASE("leaky_relu scales what is negative") {
  const Call call = [](const Tensors& x) { return leaky_relu(x[0], 0.125); };
  check_activation("leaky_relu", call, [](double x) { return x > 0 ? x : 0.125 * x; });
  CHECK(derivative(call, {-1, 0, 1}) == Elements{0.125, 0.125, 1});
  CHECK(leaky_relu(tensor({1.f})).op().attributes() == "slope=0.01");
}

TEST_CASE("elu saturates at minus alpha") {
  const Call call = [](const Tensors& x) { return elu(x[0], 1.5); };
  check_activation("elu", call, [](double x) { return x > 0 ? x : 1.5 * (std::exp(x) - 1); });
  CHECK(derivative(call, {-INFINITY, 0, 1000}) == Elements{0, 1.5, 1});
  CHECK(elu(tensor({1.f})).op().attributes() == "alpha=1");
}

TEST_CASE("the second derivative of elu is finite where the exponential overflows") {
  const Tensor x = tensor({1000.0}, {});
  CHECK(evaluate(grad(grad(elu(x), x), x)).item() == 0);
}

TEST_CASE("gelu weighs by the normal distribution") {
  check_activation(
      "gelu", [](const Tensors& x) { return gelu(x[0]); },
      [](double x) { return x * 0.5 * (1 + std::erf(x / std::sqrt(2.0))); });
  check_activation(
      "gelu_tanh", [](const Tensors& x) { return gelu(x[0], GeluForm::tanh); },
      [](double x) {
        return 0.5 * x * (1 + std::tanh(std::sqrt(2 / std::acos(-1.0)) * (x + 0.044715 * x * x * x)));
      });
  // Ten standard deviations out nothing is left of 1 + erf; the true value is x times a tail of 7.6e-24.
  CHECK(evaluate(gelu(tensor({-10.0}, {}))).item() == Approx(-7.619853024160527e-23).epsilon(1e-10));
}

TEST_CASE("silu multiplies by the sigmoid") {
  check_activation(
      "silu", [](const Tensors& x) { return silu(x[0]); }, [](double x) { return x / (1 + std::exp(-x)); });
}

TEST_CASE("stop_gradient passes values of any dtype and no gradient") {
  check_op("stop_gradient", [](const Tensors& x) { return stop_gradient(x[0]); }, unary_samples(),
           {.scalar = [](const Elements& x) { return x[0]; }, .gradient = false});
  const Tensor x = tensor({3.0}, {});
  CHECK(evaluate(grad(x * stop_gradient(x), x)).item() == 3);
  CHECK(evaluate(stop_gradient(tensor({true, false}))).to_vector<bool>() == std::vector<bool>{true, false});
  CHECK(evaluate(stop_gradient(tensor({7}))).to_vector<std::int32_t>() == std::vector<std::int32_t>{7});
}
