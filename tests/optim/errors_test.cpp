#include <sluice/graph/arithmetic.h>
#include <sluice/graph/evaluate.h>
#include <sluice/ops/sum.h>

#include "optim/problem.h"
#include "support/catch.h"

#include <cmath>
#include <limits>

using namespace sluice;
using namespace sluice::test;

namespace {

const double not_a_number = std::numeric_limits<double>::quiet_NaN();

}  // namespace

TEST_CASE("an optimiser refuses parameters that it cannot train") {
  const Variable p(tensor({1.f}));
  const Variable q(tensor({1.f, 2.f}));
  const Variable ids(tensor({1, 2}));
  CHECK_THROWS_WITH(optim::SGD(NamedVariables{}), contains("[sgd] there must be something to train: got 0"));
  CHECK_THROWS_WITH(optim::SGD({optim::Group{.variables = {{"p", p}}, .frozen = true}}),
                    contains("got 1 parameters, all of them in frozen groups"));
  CHECK_THROWS_WITH(optim::Adam({{"p", p}, {"ids", ids}}),
                    contains("[adam] a parameter is floating") && contains("got 'ids', i32[2]"));
  CHECK_THROWS_WITH(optim::Adam({{"p", p}, {"q", Variable()}}), contains("got 'q' without one"));
  CHECK_THROWS_WITH(optim::AdamW({{"p", p}, {"p", q}}),
                    contains("[adamw]") && contains("got 'p' twice") && contains("f32[1] and f32[2]"));
  const std::vector<optim::Group> groups{{.variables = {{"p", p}}},
                                         {.variables = {{"tied", p}}, .frozen = true}};
  CHECK_THROWS_WITH(optim::RMSprop(groups),
                    contains("[rmsprop]") && contains("got 'tied', the same Variable as 'p'"));
  CHECK_THROWS_WITH(optim::SGD(NamedVariables{}), contains("errors_test.cpp"));
}

TEST_CASE("an optimiser refuses options out of range") {
  const NamedVariables p{{"p", Variable(tensor({1.f}))}};
  CHECK_THROWS_WITH(optim::SGD(p, {.learning_rate = -1}),
                    contains("learning_rate must be finite and not negative: got -1"));
  CHECK_THROWS_WITH(optim::SGD(p, {.learning_rate = not_a_number}),
                    contains("learning_rate") && contains("got nan"));
  CHECK_THROWS_WITH(optim::SGD(p, {.momentum = 1}), contains("[sgd] momentum must be in [0, 1): got 1"));
  CHECK_THROWS_WITH(optim::SGD(p, {.momentum = 0.5, .dampening = 1}), contains("dampening"));
  CHECK_THROWS_WITH(optim::SGD(p, {.nesterov = true}),
                    contains("nesterov needs momentum and no dampening: got momentum 0"));
  CHECK_THROWS_WITH(optim::SGD(p, {.momentum = 0.5, .dampening = 0.5, .nesterov = true}),
                    contains("dampening 0.5"));
  CHECK_THROWS_WITH(optim::SGD(p, {.weight_decay = -0.5}), contains("weight_decay") && contains("got -0.5"));
  CHECK_THROWS_WITH(optim::SGD(p, {.clip_norm = -5}), contains("clip_norm") && contains("got -5"));
  CHECK_THROWS_WITH(optim::SGD(p, {.clip_value = not_a_number}), contains("clip_value"));
  CHECK_THROWS_WITH(optim::Adam(p, {.beta1 = 1}), contains("[adam] beta1 must be in [0, 1): got 1"));
  CHECK_THROWS_WITH(optim::AdamW(p, {.beta2 = -0.1}), contains("[adamw] beta2 must be in [0, 1): got -0.1"));
  CHECK_THROWS_WITH(optim::Adam(p, {.eps = -1e-8}), contains("eps"));
  CHECK_THROWS_WITH(optim::RMSprop(p, {.alpha = 1.5}),
                    contains("[rmsprop] alpha must be in [0, 1): got 1.5"));
  CHECK_THROWS_WITH(optim::RMSprop(p, {.momentum = 2}), contains("momentum"));
  CHECK_THROWS_WITH(optim::Adagrad(p, {.learning_rate_decay = -1}),
                    contains("[adagrad] learning_rate_decay"));
  CHECK_THROWS_WITH(optim::Adagrad(p, {.initial_accumulator = -1}), contains("initial_accumulator"));
  CHECK_THROWS_WITH(optim::SGD({optim::Group{.variables = p, .learning_rate_scale = -1}}),
                    contains("learning_rate_scale of a group"));
  CHECK_THROWS_WITH(optim::SGD({optim::Group{.variables = p, .weight_decay = -1}}),
                    contains("weight_decay of a group"));
}

TEST_CASE("a step refuses what is no loss or no gradient, and changes nothing") {
  const Variable p(tensor({1.f, 2.f}));
  const Variable q(tensor({3.f}));
  optim::SGD sgd({{"p", p}, {"q", q}}, {.momentum = 0.5});
  const auto state = snapshot(sgd.variables());
  CHECK_THROWS_WITH(sgd.update(p.read()), contains("[sgd] the loss must be a floating scalar: got f32[2]") &&
                                              contains("mean or sum") && contains("errors_test.cpp"));
  CHECK_THROWS_WITH(sgd.update(tensor({1})), contains("got i32[1]"));
  CHECK_THROWS_WITH(sgd.update(Tensor()), contains("an undefined Tensor"));
  CHECK_THROWS_WITH(sgd.apply({tensor({1.f, 1.f})}), contains("got 1 gradients for 2 parameters"));
  CHECK_THROWS_WITH(sgd.apply({tensor({1.f, 1.f}), tensor({1.0})}), contains("got f64[1] for 'q', f32[1]"));
  CHECK_THROWS_AS(sgd.apply({tensor({1.f}), tensor({1.f})}), ShapeError);
  CHECK_THROWS_WITH(sgd.set_learning_rate(-0.5), contains("learning_rate") && contains("got -0.5"));
  CHECK(sgd.learning_rate() == 0.01);
  CHECK(snapshot(sgd.variables()) == state);
  CHECK(elements(p) == std::vector<double>{1, 2});
}

TEST_CASE("a schedule must make a scalar") {
  const Variable p(tensor({1.f}));
  optim::SGD wide({{"p", p}}, {.schedule = [](const Tensor&) { return tensor({1.0, 2.0}); }});
  CHECK_THROWS_WITH(wide.update(sum(p)),
                    contains("a schedule makes a floating scalar") && contains("f64[2]"));
  optim::SGD nothing({{"p", p}}, {.schedule = [](const Tensor&) { return Tensor(); }});
  CHECK_THROWS_WITH(nothing.update(sum(p)), contains("an undefined Tensor"));
}

TEST_CASE("a failed trace leaves an optimiser as it was") {
  const Variable p(tensor({1.f, 2.f}));
  optim::Adam adam({{"p", p}});
  const auto state = snapshot(adam.variables());
  CHECK_THROWS(trace(
      [&](const Tensors&) {
        adam.update(sum(p));
        return Tensors{adam.update(p.read())};
      },
      {}));
  CHECK(snapshot(adam.variables()) == state);
  CHECK(elements(p) == std::vector<double>{1, 2});
  adam.update(sum(p));
  CHECK(adam.steps() == 1);
}

TEST_CASE("steps are counted from a Variable that holds a count only") {
  const Variable p(tensor({1.f, 2.f}));
  const optim::Adam adam({{"p", p}});
  const auto step = adam.variables().front();
  REQUIRE(step.name == "step");
  for (const double value : {std::nan(""), 1e300, -1., HUGE_VAL}) {
    step.variable.set(full({}, value, DType::float64).value());
    CHECK_THROWS_WITH(adam.steps(), contains("[adam] the Variable \"step\" must hold the number of steps"));
  }
}

TEST_CASE("schedules, clipping and plateaus refuse options out of range") {
  CHECK_THROWS_WITH(optim::step_decay(0, 0.1),
                    contains("[step_decay] the number of steps") && contains("got 0"));
  CHECK_THROWS_WITH(optim::step_decay(10, -0.1), contains("gamma") && contains("got -0.1"));
  CHECK_THROWS_WITH(optim::exponential(not_a_number), contains("[exponential] gamma"));
  CHECK_THROWS_WITH(optim::cosine(-5), contains("[cosine]") && contains("got -5"));
  CHECK_THROWS_WITH(optim::cosine(10, -1), contains("minimum"));
  CHECK_THROWS_WITH(optim::warm_up(0), contains("[warm_up]"));
  CHECK_THROWS_WITH(optim::warm_up(5, optim::Schedule()), contains("use constant()"));
  const Tensors g{tensor({1.f})};
  CHECK_THROWS_WITH(optim::clip_by_global_norm(g, 0),
                    contains("[clip_by_global_norm] max_norm must be positive: got 0"));
  CHECK_THROWS_WITH(optim::clip_by_value(g, -1), contains("[clip_by_value] limit must be positive: got -1"));
  CHECK_THROWS_WITH(optim::global_norm({}), contains("[global_norm]"));
  const optim::SGD sgd({{"p", Variable(tensor({1.f}))}});
  CHECK_THROWS_WITH(optim::Plateau(sgd, {.factor = 1}),
                    contains("[plateau] factor must be in [0, 1): got 1"));
  CHECK_THROWS_WITH(optim::Plateau(sgd, {.patience = -1}), contains("patience"));
  CHECK_THROWS_WITH(optim::Plateau(sgd, {.threshold = -1}), contains("threshold"));
  CHECK_THROWS_WITH(optim::Plateau(sgd, {.cooldown = -1}), contains("cooldown"));
  CHECK_THROWS_WITH(optim::Plateau(sgd, {.minimum = -1}), contains("minimum"));
}
