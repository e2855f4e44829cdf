#include <sluice/check/gradcheck.h>
#include <sluice/graph/arithmetic.h>
#include <sluice/graph/grad.h>
#include <sluice/nn/functional.h>
#include <sluice/nn/loss.h>
#include <sluice/nn/lstm.h>
#include <sluice/nn/values.h>
#include <sluice/ops/random.h>
#include <sluice/ops/square.h>
#include <sluice/ops/tanh.h>

#include "support/catch.h"
#include "support/close.h"

using namespace sluice;
using namespace sluice::test;

namespace {

Tensors parameters_of(const nn::Module& model) {
  Tensors values;
  for (const NamedVariable& named : model.variables()) values.push_back(named.variable.value());
  return values;
}

Tensor normal(int seed, const Shape& shape) {
  return evaluate(random::normal(random::key(static_cast<std::uint64_t>(seed)), shape, 0, 1, DType::float64));
}

}  // namespace

TEST_CASE("All parameters of an LSTM converted to float64 pass a gradient check") {
  const nn::LSTM model = nn::to(nn::LSTM(2, 2, 3, random::key(1)), DType::float64);
  const Tensor x = normal(2, {3, 2, 2}), y = normal(3, {3, 2, 3});
  const auto report = gradcheck(
      [&](const Tensors& values) {
        return nn::functional(model, values, [&] { return nn::mse(model(x), y); });
      },
      parameters_of(model));
  CHECK(report.entries == model.count());
}

TEST_CASE("A function of the parameters returns what it is made of") {
  const nn::Linear model(1, 1, random::key(1));
  const Tensor x = ones({1, 1});
  const Tensors values{full({1, 1}, 2), full({1}, 3)};
  const auto one = nn::functional(model, values, [&] { return model(x); });
  static_assert(std::is_same_v<decltype(one), const Tensor>);
  check_close(one, {5}, 0);
  const auto two = nn::functional(model, values, [&] { return Tensors{model(x), 2 * model.weight}; });
  static_assert(std::is_same_v<decltype(two), const Tensors>);
  REQUIRE(two.size() == 2);
  check_close(two[1], {4}, 0);
  CHECK(numbers(model(x)) != numbers(one));
}

TEST_CASE("The gradient through a step of SGD is that of finite differences") {
  const nn::Linear model = nn::to(nn::Linear(2, 2, random::key(1)), DType::float64);
  const Tensor x = normal(2, {3, 2}), y = normal(3, {3, 2}), x2 = normal(4, {3, 2}), y2 = normal(5, {3, 2});
  const auto meta = [&](const Tensors& values) {
    const Tensor inner = nn::functional(model, values, [&] { return nn::mse(tanh(model(x)), y); });
    Tensors stepped = grad(inner, values);
    for (std::size_t i = 0; i < values.size(); ++i) stepped[i] = values[i] - 0.3 * stepped[i];
    return nn::functional(model, stepped, [&] { return nn::mse(tanh(model(x2)), y2); });
  };
  gradcheck(meta, parameters_of(model));  // by central differences

  // It is not the gradient at the values after the step, which first-order methods take.
  const Tensors values = parameters_of(model);
  Tensors stepped = grad(nn::functional(model, values, [&] { return nn::mse(tanh(model(x)), y); }), values);
  for (std::size_t i = 0; i < values.size(); ++i) stepped[i] = evaluate(values[i] - 0.3 * stepped[i]);
  const Tensor after = nn::functional(model, stepped, [&] { return nn::mse(tanh(model(x2)), y2); });
  CHECK(numbers(grad(after, stepped)[0]) != numbers(grad(meta(values), values)[0]));
}
