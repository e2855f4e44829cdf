#include "refusals/refusal.h"
#include "support/catch.h"

#include <sluice/sluice.h>

using namespace sluice;

TEST_CASE("what averages of weights refuse") {
  const Variable v(ones({2}));
  const NamedVariables named{{"v", v}};
  optim::EMA ema(named);
  optim::Average average(named), waiting(named, {.patience = 2});
  refuses("ema", "decay must be in [0, 1): got 1", [&] { optim::EMA(named, {.decay = 1}); });
  refuses("ema", "got none in a list of 0", [&] { optim::EMA(NamedVariables{}); });
  refuses("ema", "got none in a list of 1", [&] { optim::EMA({{"ids", Variable(tensor({1}))}}); });
  refuses("ema", "got 'w' without one", [&] { optim::EMA({{"w", Variable()}}); });
  refuses("average", "got 'v' and 'w'", [&] { optim::Average({{"v", v}, {"w", v}}); });
  refuses("average", "got 'v' and 'v'", [&] { optim::Average({{"v", v}, {"v", Variable(ones({2}))}}); });
  refuses("average", "patience is at least 1: got 0", [&] { optim::Average(named, {.patience = 0}); });
  refuses("average", "got 2.5 for one without patience", [&] { average.observe(2.5); });
  const auto traced = [](const std::function<void()>& call) {
    compile([&](const Tensor& x) {
      call();
      return x;
    })(ones({1}));
  };
  refuses("ema", "got a call inside of a traced function",
          [&] { traced([&] { ema.with_averages([] {}); }); });
  refuses("average", "got a call inside of a traced function", [&] { traced([&] { average.start(); }); });
  refuses("average", "got a call inside of a traced function", [&] { traced([&] { waiting.observe(1); }); });
  refuses("average", "there are no values yet", [&] { traced([&] { waiting.started(); }); });
  refuses("ema", "there are no values yet", [&] { traced([&] { ema.updates(); }); });
  refuses("ema", "the body of a scan", [&] {
    scan(
        [&](const Tensors& c, const Tensors& xs) {
          ema.update();
          return Carried{{c[0] + xs[0]}, {}};
        },
        {zeros({})}, {ones({3})});
  });
}
