#include <sluice/compile/compile.h>
#include <sluice/graph/arithmetic.h>
#include <sluice/graph/evaluate.h>
#include <sluice/graph/with_values.h>
#include <sluice/io/checkpoint.h>
#include <sluice/ops/sum.h>

#include "optim/problem.h"
#include "support/catch.h"
#include "support/folder.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <memory>
#include <random>
#include <stdexcept>

using namespace sluice;
using namespace sluice::test;

namespace {

void run_average(const std::string& name, DType dtype, double tolerance, bool compiled) {
  INFO(name << (compiled ? ", compiled" : ", eager"));
  const Record record = Golden::open("averages.json").at(name);
  const Problem problem(record, dtype);
  optim::SGD sgd(problem.parameters(), {.learning_rate = record.number("lr")});
  std::unique_ptr<optim::WeightAverage> average;
  const std::string kind = record.text("kind");
  optim::Average* waiting = nullptr;
  if (kind == "ema") {
    average = std::make_unique<optim::EMA>(problem.parameters(),
                                           optim::EMAOptions{.decay = record.number("decay")});
  } else if (kind == "swa") {
    average = std::make_unique<optim::Average>(problem.parameters());
  } else {
    auto made = std::make_unique<optim::Average>(problem.parameters(), optim::AverageOptions{.patience = 5});
    waiting = made.get();
    average = std::move(made);
  }
  const auto step = [&] {
    const Tensor norm = sgd.update(problem.loss());
    average->update();
    return norm;
  };
  const auto fast = compile(step);
  std::vector<double> kept = record.array("steps").data;
  for (int t = 1; t <= static_cast<int>(kept.back()); ++t) {
    if (waiting != nullptr && t == record.integer("t0") + 2) waiting->start();
    compiled ? fast() : step();
    if (std::count(kept.begin(), kept.end(), t) == 0) continue;
    const Tensors values = average->values();
    REQUIRE(values.size() == 2);
    for (const std::size_t i : {0, 1}) {
      const std::string entry = "a" + std::to_string(i + 1) + "." + std::to_string(t);
      INFO(entry);
      CHECK(values[i].dtype() == dtype);
      CHECK(relative_error(elements(evaluate(values[i])), record.array(entry).data) < tolerance);
    }
  }
  CHECK(relative_error(elements(problem.p1), record.array("p1.end").data) < tolerance);
}

/// The steps of a trigger by its definition: a loss above the least of those more than n before it.
std::vector<bool> triggers(const std::vector<double>& losses, std::size_t n) {
  std::vector<bool> found;
  bool begun = false;
  for (std::size_t t = 0; t < losses.size(); ++t) {
    bool now = false;
    for (std::size_t l = 0; l + n < t; ++l) now = now || !(losses[t] <= losses[l]);
    found.push_back(now && !begun);
    begun = begun || now;
  }
  return found;
}

}  // namespace

TEST_CASE("averages of weights are PyTorch's") {
  for (const char* name : {"ema", "swa", "asgd", "asgd late"}) {
    for (const bool compiled : {false, true}) {
      run_average(name, DType::float64, 1e-12, compiled);
      run_average(name, DType::float32, 1e-4, compiled);
    }
  }
}

TEST_CASE("an EMA without bias weighs values by their ages alone") {
  const Variable v(tensor({100.0, -100.0}));
  optim::EMA ema({{"v", v}}, {.decay = 0.75, .correct_bias = true});
  std::vector<double> seen;
  for (int n = 1; n <= 6; ++n) {
    seen.push_back(std::sin(n));
    v.assign(tensor({std::sin(n), -std::sin(n)}));
    ema.update();
    double sum = 0, weights = 0;
    for (std::size_t i = 0; i < seen.size(); ++i) {
      const double weight = std::pow(0.75, static_cast<double>(seen.size() - 1 - i));
      sum += weight * seen[i], weights += weight;
    }
    CHECK(evaluate(ema.values()[0]).value().element(0) == Approx(sum / weights).epsilon(1e-13));
    CHECK(evaluate(ema.values()[0]).value().element(1) == Approx(-sum / weights).epsilon(1e-13));
    CHECK(ema.updates() == n);
  }
}

TEST_CASE("averaging waits for a loss that is worse than the best some reports before") {
  std::mt19937 random(7);
  int begun = 0;
  for (const std::int64_t patience : {1, 2, 5}) {
    for (int trial = 0; trial < 60; ++trial) {
      std::vector<double> losses;
      for (int t = 0; t < 14; ++t) {
        const double noise = static_cast<double>(random() % 5) - 2;
        losses.push_back(random() % 20 == 0 ? std::nan("") : 20 - t * static_cast<double>(trial % 3) + noise);
      }
      // A NaN is above all losses, and never the least of them.
      std::vector<double> ranked = losses;
      for (double& loss : ranked) loss = std::isnan(loss) ? std::numeric_limits<double>::infinity() : loss;
      const std::vector<bool> expected = triggers(ranked, static_cast<std::size_t>(patience));
      const Variable v(tensor({0.0}));
      optim::Average average({{"v", v}}, {.patience = patience});
      CHECK_FALSE(average.started());
      for (std::size_t t = 0; t < losses.size(); ++t) {
        REQUIRE(average.observe(losses[t]) == expected[t]);
        begun += expected[t] ? 1 : 0;
      }
    }
  }
  CHECK(begun > 60);
  CHECK(begun < 180);
}

TEST_CASE("until averaging begins the averages are the values, and a compiled step goes on unchanged") {
  const Variable v(tensor({1.0, 2.0}));
  optim::Average average({{"v", v}}, {.patience = 1});
  int traces = 0;
  const auto step = compile([&](const Tensor& x) {
    ++traces;
    v.assign(v + x);
    average.update();
    return sum(v);
  });
  const Tensor one = tensor({1.0, 10.0});
  step(one);
  CHECK(elements(evaluate(average.values()[0])) == std::vector<double>{2, 12});
  CHECK(average.updates() == 0);
  CHECK_FALSE(average.observe(1));
  CHECK_FALSE(average.observe(2));
  CHECK(average.observe(3));
  CHECK(average.started());
  for (int i = 0; i < 3; ++i) step(one);
  CHECK(elements(evaluate(average.values()[0])) == std::vector<double>{4, 32});  // of 3, 4 and 5
  CHECK(average.updates() == 3);
  average.start();  // anew
  step(one);
  CHECK(elements(evaluate(average.values()[0])) == std::vector<double>{6, 52});
  CHECK(traces == 1);
}

TEST_CASE("averages stand in for the parameters while a function runs, and no longer") {
  const SmallProblem problem;
  const Variable key(tensor({1, 2}));
  NamedVariables all = problem.parameters();
  all.push_back({"key", key});
  optim::Average average(all);
  CHECK(average.parameters().size() == 3);  // keys have none
  optim::SGD sgd(problem.parameters(), {.learning_rate = 0.1});
  const auto loss = compile([&] { return problem.loss(); });
  for (int i = 0; i < 5; ++i) {
    sgd.update(problem.loss());
    average.update();
  }
  const std::vector<double> before = snapshot(problem.parameters());
  const double last = loss().item();
  double averaged = 0, program = 0;
  Tensor lazy;
  average.with_averages([&] {
    averaged = evaluate(problem.loss()).item();
    program = loss().item();
    lazy = problem.loss();
  });
  CHECK(averaged != last);
  CHECK(program == Approx(averaged).epsilon(1e-14));
  CHECK(evaluate(lazy).item() == averaged);  // of the values at that moment
  CHECK(snapshot(problem.parameters()) == before);
  CHECK(average.with_averages([&] { return loss().item(); }) == program);
  CHECK_THROWS_AS(average.with_averages([]() -> int { throw std::runtime_error("no data"); }),
                  std::runtime_error);
  CHECK(snapshot(problem.parameters()) == before);

  // The same in a graph, and for good.
  const auto standing = compile([&] {
    std::vector<Variable> variables;
    for (const auto& parameter : average.parameters()) variables.push_back(parameter.variable);
    return with_values(variables, average.values(), [&] { return Tensors{problem.loss()}; });
  });
  CHECK(standing()[0].item() == Approx(averaged).epsilon(1e-14));
  average.assign();
  CHECK(loss().item() == program);
  sgd.update(problem.loss());
  compile([&] {
    average.assign();
    return problem.loss();
  })();
  CHECK(loss().item() == program);
}

TEST_CASE("a resumed training has the same averages, to the bit") {
  const Folder folder;
  struct Run {
    explicit Run(bool ema) : adam(problem.parameters(), {.learning_rate = 0.05}) {
      if (ema) {
        average = std::make_unique<optim::EMA>(problem.parameters(),
                                               optim::EMAOptions{.decay = 0.8, .correct_bias = true});
      } else {
        auto made =
            std::make_unique<optim::Average>(problem.parameters(), optim::AverageOptions{.patience = 2});
        trigger = made.get();
        average = std::move(made);
      }
    }
    void step(int t) {
      adam.update(problem.loss());
      average->update();
      if (trigger != nullptr) trigger->observe(t == 0 ? 1 : 20 - t);
    }
    NamedVariables state() const {
      NamedVariables all = problem.parameters();
      for (const auto& [name, variable] : adam.variables()) all.push_back({"adam." + name, variable});
      for (const auto& [name, variable] : average->variables()) all.push_back({"mean." + name, variable});
      return all;
    }

    SmallProblem problem{DType::float32};
    optim::Adam adam;
    std::unique_ptr<optim::WeightAverage> average;
    optim::Average* trigger = nullptr;
  };
  for (const bool ema : {false, true}) {
    for (const int stop : {0, 3, 7, 9}) {
      Run whole(ema), first(ema), second(ema);
      for (int t = 0; t < 12; ++t) whole.step(t);
      for (int t = 0; t < stop; ++t) first.step(t);
      io::save(folder.file("run"), first.state());
      io::load(folder.file("run"), second.state());
      for (int t = stop; t < 12; ++t) second.step(t);
      CHECK(snapshot(second.state()) == snapshot(whole.state()));
      CHECK(whole.average->updates() == (ema ? 12 : 8));  // the report of step 3 begins it
    }
  }
}
