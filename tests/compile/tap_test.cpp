// Taps in programs: whatever passes do, each is called as often as the interpreter calls it, in the order of
// the steps, with the same values.

#include <sluice/compile/compile.h>
#include <sluice/compile/passes.h>
#include <sluice/compile/program.h>
#include <sluice/graph/evaluate.h>
#include <sluice/graph/grad.h>
#include <sluice/kernels/threads.h>
#include <sluice/ops/ops.h>

#include "support/catch.h"

#include <cmath>
#include <random>

using namespace sluice;

namespace {

/// One call of the function of a tap.
struct Seen {
  std::string name;
  std::vector<Index> steps;
  std::vector<double> values;
};
using Log = std::vector<Seen>;

std::function<void(const Tapped&)> into(Log& log) {
  return [&log](const Tapped& t) {
    const auto values = t.values<double>();
    log.push_back({std::string(t.name), t.steps(), {values.begin(), values.end()}});
  };
}

/// The calls with this name, in order.
Log of_name(const Log& log, const std::string& name) {
  Log found;
  std::copy_if(log.begin(), log.end(), std::back_inserter(found),
               [&](const Seen& seen) { return seen.name == name; });
  return found;
}

Tensor waves(const Shape& shape, double seed) {
  std::vector<double> values(static_cast<std::size_t>(shape.size()));
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = std::sin(seed + 1.7 * static_cast<double>(i));
  return tensor(values, shape);
}

using Tapping = std::function<Tensors(const Tensors&, Log&)>;

/// Compares the calls of the taps with these names in programs, each run twice: with all passes, none, each
/// alone, and all without one switch of the lowering each.
void require_seen_alike(const Tapping& function, const Tensors& arguments,
                        const std::vector<std::string>& names) {
  Log log;
  const auto call = [&](const Tensors& x) { return function(x, log); };
  Specs specs;
  for (const Tensor& t : arguments) specs.push_back(t.spec());
  const Graph graph = trace(call, specs);
  CHECK(log.empty());
  const Tensors results = evaluate(graph, arguments);
  const Log expected = log;
  std::vector<PassSet> sets{PassSet::all(), PassSet::none()};
  for (const Pass& pass : graph_passes()) sets.push_back(PassSet::only({std::string(pass.name)}));
  for (const std::string_view name : lowering_switches())
    sets.push_back(PassSet::without({std::string(name)}));
  for (std::size_t s = 0; s < sets.size(); ++s) {
    Program program(graph, sets[s]);
    for (int run = 0; run < 2; ++run) {
      CAPTURE(s, run);
      log.clear();
      const Tensors now = program.run(arguments);
      for (std::size_t i = 0; i < now.size(); ++i) {
        for (Index k = 0; k < now[i].size(); ++k)
          CHECK(now[i].value().element(k) == Approx(results[i].value().element(k)).margin(1e-12));
      }
      REQUIRE(log.size() == expected.size());
      for (const std::string& name : names) {
        const Log a = of_name(log, name);
        const Log b = of_name(expected, name);
        CAPTURE(name);
        REQUIRE(!b.empty());
        REQUIRE(a.size() == b.size());
        for (std::size_t i = 0; i < a.size(); ++i) {
          CHECK(a[i].steps == b[i].steps);
          REQUIRE(a[i].values.size() == b[i].values.size());
          for (std::size_t k = 0; k < a[i].values.size(); ++k)
            CHECK(a[i].values[k] == Approx(b[i].values[k]).margin(1e-12));
        }
      }
    }
  }
}

/// A recurrent loop over x[0] with the state tapped, its states and gradients.
Tensors recurrent(const Tensors& x, Log& log, const ScanOptions& options) {
  const Carried run = scan(
      [&](const Tensors& carry, const Tensors& now) {
        const Tensor h =
            tap(tanh(matmul(tap(now[0], "x", into(log)), x[2]) + matmul(carry[0], x[3])), "h", into(log));
        return Carried{{h}, {h * 2}};
      },
      {x[1]}, {x[0]}, options);
  Tensors results = grad(sum(square(run.ys[0])), x);
  results.push_back(run.ys[0]);
  return results;
}

Tensors recurrent_arguments() {
  return {waves({7, 2, 3}, 1), waves({2, 4}, 2), waves({3, 4}, 4), waves({4, 4}, 5)};
}

}  // namespace

TEST_CASE("a tap in a loop is called once per step, in the order of the steps") {
  for (const bool reverse : {false, true}) {
    Log log;
    const auto step = compile([&](const Tensor& x) {
      return scan(
                 [&](const Tensors& carry, const Tensors& now) {
                   return Carried{{tap(carry[0] + now[0], "sum", into(log))}, {}};
                 },
                 {zeros({}, DType::float64)}, {x}, {.reverse = reverse})
          .carry[0];
    });
    CHECK(step(tensor({1.0, 10.0, 100.0})).item() == 111);
    REQUIRE(log.size() == 3);
    const double sums[2][3] = {{1, 11, 111}, {100, 110, 111}};
    for (std::size_t i = 0; i < 3; ++i) {
      CHECK(log[i].steps == std::vector<Index>{static_cast<Index>(reverse ? 2 - i : i)});
      CHECK(log[i].values == std::vector<double>{sums[reverse ? 1 : 0][i]});
    }
  }
}

TEST_CASE("passes neither remove, repeat nor move taps") {
  for (const bool reverse : {false, true}) {
    for (const Index checkpoint : {0, 3}) {
      CAPTURE(reverse, checkpoint);
      const auto f = [&](const Tensors& x, Log& log) {
        return recurrent(x, log, {.reverse = reverse, .checkpoint = checkpoint});
      };
      require_seen_alike(f, recurrent_arguments(), {"x", "h"});
      Log log;
      evaluate(trace([&](const Tensors& x) { return f(x, log); }, {{DType::float64, {7, 2, 3}},
                                                                   {DType::float64, {2, 4}},
                                                                   {DType::float64, {3, 4}},
                                                                   {DType::float64, {4, 4}}}),
               recurrent_arguments());
      CHECK(log.size() == 14);  // steps that are computed again for the gradient do not count
    }
  }
}

TEST_CASE("a tap of what never changes is called at every step all the same") {
  // The carry is its own next value, so passes take it for what it is, a constant of the loop; and a loop of
  // such steps in a loop.
  const auto step = [](const Tensors& x, Log& log) {
    return [&](const Tensors& carry, const Tensors&) {
      const Tensor same = tap(carry[0], "same", into(log));
      return Carried{{carry[0], carry[1] + same * x[1]}, {}};
    };
  };
  require_seen_alike(
      [&](const Tensors& x, Log& log) {
        return Tensors{scan(step(x, log), {x[0], zeros_like(x[0])}, {}, {.length = 3}).carry[1]};
      },
      {waves({2}, 1), waves({2}, 2)}, {"same"});
  require_seen_alike(
      [&](const Tensors& x, Log& log) {
        const auto outer = [&](const Tensors& carry, const Tensors&) {
          const Carried inner = scan(step(x, log), {carry[0], zeros_like(x[0])}, {}, {.length = 3});
          return Carried{{carry[0], carry[1] * 2 + inner.carry[1]}, {}};
        };
        return Tensors{scan(outer, {x[0], x[1]}, {}, {.length = 4}).carry[1]};
      },
      {waves({2}, 1), waves({2}, 2)}, {"same"});
}

TEST_CASE("taps of constants and of Variables are called in every run") {
  Log log;
  const Variable v(waves({2}, 3));
  const auto f = compile([&](const Tensor& x) {
    const Tensor c = tap(tensor({1.0, 2.0}), "constant", into(log));
    const Tensor w = tap(v * 2, "Variable", into(log));
    const Tensor loops = scan(
                             [&](const Tensors& carry, const Tensors&) {
                               return Carried{{tap(carry[0] * 2, "loop", into(log))}, {}};
                             },
                             {v}, {}, {.length = 2})
                             .carry[0];
    return x + c + w + loops;
  });
  for (int run = 1; run <= 3; ++run) {
    f(waves({2}, 1));
    CHECK(log.size() == static_cast<std::size_t>(4 * run));
  }
}

TEST_CASE("a tap is called where its value turns out not to matter") {
  using Use = Tensor (*)(const Tensor& t, const Tensor& x);
  const Use uses[] = {[](const Tensor& t, const Tensor& x) {
                        return slice(concat({x, t}, 0), 0, 0, 2);
                      },
                      [](const Tensor& t, const Tensor& x) {
                        return where(tensor({true, true}), x, t);
                      },
                      [](const Tensor& t, const Tensor& x) { return x + t * 0; },
                      [](const Tensor& t, const Tensor& x) {  // a carry that no result depends on
                        const auto step = [&](const Tensors& carry, const Tensors&) {
                          return Carried{{carry[0] + t, carry[1] + x}, {}};
                        };
                        return scan(step, {x, x}, {}, {.length = 2}).carry[1];
                      }};
  for (const Use use : uses) {
    require_seen_alike(
        [&](const Tensors& x, Log& log) { return Tensors{use(tap(x[0] * 2, "t", into(log)), x[1])}; },
        {waves({2}, 1), waves({2}, 2)}, {"t"});
  }
}

TEST_CASE("threads that divide the rows of a loop call no tap twice") {
  const int before = kernels::threads();
  kernels::set_threads(3);
  int calls = 0;
  const auto f = [&](const Tensors& x) {
    return scan(
               [&](const Tensors& carry, const Tensors& now) {
                 const Tensor scale = tap(now[0], "scale", [&](const Tapped&) { ++calls; });
                 return Carried{{tanh(matmul(carry[0], x[1]) * scale)}, {}};
               },
               {x[0]}, {x[2]})
        .carry;
  };
  const Specs specs{{DType::float32, {64, 64}}, {DType::float32, {64, 64}}, {DType::float32, {20}}};
  Program program(trace(f, specs));
  program.run({ones({64, 64}), ones({64, 64}), ones({20})});
  CHECK(calls == 20);
  kernels::set_threads(before);
}

TEST_CASE("the function of a tap that throws ends the run and leaves the Variables") {
  const Variable v(zeros({2}));
  bool fails = true;
  const auto step = compile([&](const Tensor& x) {
    const auto body = [&](const Tensors& carry, const Tensors& now) {
      return Carried{{tap(carry[0] + now[0], "sum",
                          [&](const Tapped& t) {
                            if (fails && t.steps().front() == 2) throw std::runtime_error("enough");
                          })},
                     {}};
    };
    v.assign(v + 1);
    v.assign(scan(body, {v}, {x}).carry[0]);
    return v * 2;
  });
  CHECK_THROWS_WITH(step(ones({4, 2})), contains("got \"enough\"; catch it inside if the run is to go on; in "
                                                 "step 2 of the scan (compile/tap_test.cpp:"));
  CHECK(v.value().to_vector() == std::vector<float>{0, 0});
  fails = false;
  CHECK(step(ones({4, 2})).to_vector() == std::vector<float>{10, 10});
  CHECK(v.value().to_vector() == std::vector<float>{5, 5});
}

TEST_CASE("the function of a tap in a program may not wait for its Variables") {
  const Variable v(zeros({2}));
  const auto other = compile([&] { return v + 1; });
  other();
  std::function<void()> use;
  const auto step = compile([&](const Tensor& x) {
    v.assign(v + 1);
    return tap(x, "x", [&](const Tapped&) { use(); });
  });
  for (const auto& each : std::vector<std::function<void()>>{
           [&] { v.value(); }, [&] { v.assign(ones({2})); }, [&] { other(); },
           [&] { compile([&] { return v * 2; })(); }, [&] { evaluate(v * 1); }}) {
    use = each;
    CHECK_THROWS_WITH(step(ones({2})), contains("may not read, assign or run what uses Variables"));
  }
  CHECK(v.value().to_vector() == std::vector<float>{0, 0});
  const auto doubled = compile([](const Tensor& x) { return x * 2; });
  use = [&] { CHECK(doubled(ones({2})).to_vector() == std::vector<float>{2, 2}); };
  step(ones({2}));
}

TEST_CASE("random sets of passes leave taps alone") {
  std::mt19937 random(7);
  Log log;
  const auto f = [&](const Tensors& x) { return recurrent(x, log, {.checkpoint = 2}); };
  Specs specs;
  for (const Tensor& t : recurrent_arguments()) specs.push_back(t.spec());
  const Graph graph = trace(f, specs);
  for (int i = 0; i < 30; ++i) {
    std::vector<std::string> names;
    for (const Pass& pass : graph_passes()) {
      if (random() % 2 == 0) names.emplace_back(pass.name);
    }
    log.clear();
    Program(graph, PassSet::only(names)).run(recurrent_arguments());
    CHECK(log.size() == 14);
  }
}
