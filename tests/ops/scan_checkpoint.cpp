// A scan with checkpoints is the scan without them, in less memory.

#include "support/catch.h"
#include "support/check_op.h"

#include <sluice/compile/program.h>
#include <sluice/graph/arithmetic.h>
#include <sluice/graph/evaluate.h>
#include <sluice/graph/grad.h>
#include <sluice/ops/matmul.h>
#include <sluice/ops/scan.h>
#include <sluice/ops/sum.h>
#include <sluice/ops/tanh.h>

#include <cmath>

using namespace sluice;
using sluice::test::f32;

namespace {

constexpr auto f64 = DType::float64;

Tensor numbers(const Shape& shape, double seed) {
  std::vector<double> values(static_cast<std::size_t>(shape.size()));
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = std::sin(seed + 1.7 * static_cast<double>(i));
  return tensor(values, shape);
}

Tensor weigh(const Tensor& t, double seed) { return sum(t * numbers(t.shape(), seed)); }

ScanOptions options_of(Index length, bool reverse, Index checkpoint) {
  ScanOptions options;
  options.length = length;
  options.reverse = reverse;
  options.checkpoint = checkpoint;
  return options;
}

void require_equal(const Tensors& a, const Tensors& b) {
  REQUIRE(a.size() == b.size());
  const Graph graph = trace(
      [&](const Tensors&) {
        Tensors all = a;
        all.insert(all.end(), b.begin(), b.end());
        return all;
      },
      {});
  const Tensors values = evaluate(graph, {});
  const Tensors compiled = Program(graph).run(Tensors{});
  for (std::size_t i = 0; i < a.size(); ++i) {
    REQUIRE(a[i].spec() == b[i].spec());
    for (Index k = 0; k < a[i].size(); ++k) {
      const double expected = values[a.size() + i].value().element(k);
      REQUIRE(values[i].value().element(k) == Approx(expected).epsilon(1e-12).margin(1e-13));
      REQUIRE(compiled[i].value().element(k) == Approx(expected).epsilon(1e-12).margin(1e-13));
    }
  }
}

/// Everything one may ask of a scan: carries, ys, gradients and gradients of gradients.
Tensors all_of(Index steps, bool reverse, Index checkpoint) {
  const Tensor w = numbers({3, 3}, 0.1);
  const Tensor u = numbers({2, 3}, 0.2);
  const Tensor h0 = numbers({4, 3}, 0.3);
  const Tensor xs = numbers({steps, 4, 2}, 0.4);
  const auto body = [&](const Tensors& carry, const Tensors& x) {
    const Tensor h = tanh(matmul(carry[0], w) + matmul(x[0], u));
    return Carried{{h, carry[1] + h, carry[2] + 1}, {h * h, carry[1]}};
  };
  const Carried run =
      scan(body, {h0, h0 * 0.5, full({}, 0, DType::int32)}, {xs}, options_of(-1, reverse, checkpoint));
  const Tensor loss =
      weigh(run.carry[0], 1) + weigh(run.carry[1], 2) + weigh(run.ys[0], 3) + weigh(run.ys[1], 4);
  const Tensors wrt{w, u, h0, xs};
  const Tensors first = grad(loss, wrt);
  const Tensors second = grad(weigh(first[0], 5) + weigh(first[2], 6) + weigh(first[3], 7), wrt);
  Tensors all{run.carry[0], run.carry[1], run.carry[2], run.ys[0], run.ys[1]};
  all.insert(all.end(), first.begin(), first.end());
  all.insert(all.end(), second.begin(), second.end());
  return all;
}

/// Bytes of a program that trains `steps` steps of a [16, 16] state, of which more could be computed for all
/// steps at a time: what each x adds, and all that gradients of weights add up.
std::size_t training_bytes(Index steps, Index checkpoint) {
  const Graph graph = trace(
      [&](const Tensors& inputs) {
        const auto body = [&](const Tensors& carry, const Tensors& x) {
          return Carried{{tanh(matmul(carry[0], inputs[0]) + matmul(x[0] * inputs[1], inputs[0]))}, {}};
        };
        const Carried run = scan(body, {inputs[2]}, {inputs[3]}, options_of(steps, false, checkpoint));
        return grad(sum(run.carry[0]), {inputs[0], inputs[1], inputs[2]});
      },
      {f32({16, 16}), f32({16, 16}), f32({16, 16}), f32({steps, 1, 1})});
  return Program(graph).arena_bytes();
}

}  // namespace

TEST_CASE("checkpoints change no value, gradient or second derivative of a scan") {
  const bool reverse = GENERATE(false, true);
  const Index steps = GENERATE(0, 1, 2, 7, 12);
  const Index checkpoint = GENERATE(1, 3, 4, 12, 100, ScanOptions::automatic);
  INFO(steps << " steps, checkpoint " << checkpoint << (reverse ? ", reverse" : ""));
  require_equal(all_of(steps, reverse, checkpoint), all_of(steps, reverse, 0));
}

TEST_CASE("scans with checkpoints nest") {
  const Tensor w = numbers({2, 2}, 0.5);
  const Tensor xs = numbers({5, 7, 2}, 0.6);
  const Tensor h0 = numbers({2}, 0.7);
  const auto results = [&](Index outer_checkpoint, Index inner_checkpoint) {
    const auto inner = [&](const Tensors& carry, const Tensors& x) {
      const Tensor h = tanh(matmul(carry[0], w) + x[0]);
      return Carried{{h}, {h}};
    };
    const auto outer = [&](const Tensors& carry, const Tensors& x) {
      const Carried row = scan(inner, {carry[0]}, {x[0]}, options_of(-1, true, inner_checkpoint));
      return Carried{{row.carry[0] * 0.9}, {row.ys[0]}};
    };
    const Carried run = scan(outer, {h0}, {xs}, options_of(-1, false, outer_checkpoint));
    const Tensors wrt{w, xs, h0};
    Tensors all = grad(weigh(run.carry[0], 1) + weigh(run.ys[0], 2), wrt);
    const Tensors second = grad(weigh(all[0], 2) + weigh(all[1], 3), wrt);
    all.insert(all.end(), second.begin(), second.end());
    return all;
  };
  const Tensors plain = results(0, 0);
  require_equal(results(2, 0), plain);
  require_equal(results(0, 3), plain);
  require_equal(results(2, 3), plain);
}

TEST_CASE("memory of training grows with the root of the number of steps") {
  constexpr std::size_t step = std::size_t{16} * 16 * sizeof(float);
  const std::size_t xs = 3 * sizeof(float);  // of a step; may be there more than once
  CHECK(training_bytes(10000, 0) >= 10000 * step);
  const std::size_t ten_thousand = training_bytes(10000, ScanOptions::automatic);
  const std::size_t hundred_thousand = training_bytes(100000, ScanOptions::automatic);
  const std::size_t million = training_bytes(1000000, ScanOptions::automatic);
  CHECK(ten_thousand < 2000 * step + 10000 * xs);
  CHECK(hundred_thousand < 6320 * step + 100000 * xs);
  CHECK(million < 20000 * step + 1000000 * xs);
}

TEST_CASE("a hundred thousand steps train within a few megabytes") {
  constexpr Index steps = 100000;
  const Graph graph = trace(
      [&](const Tensors& inputs) {
        const auto body = [&](const Tensors& carry, const Tensors& x) {
          return Carried{{tanh(carry[0] * inputs[0] + x[0])}, {}};
        };
        ScanOptions options;
        options.checkpoint = ScanOptions::automatic;
        const Carried run = scan(body, {inputs[1]}, {inputs[2]}, options);
        return grad(sum(run.carry[0]), {inputs[0], inputs[1]});
      },
      {{f64, {2, 8}}, {f64, {2, 8}}, {f64, {steps, 1, 1}}});
  Program program(graph);
  CHECK(program.arena_bytes() < 4000000);
  const Tensors arguments{numbers({2, 8}, 1) * 0.9, numbers({2, 8}, 2), numbers({steps, 1, 1}, 3)};
  const std::vector<double> found = program.run(arguments)[0].to_vector<double>();

  // The same with plain loops.
  const Tensor w_values = evaluate(arguments[0]);
  for (Index k = 0; k < 16; ++k) {
    const double w = w_values.value().element(k);
    std::vector<double> h{arguments[1].value().element(k)};
    for (Index t = 0; t < steps; ++t) h.push_back(std::tanh(h.back() * w + arguments[2].value().element(t)));
    double dh = 1;
    double dw = 0;
    for (std::size_t t = steps; t > 0; --t) {
      const double inside = dh * (1 - h[t] * h[t]);
      dw += inside * h[t - 1];
      dh = inside * w;
    }
    CHECK(found[static_cast<std::size_t>(k)] == Approx(dw).epsilon(1e-10).margin(1e-12));
  }
}

TEST_CASE("a negative checkpoint is refused, and errors of a body are told once") {
  const Tensor h = zeros({2});
  const auto same = [](const Tensors& c, const Tensors&) { return Carried{c, {}}; };
  CHECK_THROWS_WITH(scan(same, {h}, {}, options_of(4, false, -2)),
                    contains("checkpoint is the number of steps in a segment: got -2"));
  std::string message;
  try {
    scan([](const Tensors&, const Tensors&) { return Carried{}; }, {h}, {}, options_of(4, false, 2));
  } catch (const Error& error) {
    message = error.what();
  }
  CHECK_THAT(message, contains("got 0 for 1"));
  CHECK(message.find("in the body of a scan") == message.rfind("in the body of a scan"));
}
