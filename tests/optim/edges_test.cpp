// Large and small gradients, and losses below zero.

#include <sluice/graph/arithmetic.h>
#include <sluice/graph/evaluate.h>
#include <sluice/ops/cast.h>

#include <cmath>
#include <functional>
#include <limits>
#include <memory>

#include "optim/problem.h"
#include "support/catch.h"

using namespace sluice;
using namespace sluice::test;

TEST_CASE("norms of gradients whose squares overflow or vanish") {
  CHECK(evaluate(optim::global_norm({tensor({3e19f}), tensor({4e19f})})).item() == Approx(5e19));
  CHECK(evaluate(optim::global_norm({tensor({3e-24f, 4e-24f})})).item() == Approx(5e-24));
  CHECK(evaluate(optim::global_norm({tensor({3e200}), tensor({4e200})})).item() == Approx(5e200));
  const Tensors clipped = evaluate(optim::clip_by_global_norm({tensor({3e19f, 4e19f})}, 1));
  CHECK(elements(clipped[0])[0] == Approx(0.6));
  CHECK(elements(clipped[0])[1] == Approx(0.8));
}

TEST_CASE("skip_nonfinite takes every step whose gradients are finite") {
  const Variable w(tensor({1.f}));
  optim::SGD sgd({{"w", w}}, {.learning_rate = 1e-25, .skip_nonfinite = true});
  const optim::Update done = sgd.apply({tensor({1e25f})});
  CHECK(done.taken.item() != 0);
  CHECK(w.value().item() == Approx(0));
}

TEST_CASE("a parameter moves again after one enormous gradient") {
  const auto moves = [](auto make, DType dtype, double enormous) {
    const Variable w(full({1}, 0, dtype));
    auto optimizer = make(w);
    optimizer.apply({full({1}, enormous, dtype)});
    for (const auto& [name, variable] : optimizer.variables()) {
      INFO(name);
      CHECK(std::isfinite(elements(variable)[0]));
    }
    const double before = elements(w)[0];
    // Second moments of Adam fall by a thousandth with each step.
    for (int step = 0; step < 200; ++step) optimizer.apply({full({1}, enormous / 100, dtype)});
    CHECK(std::isfinite(elements(w)[0]));
    CHECK(elements(w)[0] < before);
  };
  const auto with = [](const Variable& w) { return NamedVariables{{"w", w}}; };
  for (const auto& [dtype, enormous] : {std::pair(DType::float32, 1e20), std::pair(DType::float64, 1e160)}) {
    moves([&](const Variable& w) { return optim::Adam(with(w), {}); }, dtype, enormous);
    moves([&](const Variable& w) { return optim::AdamW(with(w), {}); }, dtype, enormous);
    moves([&](const Variable& w) { return optim::RMSprop(with(w), {}); }, dtype, enormous);
    moves([&](const Variable& w) { return optim::Adagrad(with(w), {.learning_rate = 0.1}); }, dtype,
          enormous);
  }
}

TEST_CASE("a plateau lowers the rate whatever the sign of its numbers") {
  const auto lowered_after = [](const optim::PlateauOptions& options,
                                const std::function<double(int)>& number) {
    const Variable w(tensor({1.f}));
    optim::SGD sgd({{"w", w}}, {.learning_rate = 1});
    optim::Plateau plateau(sgd, options);
    for (int report = 0; report < 20; ++report) {
      if (plateau.observe(number(report))) return report;
    }
    return -1;
  };
  const auto flat = [](double value) { return [value](int) { return value; }; };
  const auto by = [](double step) { return [step](int report) { return -5 + step * report; }; };
  for (const double value : {5.0, 0.0, -5.0}) CHECK(lowered_after({.patience = 3}, flat(value)) == 4);
  CHECK(lowered_after({.patience = 3}, by(0.1)) == 4);    // gets worse
  CHECK(lowered_after({.patience = 3}, by(-0.1)) == -1);  // gets better
  const optim::PlateauOptions rising{.patience = 3, .mode = optim::PlateauMode::max};
  CHECK(lowered_after(rising, by(0.1)) == -1);
  CHECK(lowered_after(rising, by(-0.1)) == 4);
  CHECK(lowered_after(rising, flat(-5)) == 4);
  const optim::PlateauOptions absolute{
      .patience = 3, .threshold = 0.2, .threshold_mode = optim::ThresholdMode::absolute};
  CHECK(lowered_after(absolute, by(-0.3)) == -1);
  CHECK(lowered_after(absolute, by(-0.04)) == 4);
  CHECK(lowered_after({.patience = 3}, flat(std::numeric_limits<double>::quiet_NaN())) == 3);
}
