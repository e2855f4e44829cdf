#include <sluice/compile/compile.h>
#include <sluice/graph/arithmetic.h>
#include <sluice/graph/evaluate.h>
#include <sluice/graph/grad.h>
#include <sluice/ops/sqrt.h>
#include <sluice/ops/square.h>
#include <sluice/ops/sum.h>

#include "optim/problem.h"
#include "support/catch.h"

#include <cmath>
#include <functional>

using namespace sluice;
using namespace sluice::test;

namespace {

std::vector<std::string> names_of(const NamedVariables& variables) {
  std::vector<std::string> names;
  for (const NamedVariable& named : variables) names.push_back(named.name);
  return names;
}

using MakeOptimizer = std::function<std::unique_ptr<optim::Optimizer>(const NamedVariables&)>;

/// Every optimiser with all of its state, a schedule and clipping.
std::vector<MakeOptimizer> all_optimizers() {
  const auto schedule = optim::warm_up(3, optim::cosine(20, 0.1));
  return {
      [=](const NamedVariables& p) {
        return std::make_unique<optim::SGD>(
            p, optim::SGDOptions{
                   .learning_rate = 0.05, .momentum = 0.9, .dampening = 0.1, .schedule = schedule});
      },
      [=](const NamedVariables& p) {
        return std::make_unique<optim::Adam>(
            p,
            optim::AdamOptions{.learning_rate = 0.05, .amsgrad = true, .clip_norm = 1, .schedule = schedule});
      },
      [=](const NamedVariables& p) {
        return std::make_unique<optim::AdamW>(
            p, optim::AdamWOptions{.learning_rate = 0.05, .clip_value = 0.5, .schedule = schedule});
      },
      [=](const NamedVariables& p) {
        return std::make_unique<optim::RMSprop>(
            p, optim::RMSpropOptions{.momentum = 0.5, .centered = true, .schedule = schedule});
      },
      [=](const NamedVariables& p) {
        return std::make_unique<optim::Adagrad>(
            p,
            optim::AdagradOptions{.learning_rate = 0.1, .learning_rate_decay = 0.1, .skip_nonfinite = true});
      },
  };
}

void copy_values(const NamedVariables& from, const NamedVariables& to) {
  REQUIRE(names_of(from) == names_of(to));
  for (std::size_t i = 0; i < from.size(); ++i) to[i].variable.set(from[i].variable.value().value());
}

Tensor scalar(double value) { return full({}, value, DType::float64); }

}  // namespace

TEST_CASE("an eager update, a traced one and a compiled one give the same bits") {
  for (const MakeOptimizer& make : all_optimizers()) {
    const SmallProblem problems[3] = {SmallProblem(DType::float32), SmallProblem(DType::float32),
                                      SmallProblem(DType::float32)};
    std::vector<std::unique_ptr<optim::Optimizer>> optimizers;
    for (const SmallProblem& problem : problems) optimizers.push_back(make(problem.parameters()));
    const auto update = [&](std::size_t way) { return optimizers[way]->update(problems[way].loss()); };
    const Graph graph = trace([&](const Tensors&) { return Tensors{update(1)}; }, {});
    const auto compiled = compile([&] { return update(2); });
    for (int step = 0; step < 25; ++step) {
      const double norm = update(0).item();
      CHECK(norm == evaluate(graph, {}).front().item());
      CHECK(norm == compiled().item());
    }
    for (const std::size_t way : {1, 2}) {
      CHECK(snapshot(problems[0].parameters()) == snapshot(problems[way].parameters()));
      CHECK(snapshot(optimizers[0]->variables()) == snapshot(optimizers[way]->variables()));
    }
    CHECK(elements(problems[0].w) != elements(SmallProblem(DType::float32).w));
  }
}

TEST_CASE("a run that is saved and resumed goes on with the same bits") {
  for (const MakeOptimizer& make : all_optimizers()) {
    const SmallProblem whole;
    const auto one = make(whole.parameters());
    for (int step = 0; step < 12; ++step) one->update(whole.loss());

    const SmallProblem before;
    const auto two = make(before.parameters());
    for (int step = 0; step < 5; ++step) two->update(before.loss());
    const SmallProblem after;
    const auto three = make(after.parameters());
    copy_values(before.parameters(), after.parameters());
    copy_values(two->variables(), three->variables());
    for (int step = 5; step < 12; ++step) three->update(after.loss());

    CHECK(snapshot(whole.parameters()) == snapshot(after.parameters()));
    CHECK(snapshot(one->variables()) == snapshot(three->variables()));
  }
}

TEST_CASE("every optimiser brings the loss down") {
  for (const MakeOptimizer& make : all_optimizers()) {
    const SmallProblem problem;
    const double start = evaluate(problem.loss()).item();
    const auto optimizer = make(problem.parameters());
    for (int step = 0; step < 100; ++step) optimizer->update(problem.loss());
    CHECK(evaluate(problem.loss()).item() < 0.9 * start);
  }
}

TEST_CASE("the state of an optimiser is named after the parameters") {
  const SmallProblem problem;
  using Names = std::vector<std::string>;
  const auto names = [](const optim::Optimizer& optimizer) { return names_of(optimizer.variables()); };
  const auto p = problem.parameters();
  CHECK(names(optim::SGD(p)) == Names{"step", "learning_rate"});
  CHECK(names(optim::SGD(p, {.momentum = 0.5})) ==
        Names{"step", "learning_rate", "momentum.w", "momentum.b", "momentum.s"});
  CHECK(names(optim::Adam({{"w", problem.w}}, {.amsgrad = true})) ==
        Names{"step", "learning_rate", "m.w", "v.w", "v_max.w"});
  CHECK(names(optim::AdamW(p)) == Names{"step", "learning_rate", "m.w", "m.b", "m.s", "v.w", "v.b", "v.s"});
  CHECK(names(optim::RMSprop({{"w", problem.w}}, {.momentum = 0.5, .centered = true})) ==
        Names{"step", "learning_rate", "v.w", "mean.w", "momentum.w"});
  const optim::Adagrad adagrad({{"b", problem.b}}, {.initial_accumulator = 0.25});
  CHECK(names(adagrad) == Names{"step", "learning_rate", "sum.b"});
  CHECK(elements(adagrad.variables().back().variable) == std::vector<double>{0.25, 0.25, 0.25});
}

TEST_CASE("groups scale the learning rate, replace the weight decay and freeze") {
  const Variable fast(scalar(1));
  const Variable slow(scalar(1));
  const Variable bare(scalar(1));
  const Variable still(scalar(1));
  const std::vector<optim::Group> groups{
      {.variables = {{"fast", fast}}},
      {.variables = {{"slow", slow}}, .learning_rate_scale = 0.1},
      {.variables = {{"bare", bare}}, .weight_decay = 0.0},
      {.variables = {{"still", still}}, .frozen = true},
  };
  optim::SGD sgd(groups, {.learning_rate = 0.5, .momentum = 0.5, .weight_decay = 0.2});
  sgd.update(fast + slow + bare + still);  // every gradient is 1
  CHECK(fast.value().item() == Approx(1 - 0.5 * (1 + 0.2)));
  CHECK(slow.value().item() == Approx(1 - 0.05 * (1 + 0.2)));
  CHECK(bare.value().item() == Approx(1 - 0.5));
  CHECK(still.value().item() == 1);
  CHECK(names_of(sgd.parameters()) == std::vector<std::string>{"fast", "slow", "bare"});
  CHECK(names_of(sgd.variables()).back() == "momentum.bare");
}

TEST_CASE("decay of a group is decoupled in AdamW") {
  const Variable decayed(scalar(2));
  const Variable bare(scalar(2));
  optim::AdamW adamw(
      {{.variables = {{"decayed", decayed}}}, {.variables = {{"bare", bare}}, .weight_decay = 0.0}},
      {.learning_rate = 0.1, .weight_decay = 0.5});
  adamw.apply({Tensor(), Tensor()});  // no gradient: only the decay is left
  CHECK(decayed.value().item() == Approx(2 * (1 - 0.1 * 0.5)));
  CHECK(bare.value().item() == 2);
}

TEST_CASE("the learning rate can be set between runs of a compiled step") {
  const Variable p(scalar(0));
  optim::SGD sgd({{"p", p}}, {.learning_rate = 1});
  const auto step = compile([&] { sgd.update(p); });
  step();
  CHECK(p.value().item() == -1);
  sgd.set_learning_rate(0.25);
  CHECK(sgd.learning_rate() == 0.25);
  step();
  CHECK(p.value().item() == -1.25);
  CHECK(step.program_count() == 1);
  CHECK(sgd.steps() == 2);
}

TEST_CASE("the first update uses the learning rate of step 0") {
  const Variable p(scalar(0));
  optim::SGD sgd({{"p", p}},
                 {.learning_rate = 1, .schedule = [](const Tensor& step) { return 1 / (1 + step); }});
  double expected = 0;
  for (int step = 0; step < 5; ++step) {
    CHECK(evaluate(sgd.scheduled_rate()).item() == Approx(1.0 / (1 + step)));
    sgd.update(p);
    expected -= 1.0 / (1 + step);
    CHECK(p.value().item() == Approx(expected));
  }
}

TEST_CASE("all new values are made from old ones") {
  // If a were replaced before b's gradient is computed, b would see the new a.
  for (const bool traced : {false, true}) {
    const Variable a(scalar(2));
    const Variable b(scalar(3));
    optim::SGD sgd({{"a", a}, {"b", b}}, {.learning_rate = 0.1});
    const auto update = [&](const Tensors&) { return Tensors{sgd.update(a * b)}; };
    const Tensors norm = traced ? evaluate(trace(update, {}), {}) : update({});
    CHECK(a.value().item() == Approx(2 - 0.1 * 3));
    CHECK(b.value().item() == Approx(3 - 0.1 * 2));
    CHECK(norm.front().item() == Approx(std::sqrt(13.0)));
  }
}

TEST_CASE("apply takes gradients made elsewhere, an undefined one counts as zero") {
  const SmallProblem problem;
  const SmallProblem other;
  optim::Adam adam(problem.parameters());
  optim::Adam same(other.parameters());
  const Tensor loss = other.loss();
  adam.update(problem.loss());
  same.apply(grad(loss, {other.w, other.b, other.s}));
  CHECK(snapshot(problem.parameters()) == snapshot(other.parameters()));

  optim::SGD sgd(problem.parameters());
  const auto before = elements(problem.w);
  sgd.apply({Tensor(), ones_like(problem.b), Tensor()});
  CHECK(elements(problem.w) == before);
}

TEST_CASE("two steps in one traced function are two steps") {
  const SmallProblem once;
  const SmallProblem twice;
  optim::Adam first(once.parameters(), {.learning_rate = 0.1});
  optim::Adam second(twice.parameters(), {.learning_rate = 0.1});
  first.update(once.loss());
  first.update(once.loss());
  const Graph graph = trace(
      [&](const Tensors&) {
        second.update(twice.loss());
        return Tensors{second.update(twice.loss())};
      },
      {});
  evaluate(graph, {});
  CHECK(second.steps() == 2);
  CHECK(snapshot(first.variables()) == snapshot(second.variables()));
  CHECK(snapshot(once.parameters()) == snapshot(twice.parameters()));
}

TEST_CASE("the norm that an update returns is a number, in a traced function too") {
  const SmallProblem problem;
  optim::SGD sgd(problem.parameters());
  const auto of_norm = [&] { return grad(sgd.update(problem.loss()), problem.w); };
  const std::vector<double> zero(static_cast<std::size_t>(problem.w.size()), 0);
  CHECK(elements(of_norm()) == zero);
  CHECK(elements(evaluate(trace([&](const Tensors&) { return Tensors{of_norm()}; }, {}), {})[0]) == zero);
}

TEST_CASE("NaN gradients reach the parameters, unless such steps are skipped") {
  const auto step_with_nan = [](bool skip, bool traced) {
    const Variable p(tensor({1.0, 4.0}));
    optim::Adam adam({{"p", p}}, {.learning_rate = 0.5, .clip_norm = 1, .skip_nonfinite = skip});
    adam.update(sum(square(p)));
    const auto values = elements(p);
    const auto state = snapshot(adam.variables());
    const auto bad = [&](const Tensors&) { return Tensors{adam.update(sum(sqrt(p - 100.0)))}; };
    const Tensors norm = traced ? evaluate(trace(bad, {}), {}) : bad({});
    CHECK(std::isnan(norm.front().item()));
    if (skip) {
      CHECK(elements(p) == values);
      CHECK(snapshot(adam.variables()) == state);
      adam.update(sum(square(p)));  // and goes on
      CHECK(elements(p) != values);
    } else {
      CHECK(std::isnan(elements(p)[0]));
      CHECK(adam.steps() == 2);
    }
  };
  for (const bool traced : {false, true}) {
    step_with_nan(true, traced);
    step_with_nan(false, traced);
  }
}

TEST_CASE("an infinite gradient is skipped too") {
  const Variable p(tensor({0.f, 1.f}));
  optim::SGD sgd({{"p", p}}, {.learning_rate = 1, .skip_nonfinite = true});
  sgd.update(sum(sqrt(p)));
  CHECK(elements(p) == std::vector<double>{0, 1});
  CHECK(sgd.steps() == 0);
}

TEST_CASE("Adam's bias corrections hold after ten million steps") {
  const Variable p(tensor({1.f}));
  optim::Adam adam({{"p", p}}, {.learning_rate = 0.125});
  adam.variables()[0].variable.set(scalar(1e7).value());
  for (const NamedVariable& state : adam.variables()) {
    if (state.name == "m.p" || state.name == "v.p") state.variable.set(tensor({1.f}).value());
  }
  adam.update(sum(p));  // moments of a gradient that has always been 1
  CHECK(p.value().to_vector()[0] == Approx(0.875));
  CHECK(adam.steps() == 10000001);
}

TEST_CASE("eps is added outside of the root") {
  const auto first_step = [](const Variable& p, optim::Optimizer&& optimizer) {
    optimizer.apply({scalar(2)});
    return 1 - p.value().item();
  };
  const auto one = [] { return Variable(scalar(1)); };
  const Variable a = one();
  CHECK(first_step(a, optim::Adam({{"p", a}}, {.learning_rate = 0.1, .eps = 3})) ==
        Approx(0.1 * 2 / (2 + 3)));
  const Variable b = one();
  CHECK(first_step(b, optim::RMSprop({{"p", b}}, {.learning_rate = 0.1, .alpha = 0.75, .eps = 3})) ==
        Approx(0.1 * 2 / (1 + 3)));
  const Variable c = one();
  CHECK(first_step(c, optim::Adagrad({{"p", c}}, {.learning_rate = 0.1, .eps = 3})) ==
        Approx(0.1 * 2 / (2 + 3)));
}

TEST_CASE("a centred variance that rounding makes negative gives no NaN") {
  const Variable p(zeros({100}));
  std::vector<float> gradients;
  for (int i = 1; i <= 100; ++i) gradients.push_back(0.01f * static_cast<float>(i));
  optim::RMSprop rmsprop({{"p", p}}, {.alpha = 0.5, .centered = true});
  for (int step = 0; step < 60; ++step) rmsprop.apply({tensor(gradients, {100})});
  for (double value : elements(p)) CHECK(std::isfinite(value));
}

TEST_CASE("parameters of different dtypes train together") {
  const Variable single(tensor({1.f, 2.f}));
  const Variable full_precision(tensor({1.0, 2.0}));
  optim::Adam adam({{"single", single}, {"double", full_precision}}, {.learning_rate = 0.1, .clip_norm = 1});
  adam.apply({tensor({3.f, 4.f}), tensor({3.0, 4.0})});
  CHECK(single.dtype() == DType::float32);
  CHECK(relative_error(elements(single), elements(full_precision)) < 1e-6);
}
