// The LSTM against loops that a reader can check line by line: values and all gradients, interpreted and
// compiled, over lengths, batches, directions and seeds.

#include <sluice/compile/compile.h>
#include <sluice/graph/arithmetic.h>
#include <sluice/graph/grad.h>
#include <sluice/nn/lstm.h>
#include <sluice/ops/random.h>
#include <sluice/ops/sum.h>

#include <array>
#include <cmath>

#include "support/catch.h"
#include "support/close.h"

using namespace sluice;
using sluice::test::numbers;

namespace {

using Doubles = std::vector<double>;

constexpr Index inputs = 3, hidden = 5, width = inputs + hidden;
enum Gate { forget, input, candidate, output, gates };

struct Case {
  Index steps, batch;
  bool reverse;
  int seed;
};

/// What the layer is given, and the weights of a loss that looks at everything it gives.
struct Given {
  Doubles x, h0, c0, ys_seed, h_seed, c_seed;
  std::array<Doubles, gates> weight, bias;
};

/// What it must give.
struct Result {
  Doubles ys, h, c, dx, dh0, dc0;
  std::array<Doubles, gates> dweight, dbias;
};

/// A place in a row-major array.
std::size_t at(Index row, Index columns, Index column) {
  return static_cast<std::size_t>(row * columns + column);
}

double sigmoid_of(double x) { return 1 / (1 + std::exp(-x)); }

/// What a step of one sequence remembers for the way back.
struct Step {
  std::array<double, width> xh;
  std::array<std::array<double, hidden>, gates> gate;
  std::array<double, hidden> before, cell;  // c before and after the step
};

Step forward(const Given& given, const double* x, double* h, double* c) {
  Step step{};
  for (Index k = 0; k < width; ++k) step.xh[at(0, 0, k)] = k < inputs ? x[k] : h[k - inputs];
  for (std::size_t g = 0; g < gates; ++g) {
    for (Index j = 0; j < hidden; ++j) {
      double sum = given.bias[g][at(0, 0, j)];
      for (Index k = 0; k < width; ++k) sum += step.xh[at(0, 0, k)] * given.weight[g][at(k, hidden, j)];
      step.gate[g][at(0, 0, j)] = g == candidate ? std::tanh(sum) : sigmoid_of(sum);
    }
  }
  for (std::size_t j = 0; j < hidden; ++j) {
    step.before[j] = c[j];
    c[j] = step.cell[j] = step.gate[forget][j] * c[j] + step.gate[input][j] * step.gate[candidate][j];
    h[j] = step.gate[output][j] * std::tanh(c[j]);
  }
  return step;
}

/// dh and dc come in as gradients of the state after the step and leave as those of the state before.
void backward(const Given& given, const Step& step, double* dx, double* dh, double* dc, Result& result) {
  std::array<std::array<double, hidden>, gates> d{};  // before the gate's function
  for (std::size_t j = 0; j < hidden; ++j) {
    const double f = step.gate[forget][j];
    const double i = step.gate[input][j];
    const double n = step.gate[candidate][j];
    const double o = step.gate[output][j];
    const double t = std::tanh(step.cell[j]);
    const double dcell = dc[j] + dh[j] * o * (1 - t * t);
    d[forget][j] = dcell * step.before[j] * f * (1 - f);
    d[input][j] = dcell * n * i * (1 - i);
    d[candidate][j] = dcell * i * (1 - n * n);
    d[output][j] = dh[j] * t * o * (1 - o);
    dc[j] = dcell * f;
  }
  for (Index k = 0; k < width; ++k) {
    double sum = 0;
    for (std::size_t g = 0; g < gates; ++g) {
      for (Index j = 0; j < hidden; ++j) {
        sum += d[g][at(0, 0, j)] * given.weight[g][at(k, hidden, j)];
        result.dweight[g][at(k, hidden, j)] += step.xh[at(0, 0, k)] * d[g][at(0, 0, j)];
      }
    }
    (k < inputs ? dx[k] : dh[k - inputs]) = sum;
  }
  for (std::size_t g = 0; g < gates; ++g) {
    for (std::size_t j = 0; j < hidden; ++j) result.dbias[g][j] += d[g][j];
  }
}

Result by_loops(const Case& c, const Given& given) {
  Result result;
  result.ys.resize(given.ys_seed.size());
  result.h = given.h0;
  result.c = given.c0;
  result.dx.resize(given.x.size());
  result.dh0 = given.h_seed;
  result.dc0 = given.c_seed;
  for (std::size_t g = 0; g < gates; ++g) {
    result.dweight[g].resize(given.weight[g].size());
    result.dbias[g].resize(given.bias[g].size());
  }
  for (Index b = 0; b < c.batch; ++b) {
    double* h = &result.h[at(b, hidden, 0)];
    double* cell = &result.c[at(b, hidden, 0)];
    double* dh = &result.dh0[at(b, hidden, 0)];
    double* dc = &result.dc0[at(b, hidden, 0)];
    std::vector<Step> walked;
    const auto row = [&](Index i) { return (c.reverse ? c.steps - 1 - i : i) * c.batch + b; };
    for (Index i = 0; i < c.steps; ++i) {
      walked.push_back(forward(given, &given.x[at(row(i), inputs, 0)], h, cell));
      std::copy(h, h + hidden, &result.ys[at(row(i), hidden, 0)]);
    }
    for (Index i = c.steps - 1; i >= 0; --i) {
      for (Index j = 0; j < hidden; ++j) dh[j] += given.ys_seed[at(row(i), hidden, j)];
      backward(given, walked[static_cast<std::size_t>(i)], &result.dx[at(row(i), inputs, 0)], dh, dc, result);
    }
  }
  return result;
}

/// The largest error, relative to the largest element.
double error_of(const Tensor& got, const Doubles& expected) {
  const Doubles values = numbers(got);
  REQUIRE(values.size() == expected.size());
  double scale = 1e-3;
  double worst = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double error = std::abs(values[i] - expected[i]);
    scale = std::max(scale, std::abs(expected[i]));
    worst = std::isfinite(error) ? std::max(worst, error) : INFINITY;
  }
  return worst / scale;
}

void check(const Case& c, DType dtype) {
  nn::LSTMOptions options;
  options.dtype = dtype;
  const nn::LSTM rnn(1, inputs, hidden, random::key(c.seed), {.cell = options});
  const nn::LSTMCell& cell = rnn.cell(0);
  int key = 100 * c.seed;
  const auto normal = [&](const Shape& shape) {
    return evaluate(random::normal(random::key(++key), shape, 0, 1, dtype));
  };
  // x, h0, c0, then the seeds of the loss.
  const Tensors arguments{normal({c.steps, c.batch, inputs}), normal({c.batch, hidden}),
                          normal({c.batch, hidden}),          normal({c.steps, c.batch, hidden}),
                          normal({c.batch, hidden}),          normal({c.batch, hidden})};
  const std::array<const nn::Linear*, gates> parts{&cell.forget, &cell.input, &cell.candidate, &cell.output};
  for (std::size_t g = 0; g < gates; ++g) parts[g]->bias.set(normal({hidden}).value());

  const auto layer = [&](const Tensors& in) {
    nn::RecurrentCall call;
    call.initial = {nn::State{in[1], in[2]}};
    call.reverse = c.reverse;
    const nn::Sequence run = rnn(in[0], call);
    const Tensors& last = run.state[0].parts;
    const Tensor loss = sum(run.output() * in[3]) + sum(last[0] * in[4]) + sum(last[1] * in[5]);
    Tensors wrt(in.begin(), in.begin() + 3);
    for (const nn::Linear* part : parts) {
      wrt.push_back(part->weight);
      wrt.push_back(part->bias);
    }
    Tensors results{run.output(), last[0], last[1]};
    for (const Tensor& d : grad(loss, wrt)) results.push_back(d);
    return results;
  };

  Given given{numbers(arguments[0]),
              numbers(arguments[1]),
              numbers(arguments[2]),
              numbers(arguments[3]),
              numbers(arguments[4]),
              numbers(arguments[5]),
              {},
              {}};
  for (std::size_t g = 0; g < gates; ++g) {
    given.weight[g] = numbers(parts[g]->weight);
    given.bias[g] = numbers(parts[g]->bias);
  }
  const Result r = by_loops(c, given);
  std::vector<Doubles> expected{r.ys, r.h, r.c, r.dx, r.dh0, r.dc0};
  for (std::size_t g = 0; g < gates; ++g) {
    expected.push_back(r.dweight[g]);
    expected.push_back(r.dbias[g]);
  }
  const Tensors interpreted = evaluate(layer(arguments));
  const Tensors compiled = compile(layer)(arguments);
  const double tolerance = dtype == DType::float64 ? 1e-12 : 1e-5;
  REQUIRE(interpreted.size() == expected.size());
  REQUIRE(compiled.size() == expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) {
    INFO("result " << i);
    CHECK(error_of(interpreted[i], expected[i]) <= tolerance);
    CHECK(error_of(compiled[i], expected[i]) <= tolerance);
  }
}

}  // namespace

TEST_CASE("The LSTM does what plain loops do, in 72 combinations") {
  int combinations = 0;
  for (const Index steps : {1, 2, 7, 100}) {
    for (const Index batch : {1, 3, 32}) {
      for (const bool reverse : {false, true}) {
        for (const int seed : {1, 2, 3}) {
          INFO(steps << " steps, batch " << batch << (reverse ? ", reverse" : "") << ", seed " << seed);
          check({steps, batch, reverse, seed}, DType::float64);
          check({steps, batch, reverse, seed}, DType::float32);
          ++combinations;
        }
      }
    }
  }
  CHECK(combinations == 72);
}
