#include <sluice/graph/arithmetic.h>
#include <sluice/graph/evaluate.h>

#include "optim/problem.h"
#include "support/catch.h"

#include <algorithm>
#include <cmath>
#include <limits>

using namespace sluice;
using namespace sluice::test;

namespace {

double at(const optim::Schedule& schedule, double step) {
  return evaluate(schedule(full({}, step, DType::float64))).item();
}

}  // namespace

TEST_CASE("a cosine stays at its minimum after the last step") {
  const optim::Schedule schedule = optim::cosine(50, 0.25);
  CHECK(at(schedule, 0) == 1);
  CHECK(at(schedule, 25) == Approx(0.625));
  CHECK(at(schedule, 50) == Approx(0.25));
  CHECK(at(schedule, 75) == Approx(0.25));
  CHECK(at(schedule, 1e7) == Approx(0.25));
}

TEST_CASE("a warm-up hands over to a schedule that starts anew") {
  const optim::Schedule schedule = optim::warm_up(4, optim::step_decay(2, 0.5));
  const std::vector<double> expected{0.25, 0.5, 0.75, 1, 1, 1, 0.5, 0.5, 0.25};
  for (std::size_t t = 0; t < expected.size(); ++t)
    CHECK(at(schedule, static_cast<double>(t)) == expected[t]);
}

TEST_CASE("what follows a warm-up never sees a negative step") {
  double lowest = 0;
  const optim::Schedule root = [&](const Tensor& step) {
    lowest = std::min(lowest, evaluate(step).item());
    return 1 / (1 + step);
  };
  CHECK(at(optim::warm_up(10, root), 3) == Approx(0.4));
  CHECK(lowest == 0);
}

TEST_CASE("schedules hold at large steps") {
  CHECK(at(optim::step_decay(1000000, 0.5), 1e7) == Approx(std::pow(0.5, 10)));
  CHECK(at(optim::exponential(0.999999), 1e7) == Approx(std::pow(0.999999, 1e7)));
  CHECK(at(optim::constant(0.5), 1e7) == 0.5);
}

TEST_CASE("a plateau resumes from its Variables") {
  const optim::PlateauOptions options{.factor = 0.5, .patience = 2, .cooldown = 1, .minimum = 0.01};
  const std::vector<double> losses{3, 2, 2, 2, 2, 2, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1};
  for (std::size_t cut = 0; cut < losses.size(); ++cut) {
    const optim::SGD one({{"p", Variable(tensor({1.f}))}}, {.learning_rate = 1});
    const optim::SGD two({{"p", Variable(tensor({1.f}))}}, {.learning_rate = 1});
    optim::Plateau whole(one, options);
    for (double loss : losses) whole.observe(loss);
    {
      optim::Plateau before(two, options);
      for (std::size_t t = 0; t < cut; ++t) before.observe(losses[t]);
      const NamedVariables saved = before.variables();
      optim::Plateau after(two, options);
      for (std::size_t i = 0; i < saved.size(); ++i) {
        CHECK(after.variables()[i].name == saved[i].name);
        after.variables()[i].variable.set(saved[i].variable.value().value());
      }
      for (std::size_t t = cut; t < losses.size(); ++t) after.observe(losses[t]);
    }
    CHECK(one.learning_rate() == two.learning_rate());
    CHECK(one.learning_rate() < 0.2);
  }
}

TEST_CASE("a plateau counts NaN as no improvement and stops at its minimum") {
  const optim::SGD sgd({{"p", Variable(tensor({1.f}))}}, {.learning_rate = 1});
  optim::Plateau plateau(sgd, {.factor = 0.5, .patience = 0, .minimum = 0.4});
  CHECK_FALSE(plateau.observe(1));
  CHECK(plateau.observe(std::numeric_limits<double>::quiet_NaN()));
  CHECK(sgd.learning_rate() == 0.5);
  CHECK(plateau.observe(1));
  CHECK(sgd.learning_rate() == 0.4);
  CHECK_FALSE(plateau.observe(1));
  CHECK(sgd.learning_rate() == 0.4);
}
