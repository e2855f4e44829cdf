// What an update says it has done.

#include <sluice/compile/compile.h>
#include <sluice/graph/arithmetic.h>
#include <sluice/graph/evaluate.h>
#include <sluice/ops/cast.h>
#include <sluice/ops/log.h>
#include <sluice/ops/scan.h>
#include <sluice/ops/square.h>
#include <sluice/ops/stop_gradient.h>
#include <sluice/ops/sum.h>

#include "optim/problem.h"
#include "support/catch.h"

using namespace sluice;

namespace {

using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("an update is the norm of its gradients, and goes wherever a Tensor goes") {
  const Variable v(tensor({3.0, 4.0}));
  optim::SGD sgd({{"v", v}}, {.learning_rate = 0.1});
  const auto half = [&] { return sum(square(v)) / 2; };
  const optim::Update done = sgd.update(half());
  CHECK(done.item() == 5);
  CHECK(done.norm().is(done));
  CHECK(done.taken.item() == 1);
  CHECK(done.why().empty());
  CHECK(evaluate(done * 2).item() == 10);
  const Tensors list{sgd.update(half()), sgd.update(half())};
  CHECK(list[1].item() == Approx(4.05));
}

TEST_CASE("an update returned from a compiled function is a Tensor, alone and in pairs, tuples and arrays") {
  const Variable v(tensor({3.0, 4.0}));
  optim::SGD sgd({{"v", v}}, {.learning_rate = 0.0});
  const auto loss = [&] { return sum(square(v)) / 2; };
  const auto alone = compile([&] {
    auto n = sgd.update(loss());
    return n;
  });
  static_assert(std::is_same_v<decltype(alone()), Tensor>);
  CHECK(alone().item() == 5);
  const auto pair = compile([&] {
    const Tensor y = loss();
    return std::pair{y, sgd.update(y)};
  });
  static_assert(std::is_same_v<decltype(pair()), std::pair<Tensor, Tensor>>);
  CHECK(pair().second.item() == 5);
  const auto tuple = compile([&] {
    const Tensor y = loss();
    const auto done = sgd.update(y);
    return std::tuple{done, y, done.taken};
  });
  CHECK(std::get<1>(tuple()).item() == 12.5);
  CHECK(std::get<2>(tuple()).item() == 1);
  const auto array = compile([&] { return std::array{sgd.update(loss()), sgd.update(loss())}; });
  CHECK(array()[1].item() == 5);
  const auto inside = compile([&] { return alone() + std::get<0>(tuple()) + pair().first; });
  CHECK(inside().item() == 22.5);
  CHECK(compile([&] { return v; })().to_vector<double>() == std::vector{3.0, 4.0});
}

TEST_CASE("an update says whether the step was taken, and why not") {
  const Variable v(tensor({1.0, 1.0}));
  optim::SGD sgd({{"v", v}}, {.learning_rate = 0.1, .skip_nonfinite = true});
  const Variable scale(full({}, -1, DType::float64));
  const auto loss = [&] { return sum(log(v * stop_gradient(scale))) * stop_gradient(scale) / 0.0; };
  const optim::Update skipped = sgd.update(loss());
  CHECK(skipped.taken.item() == 0);
  CHECK_THAT(skipped.why(), contains("the norm of the gradients is inf") && contains("nothing was changed"));
  const auto step = compile([&](const Tensor& factor) {
    const optim::Update done = sgd.update(sum(v) * factor);
    CHECK_THROWS_WITH(done.why(), contains("[why] in item: ") && contains("update_test.cpp:"));
    return std::pair{done, done.taken};
  });
  CHECK(step(full({}, NAN, DType::float64)).second.item() == 0);
  CHECK(sgd.steps() == 0);
  CHECK(step(ones({}, DType::float64)).second.item() == 1);
  CHECK(sgd.steps() == 1);
  optim::SGD careless({{"v", v}}, {.learning_rate = 0.1});
  CHECK(careless.update(sum(v) * NAN).taken.item() == 1);  // nothing was skipped
}

TEST_CASE("an update names parameters without a gradient, and Variables that the optimiser does not have") {
  const Variable a(tensor({1.0, 2.0}));
  const Variable b(tensor({3.0}));
  const Variable frozen(tensor({4.0}));
  const Variable state(tensor({5.0}));
  const Variable counter(tensor({6}));
  const int line = __LINE__ + 1;
  const Variable forgotten(tensor({7.0, 8.0}));
  optim::Adam adam(
      {{.variables = {{"a", a}, {"b", b}}}, {.variables = {{"frozen", frozen}}, .frozen = true}});
  const auto loss = [&] {
    const Tensor x = scan(
                         [&](const Tensors& c, const Tensors& x) {
                           return Carried{{c[0] * x[0] + forgotten}, {}};
                         },
                         {a}, {tensor({1.0, 2.0})})
                         .carry[0];
    return sum(x) * sum(frozen) * sum(stop_gradient(state)) * sum(cast(counter, DType::float64));
  };
  const auto require = [&](const optim::Update& done) {
    CHECK(done.unreached == Names{"b"});
    REQUIRE(done.unlisted.size() == 1);
    CHECK(done.unlisted[0].variable.is(forgotten));
    CHECK_THAT(done.unlisted[0].name,
               contains("f64[2] made at ") && contains("update_test.cpp:" + std::to_string(line)));
  };
  require(adam.update(loss()));
  compile([&] { require(adam.update(loss())); })();
  const optim::Update applied = adam.apply({tensor({1.0, 1.0}), Tensor()});
  CHECK(applied.unreached == Names{"b"});
  CHECK(applied.unlisted.empty());
}

TEST_CASE("an update of a loss that depends on no parameter is an error, eagerly and traced") {
  const Variable a(tensor({1.0, 2.0}));
  const Variable other(tensor({3.0}));
  optim::SGD sgd({{"a", a}}, {.learning_rate = 0.1});
  CHECK_THROWS_WITH(
      sgd.update(sum(ones({3}))),
      contains("[sgd] the loss must depend on a parameter: got one made from constants, and none of a;") &&
          contains("update_test.cpp:"));
  CHECK_THROWS_WITH(sgd.update(sum(other)), contains("got one made from f64[1] made at "));
  CHECK_THROWS_WITH(sgd.update(sum(stop_gradient(a))), contains("without stop_gradient"));
  CHECK_THROWS_WITH(compile([&] { sgd.update(sum(other)); })(), contains("[sgd] the loss must depend on"));
  CHECK(a.value().to_vector<double>() == std::vector{1.0, 2.0});
  CHECK(sgd.steps() == 0);
  std::vector<Variable> many;
  NamedVariables parameters;
  for (int i = 0; i < 10; ++i) parameters.push_back({std::to_string(i), many.emplace_back(tensor({1.0}))});
  optim::SGD large(parameters);
  CHECK_THROWS_WITH(large.update(sum(other)), contains("none of 0, 1, 2 and 7 more;"));
}
