#include "refusals/refusal.h"
#include "support/catch.h"

#include <sluice/sluice.h>

using namespace sluice;

TEST_CASE("what optimisers refuse") {
  const Variable v(ones({2, 3}));
  const Variable ids(tensor({1, 2}));
  const NamedVariables named{{"v", v}};
  const Tensor loss = sum(square(v));
  const auto vector = [](const Tensor& t) { return t * ones({2}, DType::float64); };
  refuses("sgd", "learning_rate must be finite and not negative: got -1",
          [&] { optim::SGD(named, {.learning_rate = -1}); });
  refuses("sgd", "momentum must be in [0, 1): got 1", [&] { optim::SGD(named, {.momentum = 1}); });
  refuses("sgd", "got momentum 0", [&] { optim::SGD(named, {.nesterov = true}); });
  refuses("sgd", "got 0 parameters", [&] { optim::SGD(NamedVariables{}); });
  refuses("sgd", "got 'w' without one", [&] { optim::SGD(NamedVariables{{"w", Variable()}}); });
  refuses("sgd", "got 'ids', i32[2]", [&] { optim::SGD(NamedVariables{{"ids", ids}}); });
  refuses("sgd", "got 'w', the same Variable as 'v'", [&] {
    optim::SGD(NamedVariables{{"v", v}, {"w", v}});
  });
  refuses("sgd", "got 'v' twice", [&] { optim::SGD(NamedVariables{{"v", v}, {"v", Variable(ones({2}))}}); });
  refuses("adam", "beta1", [&] { optim::Adam(named, {.beta1 = 1}); });
  refuses("adamw", "weight_decay", [&] { optim::AdamW(named, {.weight_decay = -1}); });
  refuses("adagrad", "eps", [&] { optim::Adagrad(named, {.eps = -1}); });
  refuses("rmsprop", "alpha", [&] { optim::RMSprop(named, {.alpha = 1}); });
  refuses("sgd", "a floating scalar: got f32[2, 3]", [&] { optim::SGD(named).update(square(v)); });
  refuses("sgd", "made from constants, and none of v", [&] { optim::SGD(named).update(sum(ones({2}))); });
  refuses("sgd", "made from i32[2] made at refusals/optim.cpp:", [&] {
    optim::SGD(named).update(sum(cast(ids, DType::float32)));
  });
  refuses("why", "there are no values yet", [&] {
    compile([&](const Tensor& x) {
      auto done = optim::SGD(named, {.skip_nonfinite = true}).update(sum(v * x));
      done.why();
      return done;
    })(ones({2, 3}));
  });
  refuses("value", "there are no values yet", [&] {
    compile([&](const Tensor& x) { return x * v.value(); })(ones({2, 3}));
  });
  refuses("sgd", "an undefined Tensor", [&] { optim::SGD(named).update(Tensor()); });
  refuses("take", "got 7 at [0]", [&] { optim::SGD(named).update(sum(take(v, tensor({7})))); });
  refuses("sgd", "got 0 gradients for 1 parameters", [&] { optim::SGD(named).apply({}); });
  refuses("sgd", "got f32[2] for 'v', f32[2, 3]", [&] { optim::SGD(named).apply({ones({2})}); });
  refuses("sgd", "not negative: got -1", [&] { optim::SGD(named).set_learning_rate(-1); });
  refuses("sgd", "a floating scalar of the step: got f64[2]",
          [&] { optim::SGD(named, {.schedule = vector}).update(loss); });
  refuses("sgd", "a floating scalar of the step: got f64[2]",
          [&] { optim::SGD(named, {.schedule = vector}).scheduled_rate(); });
  refuses("early_stopping", "patience must not be negative: got -1", [] { optim::EarlyStopping(-1); });
  refuses("step_decay", "must be positive: got 0", [&] { optim::step_decay(0, 0.5); });
  refuses("step_decay", "gamma", [&] { optim::step_decay(1, -1); });
  refuses("exponential", "gamma", [&] { optim::exponential(-1); });
  refuses("cosine", "must be positive: got 0", [&] { optim::cosine(0); });
  refuses("cosine", "minimum", [&] { optim::cosine(1, -1); });
  refuses("warm_up", "must be positive: got 0", [&] { optim::warm_up(0); });
  refuses("warm_up", "got an empty one", [&] { optim::warm_up(1, optim::Schedule()); });
  refuses("global_norm", "got none", [&] { optim::global_norm({}); });
  refuses("global_norm", "undefined Tensor", [&] { optim::global_norm({Tensor()}); });
  refuses("clip_by_global_norm", "must be positive: got 0", [&] { optim::clip_by_global_norm({loss}, 0); });
  refuses("clip_by_global_norm", "got none", [&] { optim::clip_by_global_norm({}, 1); });
  refuses("clip_by_value", "must be positive: got 0", [&] { optim::clip_by_value({loss}, 0); });
  refuses("clip_by_value", "undefined Tensor", [&] { optim::clip_by_value({Tensor()}, 1); });
  refuses("plateau", "factor", [&] { optim::Plateau(optim::SGD(named), {.factor = 1}); });
  const optim::SGD sgd(named);
  optim::Plateau plateau(sgd);
  refuses("plateau", "there are no values yet", [&] {
    compile([&](const Tensor& x) {
      plateau.observe(1);
      return x;
    })(ones({2, 3}));
  });
  refuses("plateau", "patience", [&] { optim::Plateau(optim::SGD(named), {.patience = -1}); });
}
