#include <sluice/compile/compile.h>
#include <sluice/graph/arithmetic.h>
#include <sluice/nn/freeze.h>
#include <sluice/nn/linear.h>
#include <sluice/ops/mean.h>
#include <sluice/ops/random.h>
#include <sluice/ops/square.h>
#include <sluice/ops/sum.h>
#include <sluice/optim/optim.h>

#include "support/catch.h"
#include "support/close.h"

using namespace sluice;
using namespace sluice::test;

namespace {

/// Values of all Variables in a list.
std::vector<std::vector<double>> snapshot(const NamedVariables& variables) {
  std::vector<std::vector<double>> values;
  for (const NamedVariable& named : variables) values.push_back(numbers(named.variable));
  return values;
}

struct Two {
  nn::Linear body{2, 3, random::key(1)}, head{3, 2, random::key(2)};
  NamedVariables parameters = nn::variables({{"body", body}, {"head", head}});
  Tensor loss() const { return mean(square(head(body(ones({4, 2}))) - 5)); }
};

template <class O>
O make(const NamedVariables& parameters) {
  if constexpr (std::is_same_v<O, optim::SGD>) {
    return O(parameters, {.learning_rate = 0.01, .momentum = 0.9, .weight_decay = 0.1});
  } else {
    return O(parameters, {.learning_rate = 0.01, .weight_decay = 0.1});
  }
}

}  // namespace

TEMPLATE_TEST_CASE("A frozen part does not move, nor do its moments, while the rest is trained", "",
                   optim::SGD, optim::Adam, optim::AdamW, optim::RMSprop, optim::Adagrad) {
  const bool compiled = GENERATE(false, true);
  const Two model;
  auto optimizer = make<TestType>(model.parameters);
  const auto update = [&] { return optimizer.update(model.loss()).norm(); };
  const auto program = compile(update);
  const auto step = [&] { return compiled ? program().item() : update().item(); };
  const auto of_body = [&] {  // parameters and moments of the body
    NamedVariables all = model.body.variables();
    for (const NamedVariable& named : optimizer.variables()) {
      if (named.name.find("body") != std::string::npos) all.push_back(named);
    }
    return snapshot(all);
  };
  const double whole = step();
  nn::freeze(model.body);
  const auto before = of_body();
  const auto head = snapshot(model.head.variables());
  const double part = step();
  CHECK(of_body() == before);
  CHECK(snapshot(model.head.variables()) != head);
  CHECK(part < whole);  // the norm is that of the gradients of the head
  step();
  CHECK(of_body() == before);

  nn::unfreeze(model.body);
  step();
  const auto after = of_body();
  for (std::size_t i = 0; i < after.size(); ++i) CHECK(after[i] != before[i]);
  CHECK(optimizer.steps() == 4);
}

TEST_CASE("Compiled and eager steps agree, whatever is frozen when") {
  const Two eager, compiled;
  auto one = make<optim::Adam>(eager.parameters), other = make<optim::Adam>(compiled.parameters);
  const auto program = compile([&] {
    other.update(compiled.loss());
    return compiled.loss();
  });
  const auto set = [](const Two& model, int step) {
    model.body.weight.freeze(step % 2 == 1);
    model.head.bias.freeze(step % 3 == 1);
  };
  for (int step = 0; step < 8; ++step) {
    set(eager, step), set(compiled, step);
    one.update(eager.loss());
    program();
    for (std::size_t i = 0; i < eager.parameters.size(); ++i)
      check_close(compiled.parameters[i].variable, eager.parameters[i].variable, 1e-5);
  }
  CHECK(program.program_count() == 4);  // for the four ways of freezing: none is traced twice
}

TEST_CASE("A compiled step of a model that is frozen as a whole counts, and moves nothing") {
  const Two model;
  optim::AdamW adam(model.parameters, {.weight_decay = 0.1, .clip_norm = 1, .clip_value = 1});
  const auto step = compile([&] { return adam.update(model.loss()).norm(); });
  step();
  const auto before = snapshot(model.parameters);
  for (const NamedVariable& named : model.parameters) named.variable.freeze();
  CHECK(step().item() == 0);
  CHECK(snapshot(model.parameters) == before);
  for (const NamedVariable& named : model.parameters) named.variable.freeze(false);
  CHECK(step().item() > 0);
  CHECK(snapshot(model.parameters) != before);
  CHECK(adam.steps() == 3);
}

TEST_CASE("A parameter that the loss does not reach is traced anew, too, when it is unfrozen") {
  const Two model;
  const Variable apart(ones({2}));
  NamedVariables parameters = model.parameters;
  parameters.push_back({"apart", apart});
  optim::SGD sgd(parameters, {.learning_rate = 0.1, .weight_decay = 0.5});
  const auto step = compile([&] { return sgd.update(model.loss()).norm(); });
  apart.freeze();
  step();
  check_close(apart, {1, 1}, 0);
  apart.freeze(false);
  step();
  check_close(apart, {0.95, 0.95}, 1e-6);  // weight decay alone
}

TEST_CASE("Functions that do not ask what is frozen are not traced again") {
  const Two model;
  const auto loss = compile([&] { return model.loss(); });
  loss();
  nn::freeze(model.body);
  loss();
  CHECK(loss.program_count() == 1);
}

TEST_CASE("Frozen parameters are neither unreached nor unlisted, and their gradients are not used") {
  const Two model;
  optim::SGD sgd(model.head.variables(), {.learning_rate = 0.1});
  CHECK(sgd.update(model.loss()).unlisted.size() == 2);
  nn::freeze(model.body);
  CHECK(sgd.update(model.loss()).unlisted.empty());

  model.head.weight.freeze();
  const std::vector<double> weight = numbers(model.head.weight);
  const optim::Update update = sgd.apply({full({3, 2}, INFINITY), Tensor()});
  CHECK(update.unreached == std::vector<std::string>{"bias"});
  CHECK(update.item() == 0);
  CHECK(numbers(model.head.weight) == weight);

  nn::freeze(model.head);
  model.head.bias.freeze(false);
  CHECK_THROWS_WITH(sgd.update(sum(square(model.head.weight))),
                    contains("[sgd] the loss must depend on a parameter") && contains("and none of bias;"));
}

TEST_CASE("Copies of a handle are as frozen, and a Variable without a slot cannot be") {
  const Variable v(ones({1}));
  const Variable same = v;
  same.freeze();
  CHECK(v.frozen());
  v.assign(zeros({1}));
  check_close(v, {0}, 0);
  CHECK_THROWS_WITH(Variable().freeze(), contains("[freeze] only a Variable with a slot has a value"));
  CHECK_THROWS_WITH(Variable().frozen(), contains("[frozen]"));
}
